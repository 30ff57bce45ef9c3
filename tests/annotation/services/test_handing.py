from datetime import UTC, datetime

import pytest

from apps.annotation.models import Draft
from apps.annotation.services.claiming import NothingToDo, claim_next_task
from apps.annotation.services.handing import (
    close_task,
    close_tasks,
    hand_tasks,
    take_back_task,
    take_back_tasks,
)
from apps.annotation.services.holding import save_draft, skip_task
from apps.operations.models import AuditEntry
from tests.factories.annotation import AssignmentFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def sora():
    return UserFactory(username="sora")


def test_hand_tasks_logs_who_handed_what_to_whom(sora):
    tasks = TaskFactory.create_batch(2)
    mina = UserFactory()

    moved = hand_tasks([task.pk for task in tasks], to=mina, by=sora, at=NOON)

    assert (moved.tasks, moved.stayed) == (2, [])
    entry = AuditEntry.objects.about(tasks[0]).get()
    assert (entry.by_name, entry.before["reserved_for_id"]) == ("sora", None)
    assert entry.after["reserved_for_id"] == mina.pk


def test_taking_back_keeps_the_draft_for_when_the_person_gets_it_again(sora):
    mina = AssignmentFactory().annotator
    TaskFactory(dataset=mina.assignments.get().dataset)
    task = claim_next_task(by=mina, at=NOON)
    save_draft(task.pk, token=task.token, content={"bbox": [1, 2, 30, 40]}, by=mina, at=NOON)

    take_back_tasks([task.pk], by=sora, at=NOON)

    assert Draft.objects.get(annotator=mina).content == {"bbox": [1, 2, 30, 40]}


def test_finished_tasks_are_named_and_stay(sora):
    done = TaskFactory(state="accepted", submitted_at=NOON, completed_at=NOON)
    open_one = TaskFactory()

    moved = close_tasks([done.pk, open_one.pk], reason="blurred", by=sora, at=NOON)

    assert (moved.tasks, moved.stayed) == (1, [done])


def test_an_unusable_task_goes_to_nobody_until_it_is_handed_out_again(sora):
    mina = AssignmentFactory().annotator
    task = TaskFactory(dataset=mina.assignments.get().dataset)
    held = claim_next_task(by=mina, at=NOON)
    skip_task(task.pk, token=held.token, reason="dark", by=mina, at=NOON)

    closed = close_task(task.pk, reason="the file is broken", by=sora, at=NOON)

    assert (closed.state, closed.closed_reason) == ("unusable", "the file is broken")
    assert AuditEntry.objects.about(task).first().note == "the file is broken"
    with pytest.raises(NothingToDo):
        claim_next_task(by=mina, at=NOON)

    again = take_back_task(task.pk, by=sora, at=NOON)

    assert (again.state, again.closed_reason) == ("open", "")
    assert claim_next_task(by=mina, at=NOON).pk == task.pk
