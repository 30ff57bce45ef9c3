"""What the workbench writes to the log and to the outbox, in the transaction of the work."""

from datetime import UTC, datetime

import pytest

from apps.annotation.services import submitting
from apps.annotation.services.claiming import claim_next_task
from apps.annotation.services.reviewing import (
    accept_annotation,
    fix_annotation,
    return_annotation,
)
from apps.annotation.services.submitting import reopen_task, submit_annotation
from apps.operations.models import AuditEntry, Event
from tests.factories.annotation import AssignmentFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOOD = {"bbox": [1500, 900, 600, 600], "truncated": True}


@pytest.fixture
def mina():
    return AssignmentFactory(annotator__username="mina").annotator


@pytest.fixture
def sora():
    return UserFactory(username="sora")


def submitted(mina):
    TaskFactory(dataset=mina.assignments.get().dataset)
    task = claim_next_task(by=mina, at=NOON)
    submit_annotation(task.pk, token=task.token, values=GOOD, by=mina, at=NOON)
    return task


def test_a_submit_is_logged_and_raises_an_event(mina):
    task = submitted(mina)

    entry = AuditEntry.objects.get()
    assert (entry.by_name, entry.action, entry.subject) == ("mina", "changed", str(task.pk))
    assert entry.before == {"state": "leased"}
    assert entry.after["state"] == "submitted"
    assert entry.after["bbox"] == [1500.0, 900.0, 600.0, 600.0]
    event = Event.objects.get()
    assert (event.kind, event.at) == ("annotation.submitted", NOON)
    assert event.payload["task"] == task.pk
    assert event.payload["truncated"] is True
    assert event.payload["completed"] is False


def test_a_submit_twice_is_logged_once(mina):
    task = submitted(mina)

    submit_annotation(task.pk, token=task.token, values=GOOD, by=mina, at=NOON)

    assert (AuditEntry.objects.count(), Event.objects.count()) == (1, 1)


def test_a_submit_that_fails_leaves_neither(mina, monkeypatch):
    TaskFactory(dataset=mina.assignments.get().dataset)
    task = claim_next_task(by=mina, at=NOON)
    log = submitting.log_with_event

    def log_and_fail(*arguments, **options):
        log(*arguments, **options)
        raise RuntimeError

    monkeypatch.setattr(submitting, "log_with_event", log_and_fail)
    with pytest.raises(RuntimeError):
        submit_annotation(task.pk, token=task.token, values=GOOD, by=mina, at=NOON)

    task.refresh_from_db()
    assert task.state == "leased"
    assert not task.annotations.exists()
    assert not AuditEntry.objects.exists()
    assert not Event.objects.exists()


def test_every_decision_is_logged_and_raises_an_event(mina, sora):
    first, second, third = submitted(mina), submitted(mina), submitted(mina)

    accept_annotation(first.pk, by=sora, at=NOON)
    return_annotation(second.pk, reason="the roof is missing", by=sora, at=NOON)
    fix_annotation(third.pk, values=GOOD | {"bbox": [1, 2, 30, 40]}, by=sora, at=NOON)

    kinds = list(Event.objects.order_by("pk").values_list("kind", "subject"))[3:]
    assert kinds == [
        ("annotation.accepted", str(first.pk)),
        ("annotation.returned", str(second.pk)),
        ("annotation.accepted", str(third.pk)),
    ]
    assert Event.objects.get(kind="annotation.returned").payload["reason"] == "the roof is missing"
    fixed = AuditEntry.objects.about(third).first()
    assert (fixed.by_name, fixed.before["bbox"][0], fixed.after["bbox"][0]) == ("sora", 1500, 1)
    assert Event.objects.order_by("-pk").first().payload["completed"] is True


def test_taking_ones_own_image_back_is_logged(mina):
    task = submitted(mina)

    reopen_task(task.pk, by=mina, at=NOON)

    assert AuditEntry.objects.about(task).first().note == "reopened"
