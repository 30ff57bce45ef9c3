from datetime import UTC, datetime, timedelta

import pytest

from apps.annotation.models import Annotation, AnnotationTask
from apps.annotation.services.checking import (
    NoAnswerToKeep,
    forget_known_answer,
    make_known_answer,
    practice_of,
)
from apps.annotation.services.claiming import LEASE, NothingToDo, claim_next_task
from apps.annotation.services.handing import hand_task
from apps.annotation.services.holding import UnknownTask, renew_lease, skip_task
from apps.annotation.services.reviewing import NothingToReview, claim_next_review
from apps.annotation.services.submitting import submit_annotation
from apps.annotation.workflow import MoveNotAllowed
from apps.operations.models import Event
from tests.factories.annotation import (
    AnnotationFactory,
    AssignmentFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOOD = {"bbox": [100, 200, 300, 400], "none_of_these": True}
TRUTH = {
    "bbox": [100, 200, 300, 400],
    "truncated": False,
    "occluded": False,
    "reflection": False,
    "none_of_these": True,
}


def known(dataset, count: int) -> list:
    return [ImageFactory(dataset=dataset, truth=TRUTH) for _ in range(count)]


def work(person, count: int, at=NOON) -> list[AnnotationTask]:
    """Claim and submit; return the tasks in the order in which they came."""
    tasks = []
    for second in range(count):
        now = at + timedelta(seconds=second)
        task = claim_next_task(by=person, at=now)
        submit_annotation(task.pk, token=task.token, values=GOOD, by=person, at=now)
        tasks.append(task)
    return tasks


@pytest.fixture
def practice():
    dataset = DatasetFactory(practice=True, open_to_all=True, needs_review=False)
    known(dataset, 3)
    return dataset


def test_everybody_practises_on_every_image_once(practice):
    mina, jun = UserFactory(), UserFactory()

    mine = {task.image_id for task in work(mina, 3)}

    assert len(mine) == 3
    with pytest.raises(NothingToDo):
        claim_next_task(by=mina, at=NOON)
    assert {task.image_id for task in work(jun, 3)} == mine


def test_a_skipped_practice_image_does_not_come_again(practice):
    mina = UserFactory()
    first = claim_next_task(by=mina, at=NOON)
    skip_task(first.pk, token=first.token, reason="dark", by=mina, at=NOON)

    others = {task.image_id for task in work(mina, 2)}

    assert first.image_id not in others
    assert practice_of(mina, practice) == (3, 3)
    with pytest.raises(NothingToDo):
        claim_next_task(by=mina, at=NOON)


def test_practice_becomes_no_data_and_no_news(practice):
    work(UserFactory(), 3)

    assert not AnnotationTask.objects.completed().exists()
    assert not Event.objects.exists()
    with pytest.raises(NothingToReview):
        claim_next_review(by=UserFactory(), at=NOON)


@pytest.fixture
def dataset():
    """120 images, and 20 with known answers hidden between them, one in ten."""
    dataset = DatasetFactory(truth_share=10)
    known(dataset, 20)
    TaskFactory.create_batch(120, dataset=dataset)
    return dataset


@pytest.mark.slow
def test_known_answers_are_hidden_in_the_set_share_and_never_twice(dataset):
    mina = AssignmentFactory(dataset=dataset).annotator

    tasks = work(mina, 100)

    checks = [task for task in tasks if task.check_of_id]
    assert 3 <= len(checks) <= 19
    assert len({task.image_id for task in tasks}) == 100
    # Not all at one end.
    places = [place for place, task in enumerate(tasks) if task.check_of_id]
    assert places[-1] - places[0] > 30


def test_asking_again_draws_no_new_lot(dataset):
    mina = AssignmentFactory(dataset=dataset).annotator
    work(mina, 7)

    first = claim_next_task(by=mina, at=NOON + timedelta(minutes=1))
    late = NOON + timedelta(minutes=2) + LEASE

    assert claim_next_task(by=mina, at=late).pk == first.pk


def test_a_share_of_zero_hides_nothing():
    dataset = DatasetFactory()
    known(dataset, 5)
    TaskFactory.create_batch(10, dataset=dataset)
    mina = AssignmentFactory(dataset=dataset).annotator

    assert not any(task.check_of_id for task in work(mina, 10))


@pytest.fixture
def checked():
    """A person at a hidden check: nothing else is left, and half of the images are checks."""
    dataset = DatasetFactory(truth_share=50)
    known(dataset, 40)
    mina = AssignmentFactory(dataset=dataset).annotator
    for number in range(40):
        # Each skip draws a new lot.
        try:
            return claim_next_task(by=mina, at=NOON), mina
        except NothingToDo:
            other = TaskFactory(dataset=dataset)
            task = claim_next_task(by=mina, at=NOON)
            assert task == other or task.check_of_id
            if task.check_of_id:
                return task, mina
            skip_task(task.pk, token=task.token, reason=str(number), by=mina, at=NOON)
    raise AssertionError("no check in 40 draws")


def test_a_check_is_scored_and_is_no_data(checked):
    task, mina = checked

    submit_annotation(
        task.pk,
        token=task.token,
        values={"bbox": [100, 200, 300, 200], "occluded": True},
        by=mina,
        at=NOON,
    )

    drawn = Annotation.objects.get(task=task)
    assert drawn.truth_overlap == pytest.approx(0.5)
    assert drawn.truth_tags_right is False
    assert not AnnotationTask.objects.completed().exists()
    assert not AnnotationTask.objects.to_review().exists()
    assert not Event.objects.filter(subject=str(task.pk)).exists()


def test_a_check_is_nobody_elses(checked):
    task, _ = checked
    jun = AssignmentFactory(dataset=task.dataset).annotator

    with pytest.raises(UnknownTask):
        renew_lease(task.pk, token=task.token, by=jun, at=NOON)
    with pytest.raises(MoveNotAllowed):
        hand_task(task.pk, to=jun, by=UserFactory(), at=NOON)


def test_a_skipped_or_lost_check_goes_to_nobody_else(checked):
    task, mina = checked
    AnnotationTask.objects.exclude(pk=task.pk).delete()
    jun = AssignmentFactory(dataset=task.dataset).annotator
    task.dataset.truth_share = 0
    task.dataset.save()

    with pytest.raises(NothingToDo):
        claim_next_task(by=jun, at=NOON + 2 * LEASE)
    skip_task(task.pk, token=task.token, reason="dark", by=mina, at=NOON)
    with pytest.raises(NothingToDo):
        claim_next_task(by=jun, at=NOON + 2 * LEASE)


def test_an_accepted_annotation_becomes_the_known_answer():
    accepted = TaskFactory(state="accepted", submitted_at=NOON, completed_at=NOON)
    AnnotationFactory(task=accepted, x=1, y=2, width=30, height=40)

    image = make_known_answer(accepted, by=UserFactory(), at=NOON)

    assert image.truth == {
        "bbox": [1.0, 2.0, 30.0, 40.0],
        "truncated": False,
        "occluded": False,
        "reflection": False,
        "none_of_these": True,
    }
    assert forget_known_answer(accepted, by=UserFactory(), at=NOON).truth is None
    with pytest.raises(NoAnswerToKeep):
        make_known_answer(TaskFactory(), by=UserFactory(), at=NOON)
