import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.annotation.models import Annotation, AnnotationTask, Draft
from apps.annotation.services.claiming import LEASE, NothingToDo, claim_next_task
from apps.annotation.services.holding import LeaseLost, UnknownTask, save_draft
from apps.annotation.services.reviewing import claim_next_review
from apps.annotation.services.submitting import (
    AnnotationRefused,
    feedback_on,
    reopen_task,
    submit_annotation,
)
from apps.annotation.shapes import Box
from apps.annotation.workflow import MoveNotAllowed
from tests.factories.annotation import (
    AssignmentFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
    UserFactory,
)
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOOD = {"bbox": [1500, 900, 600, 600], "truncated": True, "occluded": True}


@pytest.fixture
def mina():
    return AssignmentFactory(dataset__needs_review=True).annotator


@pytest.fixture
def held(mina):
    TaskFactory(dataset=mina.assignments.get().dataset)
    return claim_next_task(by=mina, at=NOON)


def submit(task, person, values=GOOD, at=NOON, token=None):
    return submit_annotation(task.pk, token=token or task.token, values=values, by=person, at=at)


def test_submit_annotation_stores_it_and_ends_the_lease(held, mina):
    save_draft(held.pk, token=held.token, content={"x": 1}, by=mina, at=NOON)

    annotation = submit(held, mina, at=NOON + timedelta(seconds=21))

    held.refresh_from_db()
    assert (held.state, held.holder, held.token) == ("submitted", None, None)
    assert held.completed_at is None
    assert annotation.box == Box(1500, 900, 600, 600)
    assert annotation.tags == (True, True, False, False)
    assert annotation.seconds == 21
    assert not Draft.objects.exists()


def test_submit_annotation_completes_a_task_that_nobody_reviews(held, mina):
    held.dataset.needs_review = False
    held.dataset.save()

    submit(held, mina)

    held.refresh_from_db()
    assert (held.state, held.completed_at) == ("submitted", NOON)


def test_submit_annotation_twice_changes_nothing(held, mina):
    first = submit(held, mina)

    second = submit(held, mina, values={"bbox": [0, 0, 9, 9], "reflection": True})

    assert second == first
    assert Annotation.objects.get().box == Box(1500, 900, 600, 600)


def test_submit_annotation_refuses_an_ended_lease_and_keeps_the_draft(held, mina):
    save_draft(held.pk, token=held.token, content={"x": 1}, by=mina, at=NOON)

    with pytest.raises(LeaseLost):
        submit(held, mina, at=NOON + LEASE)

    assert Draft.objects.get().content == {"x": 1}
    assert not Annotation.objects.exists()


def test_submit_annotation_refuses_foreign_tokens_and_people(held, mina):
    stranger = UserFactory()
    colleague = AssignmentFactory(dataset=held.dataset).annotator

    with pytest.raises(LeaseLost):
        submit(held, mina, token=uuid.uuid4())
    with pytest.raises(LeaseLost):
        submit(held, colleague)
    with pytest.raises(UnknownTask):
        submit(held, stranger)


def test_submit_annotation_names_every_fault_at_once(held, mina):
    with pytest.raises(AnnotationRefused) as refused:
        submit(held, mina, values={"bbox": None, "landmark": 10**9})

    assert set(refused.value.errors) == {"bbox", "tags", "landmark"}
    held.refresh_from_db()
    assert held.state == "leased"


@pytest.mark.parametrize(
    "place",
    [
        {"landmark": "1"},
        {"landmark": True},
        {"landmark": 10**40},
        {"other": 5},
        {"other": "x" * 201},
        {"other": "a\0b"},
    ],
    ids=lambda place: str(place)[:30],
)
def test_submit_annotation_refuses_a_place_that_is_none(held, mina, place):
    with pytest.raises(AnnotationRefused) as refused:
        submit(held, mina, values=GOOD | place)

    assert set(refused.value.errors) == {"landmark"}


def test_another_landmark_than_the_tasks_goes_to_review(mina):
    dataset = DatasetFactory(needs_review=False, open_to_all=True)
    expected, seen = LandmarkFactory(), LandmarkFactory()
    image = ImageFactory(dataset=dataset, landmark=expected)
    TaskFactory(dataset=dataset, image=image)
    task = claim_next_task(by=mina, at=NOON)

    annotation = submit(task, mina, values=GOOD | {"landmark": seen.pk})

    task.refresh_from_db()
    assert task.completed_at is None
    assert annotation.landmark == seen
    assert claim_next_review(by=UserFactory(), at=NOON) == task


def test_an_annotation_without_a_landmark_says_the_tasks(mina):
    dataset = DatasetFactory(open_to_all=True)
    expected = LandmarkFactory()
    TaskFactory(dataset=dataset, image=ImageFactory(dataset=dataset, landmark=expected))

    assert submit(claim_next_task(by=mina, at=NOON), mina).landmark == expected


def test_feedback_on_practice_tells_overlap_and_tags(mina):
    dataset = DatasetFactory(open_to_all=True, practice=True)
    truth = {
        "bbox": [1500, 900, 600, 1200],
        "truncated": True,
        "occluded": False,
        "reflection": False,
        "none_of_these": False,
    }
    TaskFactory(dataset=dataset, image=ImageFactory(dataset=dataset, truth=truth, height=2100))

    task = claim_next_task(by=mina, at=NOON, dataset_id=dataset.pk)
    feedback = feedback_on(submit(task, mina))

    assert feedback.overlap == pytest.approx(0.5)
    assert feedback.tags_right is False


def test_reopen_task_gives_it_back_until_it_is_reviewed(held, mina):
    first = submit(held, mina)

    again = reopen_task(held.pk, by=mina, at=NOON)
    changed = submit(again, mina, values=GOOD | {"bbox": [1, 2, 30, 40]})

    assert again.token != first.token
    assert AnnotationTask.objects.get().state == "submitted"
    assert list(Annotation.objects.filter(current=True)) == [changed]
    claim_next_review(by=UserFactory(), at=NOON)
    with pytest.raises(MoveNotAllowed):
        reopen_task(held.pk, by=mina, at=NOON)


def test_reopen_task_is_for_its_annotator_alone(held, mina):
    colleague = AssignmentFactory(dataset=held.dataset).annotator
    submit(held, mina)

    with pytest.raises(MoveNotAllowed):
        reopen_task(held.pk, by=colleague, at=NOON)
    with pytest.raises(UnknownTask):
        reopen_task(held.pk, by=UserFactory(), at=NOON)


def test_a_reopened_task_goes_to_nobody_else_when_its_lease_ends(held, mina):
    colleague = AssignmentFactory(dataset=held.dataset).annotator
    submit(held, mina)
    reopen_task(held.pk, by=mina, at=NOON)

    with pytest.raises(NothingToDo):
        claim_next_task(by=colleague, at=NOON + LEASE)
    assert claim_next_task(by=mina, at=NOON + LEASE).pk == held.pk


@pytest.mark.R3
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_same_submit_on_its_way_many_times_makes_one_annotation():
    mina = AssignmentFactory().annotator
    TaskFactory(dataset=mina.assignments.get().dataset)
    held = claim_next_task(by=mina, at=NOON)
    made: list[int] = []

    def send() -> None:
        try:
            made.append(submit(held, mina).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 8
    assert set(made) == {Annotation.objects.get().pk}
