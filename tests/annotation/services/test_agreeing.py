import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.annotation.models import AnnotationTask
from apps.annotation.services.claiming import claim_next_task
from apps.annotation.services.submitting import submit_annotation
from tests.factories.annotation import (
    AssignmentFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BOX = {"bbox": [100, 100, 400, 400], "none_of_these": True}


@pytest.fixture
def pair():
    """Two people who look at one image of a dataset that nobody reviews."""
    dataset = DatasetFactory(redundancy=2, needs_review=False)
    image = ImageFactory(dataset=dataset)
    for slot in (1, 2):
        TaskFactory(dataset=dataset, image=image, slot=slot)
    return [AssignmentFactory(dataset=dataset).annotator for _ in range(2)]


def draw(person, values):
    task = claim_next_task(by=person, at=NOON)
    return submit_annotation(task.pk, token=task.token, values=values, by=person, at=NOON)


def test_people_who_agree_complete_the_image(pair):
    draw(pair[0], BOX)
    draw(pair[1], BOX | {"bbox": [110, 100, 400, 400]})

    assert AnnotationTask.objects.completed().count() == 2


@pytest.mark.parametrize(
    "other",
    [
        BOX | {"bbox": [300, 300, 400, 400]},
        BOX | {"none_of_these": False, "occluded": True},
        BOX | {"other": "somewhere else"},
    ],
    ids=["box", "tags", "place"],
)
def test_disagreement_sends_both_to_review(pair, other):
    draw(pair[0], BOX)
    assert AnnotationTask.objects.completed().count() == 1

    draw(pair[1], other)

    assert not AnnotationTask.objects.completed().exists()
    assert AnnotationTask.objects.to_review().count() == 2


def test_the_least_agreement_is_set_per_dataset(pair):
    dataset = pair[0].assignments.get().dataset
    dataset.least_agreement = 5
    dataset.save()
    draw(pair[0], BOX)

    draw(pair[1], BOX | {"bbox": [300, 300, 400, 400]})

    assert AnnotationTask.objects.completed().count() == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_who_submit_at_once_notice_each_other(pair):
    tasks = [claim_next_task(by=person, at=NOON) for person in pair]
    boxes = [BOX, BOX | {"bbox": [900, 900, 50, 50]}]
    together = threading.Barrier(2)
    faults = []

    def submit(number: int) -> None:
        try:
            together.wait(timeout=10)
            submit_annotation(
                tasks[number].pk,
                token=tasks[number].token,
                values=boxes[number],
                by=pair[number],
                at=NOON,
            )
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=submit, args=[number]) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not faults
    assert AnnotationTask.objects.to_review().count() == 2
