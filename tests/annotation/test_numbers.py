"""The numbers are those that plain SQL gives on the rows of a simulated week of work."""

import csv
import io
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from apps.annotation import numbers
from apps.annotation.models import AnnotationTask, Dataset
from apps.annotation.numbers import Period
from apps.annotation.services.claiming import NothingToDo, claim_next_task
from apps.annotation.services.holding import skip_task
from apps.annotation.services.reviewing import (
    NothingToReview,
    accept_annotation,
    claim_next_review,
    fix_annotation,
    return_annotation,
)
from apps.annotation.services.submitting import reopen_task, submit_annotation
from apps.annotation.workflow import MoveNotAllowed
from apps.operations.models import AuditEntry
from tests.factories.annotation import (
    AssignmentFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
    UserFactory,
)
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
# In Seoul the 1st of May begins at 15:00 UTC of the day before.
START = datetime(2026, 4, 30, 15, 30, tzinfo=UTC)
FIRST = date(2026, 5, 1)
DAYS = 7
TRUTH = {
    "bbox": [100, 100, 200, 200],
    "truncated": False,
    "occluded": True,
    "reflection": False,
    "none_of_these": False,
}


@pytest.fixture
def week():
    """Three people and a reviewer at work for a week, in two datasets; the same every time."""
    lots = random.Random(11)
    plain = DatasetFactory(name="plain", truth_share=20)
    double = DatasetFactory(name="double", redundancy=2, needs_review=False)
    places = [LandmarkFactory(names={"ko": name}) for name in ("문", "탑")]
    for _ in range(90):
        image = ImageFactory(dataset=plain, landmark=lots.choice(places), created_at=START)
        TaskFactory(dataset=plain, image=image)
    for _ in range(5):
        ImageFactory(dataset=plain, truth=TRUTH, created_at=START)
    for _ in range(15):
        image = ImageFactory(dataset=double, landmark=places[0], created_at=START)
        for slot in (1, 2):
            TaskFactory(dataset=double, image=image, slot=slot)
    people = [UserFactory(username=name) for name in ("mina", "jun", "bora")]
    for person in people:
        for position, dataset in enumerate((double, plain), start=1):
            AssignmentFactory(dataset=dataset, annotator=person, position=position)
    sora = UserFactory(username="sora")
    at = START
    for _ in range(160):
        at += timedelta(minutes=lots.randint(5, 110))
        if lots.random() < 0.3:
            review(lots, sora, at)
        else:
            annotate(lots, lots.choice(people), at)
    return Period(FIRST, FIRST + timedelta(days=DAYS - 1))


def annotate(lots, person, at):
    try:
        task = claim_next_task(by=person, at=at)
    except NothingToDo:
        return
    done = at + timedelta(seconds=lots.randint(4, 90))
    if lots.random() < 0.1:
        skip_task(task.pk, token=task.token, reason="dark", by=person, at=done)
        return
    values = {"bbox": [lots.randint(50, 250), 100, 200, 200], "occluded": True}
    if lots.random() < 0.2:
        values = values | {"truncated": True}
    submit_annotation(task.pk, token=task.token, values=values, by=person, at=done)
    if lots.random() < 0.1:
        reopen_task(task.pk, by=person, at=done)


def review(lots, sora, at):
    try:
        task = claim_next_review(by=sora, at=at)
    except NothingToReview:
        return
    kind = lots.random()
    try:
        if kind < 0.6:
            accept_annotation(task.pk, by=sora, at=at)
        elif kind < 0.8:
            return_annotation(task.pk, reason="roof", by=sora, at=at)
        else:
            values = {"bbox": [90, 90, 220, 220], "occluded": True}
            fix_annotation(task.pk, values=values, by=sora, at=at)
    except MoveNotAllowed:
        pass


def ask(sql: str, *values) -> list:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def test_each_persons_work_is_what_sql_says(week):
    said = {
        row[0]: row[1:]
        for row in ask(
            """
            SELECT u.username, count(*), count(*) * 3600.0 / sum(a.seconds),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds),
                (SELECT count(*) FROM annotation_review r, annotation_annotation o
                    WHERE o.id = r.annotation_id AND o.by_id = u.id),
                (SELECT count(*) FROM annotation_review r, annotation_annotation o
                    WHERE o.id = r.annotation_id AND o.by_id = u.id AND r.verdict = 'returned'),
                (SELECT count(*) FROM annotation_skip s WHERE s.annotator_id = u.id)
            FROM accounts_user u JOIN annotation_annotation a ON a.by_id = u.id
            WHERE a.origin = 'drawn' GROUP BY u.id
            """
        )
    }

    rows = numbers.by_person(week)

    assert {row.person for row in rows} == {"mina", "jun", "bora"} == set(said)
    for person, work in rows:
        submitted, hourly, median, reviewed, returned, skipped = said[person]
        assert (work.submitted, work.reviewed, work.returned, work.skipped) == (
            submitted,
            reviewed,
            returned,
            skipped,
        )
        assert work.images_per_hour == pytest.approx(float(hourly))
        assert work.median_seconds == pytest.approx(median)
        assert work.return_rate == pytest.approx(returned / reviewed)


def test_checks_are_scored_per_person(week):
    said = ask(
        """
        SELECT u.username, count(*), avg(a.truth_overlap),
            avg((a.occluded AND NOT a.truncated)::int)
        FROM annotation_annotation a JOIN annotation_annotationtask t ON t.id = a.task_id
        JOIN annotation_annotationimage i ON i.id = t.image_id
        JOIN accounts_user u ON u.id = a.by_id
        WHERE i.truth IS NOT NULL GROUP BY 1
        """
    )

    work = {row.person: row.work for row in numbers.by_person(week)}

    assert said
    for person, checks, near, right in said:
        assert work[person].checks == checks
        assert work[person].check_overlap == pytest.approx(near)
        assert work[person].check_tags == pytest.approx(float(right))


def test_agreement_is_the_mean_overlap_of_pairs(week):
    boxes: dict[int, list] = {}
    for image, *box in ask(
        """
        SELECT t.image_id, a.x, a.y, a.width, a.truncated FROM annotation_annotation a
        JOIN annotation_annotationtask t ON t.id = a.task_id
        JOIN annotation_dataset d ON d.id = t.dataset_id
        WHERE d.name = 'double' AND a.current AND t.state IN ('submitted', 'accepted')
        """
    ):
        boxes.setdefault(image, []).append(box)
    pairs = [pair for pair in boxes.values() if len(pair) == 2]
    overlaps = []
    for (x, y, side, _), (u, v, other, _) in pairs:
        # Every box is a square.
        wide = max(0, min(x + side, u + other) - max(x, u))
        high = max(0, min(y + side, v + other) - max(y, v))
        overlaps.append(wide * high / (side**2 + other**2 - wide * high))
    same = [one[3] == other[3] for one, other in pairs]

    work = {row.dataset: row.work for row in numbers.by_dataset(week)}

    assert len(pairs) > 3
    assert work["double"].agreement == pytest.approx(float(sum(overlaps) / len(pairs)))
    assert work["double"].tag_agreement == pytest.approx(sum(same) / len(same))
    assert work["plain"].agreement is None


def test_each_dataset_counts_its_tasks_by_state(week):
    said = Counter(
        AnnotationTask.objects.filter(check_of=None).values_list("dataset__name", "state")
    )

    for row in numbers.by_dataset(week):
        assert row.open == said[row.dataset, "open"]
        assert row.leased == said[row.dataset, "leased"]
        assert row.submitted_now == said[row.dataset, "submitted"]
        assert row.accepted == said[row.dataset, "accepted"]
        assert row.returned_now == said[row.dataset, "returned"]
        assert row.skipped_now == said[row.dataset, "skipped"]
        dataset = Dataset.objects.get(name=row.dataset)
        assert row.images == dataset.images.count()
        assert row.completed == dataset.tasks.completed().count()


def test_each_place_counts_what_was_drawn_of_it(week):
    said = dict(
        ask(
            """
            SELECT n.text, count(*) FROM annotation_annotation a
            JOIN catalogue_landmarkname n ON n.landmark_id = a.landmark_id
            WHERE a.origin = 'drawn' GROUP BY 1
            """
        )
    )

    assert {row.landmark: row.work.submitted for row in numbers.by_landmark(week)} == said


def test_each_day_counts_what_was_done_in_seoul(week):
    local = "(created_at AT TIME ZONE 'Asia/Seoul')::date"
    drawn = dict(
        ask(
            "SELECT (a.created_at AT TIME ZONE 'Asia/Seoul')::date, count(*)"
            " FROM annotation_annotation a JOIN annotation_annotationtask t ON t.id = a.task_id"
            " WHERE a.origin = 'drawn' AND t.check_of_id IS NULL GROUP BY 1"
        )
    )
    returned = dict(
        ask(
            f"SELECT {local}, count(*) FROM annotation_review WHERE verdict = 'returned' GROUP BY 1"
        )
    )

    days = numbers.by_day(week)

    assert [day.day for day in days] == week.days
    assert {day.day: day.submitted for day in days if day.submitted} == drawn
    assert {day.day: day.returned for day in days if day.returned} == returned


def test_the_last_day_ends_as_the_tasks_stand(week):
    said = Counter(AnnotationTask.objects.filter(check_of=None).values_list("state", flat=True))

    last = numbers.by_day(week)[-1]

    assert said["submitted"] and said["accepted"] and said["open"]
    for state in ("open", "leased", "submitted", "accepted", "returned", "skipped"):
        assert getattr(last, f"{state}_at_end") == said[state], state


def test_days_before_the_period_are_in_how_it_begins(week):
    later = week._replace(first=FIRST + timedelta(days=3))

    assert numbers.by_day(later) == numbers.by_day(week)[3:]


def test_a_period_counts_its_own_days_only(week):
    halves = [
        numbers.by_person(week._replace(last=FIRST + timedelta(days=2))),
        numbers.by_person(week._replace(first=FIRST + timedelta(days=3))),
    ]

    whole = {row.person: row.work.submitted for row in numbers.by_person(week)}
    parts = Counter()
    for half in halves:
        parts.update({row.person: row.work.submitted for row in half})
    assert parts == whole


def test_numbers_are_narrowed_to_a_dataset_and_a_person(week):
    mina = Dataset.objects.get(name="plain").assignments.get(annotator__username="mina").annotator
    plain = Dataset.objects.get(name="plain").pk
    narrowed = week._replace(dataset=plain, person=mina.pk)
    (said,) = ask(
        "SELECT count(*) FROM annotation_annotation a"
        " JOIN annotation_annotationtask t ON t.id = a.task_id"
        " WHERE a.origin = 'drawn' AND a.by_id = %s AND t.dataset_id = %s",
        mina.pk,
        plain,
    )

    (row,) = numbers.by_person(narrowed)

    assert (row.person, row.work.submitted) == ("mina", said[0])
    assert [row.dataset for row in numbers.by_dataset(narrowed)] == ["plain"]
    checks = ask(
        "SELECT count(*) FROM annotation_annotation a"
        " JOIN annotation_annotationtask t ON t.id = a.task_id"
        " WHERE a.by_id = %s AND t.check_of_id IS NOT NULL",
        mina.pk,
    )
    days = numbers.by_day(narrowed)
    assert sum(day.submitted for day in days) == said[0] - checks[0][0]


QUERY = "first=2026-05-01&last=2026-05-07"


def rows_of(client, address: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(client.get(address).text)))


def test_the_page_and_its_csv_say_the_same(week, person, signed_in):
    client = signed_in(person("ml_engineer"))

    page = client.get(f"/annotate/numbers/?{QUERY}").text
    people = rows_of(client, f"/annotate/numbers/people.csv?{QUERY}&reason=pay")
    days = rows_of(client, f"/annotate/numbers/days.csv?{QUERY}")

    work = numbers.by_person(week)
    assert [row["person"] for row in people] == [row.person for row in work]
    assert people[0]["median_seconds"] == str(work[0].work.median_seconds)
    assert f"{work[0].work.median_seconds:.1f}" in page
    assert len(days) == 7
    assert [int(day["submitted"]) for day in days] == [d.submitted for d in numbers.by_day(week)]
    assert client.get("/annotate/numbers/nothing.csv").status_code == 404


@pytest.mark.S15
def test_what_people_did_goes_out_with_a_reason_that_the_log_keeps(week, person, signed_in):
    manager = person("ml_engineer")
    client = signed_in(manager, headers={"accept-language": "en"})
    address = f"/annotate/numbers/people.csv?{QUERY}"

    refused = client.get(f"{address}&reason=%20")
    given = client.get(f"{address}&reason=Pay%20of%20May")

    assert (refused.status_code, given.status_code) == (400, 200)
    assert "Please say what you need these data for." in refused.text
    entry = AuditEntry.objects.get(note="Pay of May")
    assert (entry.by_name, entry.after["downloaded"]) == (manager.username, "people.csv")


def test_bad_periods_are_explained_and_the_page_still_shows(week, person, signed_in):
    client = signed_in(person("ml_engineer"))

    backwards = client.get("/annotate/numbers/?first=2026-05-07&last=2026-05-01")
    nonsense = client.get("/annotate/numbers/?first=x&last=2026-99-01&dataset=abc&person=0")
    endless = client.get("/annotate/numbers/?first=1900-01-01&last=2026-05-01")

    assert "끝이 시작보다 앞섭니다." in backwards.text
    assert nonsense.status_code == 200
    assert "1년까지만 고르세요." in endless.text


def test_annotators_see_their_own_numbers_only(week, signed_in, person):
    mina = Dataset.objects.get(name="plain").assignments.get(annotator__username="mina").annotator
    other = Dataset.objects.get(name="plain").assignments.get(annotator__username="jun").annotator
    mina.groups.set(person("annotator").groups.all())
    client = signed_in(mina)

    page = client.get(f"/annotate/numbers/mine/?{QUERY}&person={other.pk}")
    people = rows_of(client, f"/annotate/numbers/mine/people.csv?{QUERY}&person={other.pk}")

    assert page.status_code == 200
    assert [row["person"] for row in people] == ["mina"]
    assert "jun" not in page.text
    # Which of their images were checks stays hidden.
    assert not {"checks", "check_overlap", "check_tags"} & people[0].keys()
    assert client.get("/annotate/numbers/mine/datasets.csv").status_code == 404


@pytest.mark.parametrize("address", ["/annotate/numbers/", "/annotate/numbers/people.csv"])
def test_everybodys_numbers_are_not_for_annotators(person, signed_in, address):
    assert signed_in(person("annotator")).get(address).status_code == 403


def test_the_page_asks_as_often_for_many_people(
    week, person, signed_in, django_assert_max_num_queries
):
    client = signed_in(person("ml_engineer"))

    with django_assert_max_num_queries(40):
        client.get(f"/annotate/numbers/?{QUERY}")
