import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from apps.annotation import numbers
from apps.annotation.models import Review
from tests.factories.annotation import (
    AnnotationFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
    UserFactory,
)
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def mina():
    return UserFactory(username="mina")


@pytest.fixture
def dataset(mina):
    """Four images: two accepted, one sent back, one open; 10, 20 and 60 seconds."""
    dataset = DatasetFactory(name="first")
    gate = LandmarkFactory(names={"ko": "문"})
    reviewer = UserFactory()
    for seconds, state, verdict in (
        (10, "accepted", "accepted"),
        (20, "accepted", "accepted"),
        (60, "returned", "returned"),
    ):
        accepted = state == "accepted"
        task = TaskFactory(
            dataset=dataset,
            state=state,
            annotator=mina,
            submitted_at=NOON if accepted else None,
            completed_at=NOON if accepted else None,
        )
        drawn = AnnotationFactory(
            task=task, by=mina, seconds=seconds, landmark=gate, created_at=NOON
        )
        Review.objects.create(
            task=task,
            annotation=drawn,
            reviewer=reviewer,
            verdict=verdict,
            reason="x",
            created_at=NOON,
        )
    TaskFactory(dataset=dataset)
    return dataset


def test_by_dataset_counts_each_state(dataset):
    (row,) = numbers.by_dataset()

    assert (row.dataset, row.images, row.completed) == ("first", 4, 2)
    assert (row.open, row.leased, row.submitted, row.accepted, row.returned) == (1, 0, 0, 2, 1)
    assert row.agreement is None


def test_by_dataset_says_how_far_two_people_agree():
    image = ImageFactory()
    for slot, x in ((1, 0), (2, 50)):
        task = TaskFactory(dataset=image.dataset, image=image, slot=slot)
        AnnotationFactory(task=task, x=x, y=0, width=100, height=100)

    assert numbers.by_dataset()[0].agreement == pytest.approx(5000 / 15000)


def test_by_person_tells_speed_and_returns(dataset, mina):
    (row,) = numbers.by_person()

    assert (row.person, row.submitted, row.reviewed, row.returned) == ("mina", 3, 3, 1)
    assert row.median_seconds == 20
    assert row.images_per_hour == pytest.approx(3 * 3600 / 90)
    assert row.return_rate == pytest.approx(1 / 3)


def test_by_landmark_counts_annotations(dataset):
    (row,) = numbers.by_landmark()

    assert row == ("문", 3, 2)


def test_by_day_has_every_day(dataset):
    days = numbers.by_day(NOON + timedelta(days=2))

    assert len(days) == 30
    worked = [day for day in days if day.submitted]
    assert worked == [(NOON.date(), 3, 2, 1)]


def test_the_page_and_its_csv_say_the_same(dataset, person, signed_in):
    client = signed_in(person("ml_engineer"))

    page = client.get("/annotate/numbers/")
    table = list(csv.DictReader(io.StringIO(client.get("/annotate/numbers/people.csv").text)))

    assert "<td>20.0</td>" in page.text
    assert table[0]["median_seconds"] == "20.0"
    assert client.get("/annotate/numbers/nothing.csv").status_code == 404


@pytest.mark.parametrize("address", ["/annotate/numbers/", "/annotate/numbers/people.csv"])
def test_numbers_are_not_for_annotators(person, signed_in, address):
    assert signed_in(person("annotator")).get(address).status_code == 403
