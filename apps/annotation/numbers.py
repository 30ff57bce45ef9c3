"""What a manager looks at: how much is done, how fast, and how right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Aggregate, Count, FloatField, Q, Sum
from django.db.models.functions import TruncDate

from apps.annotation.models import Annotation, AnnotationTask, Dataset, Review
from apps.annotation.workflow import TaskState
from apps.catalogue.models import Landmark

DAYS = 30
LANDMARKS = 100


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class DatasetNumbers(NamedTuple):
    dataset: str
    images: int
    open: int
    leased: int
    submitted: int
    accepted: int
    returned: int
    skipped: int
    unusable: int
    completed: int
    agreement: float | None  # mean overlap of two people's boxes, where two look at an image


class PersonNumbers(NamedTuple):
    person: str
    submitted: int
    images_per_hour: float | None
    median_seconds: float | None
    reviewed: int
    returned: int
    return_rate: float | None
    skipped: int


class LandmarkNumbers(NamedTuple):
    landmark: str
    annotations: int
    completed: int


class DayNumbers(NamedTuple):
    day: date
    submitted: int
    accepted: int
    returned: int


def by_dataset() -> list[DatasetNumbers]:
    states = {state.value: Count("tasks", filter=Q(tasks__state=state)) for state in TaskState}
    counted = Dataset.objects.annotate(
        **{f"n_{name}": count for name, count in states.items()},
        n_completed=Count("tasks", filter=Q(tasks__completed_at__isnull=False)),
        n_images=Count("tasks__image", distinct=True),
    )
    agreement = _agreement()
    return [
        DatasetNumbers(
            dataset=dataset.name,
            images=dataset.n_images,
            **{state.value: getattr(dataset, f"n_{state.value}") for state in TaskState},
            completed=dataset.n_completed,
            agreement=agreement.get(dataset.pk),
        )
        for dataset in counted.order_by("name")
    ]


def _agreement() -> dict[int, float]:
    """Return the mean overlap of the boxes that different people drew on one image."""
    task, annotation = AnnotationTask._meta.db_table, Annotation._meta.db_table
    shared = (
        "greatest(0, least(a.x + a.width, b.x + b.width) - greatest(a.x, b.x))"
        " * greatest(0, least(a.y + a.height, b.y + b.height) - greatest(a.y, b.y))"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT dataset, avg(shared / (one + other - shared)) FROM (
                SELECT s.dataset_id AS dataset, {shared} AS shared,
                    a.width * a.height AS one, b.width * b.height AS other
                FROM {task} AS s
                JOIN {task} AS t ON t.image_id = s.image_id AND t.id > s.id
                JOIN {annotation} AS a ON a.task_id = s.id AND a.current
                JOIN {annotation} AS b ON b.task_id = t.id AND b.current
            ) AS pairs GROUP BY dataset
            """
        )
        return {dataset: float(mean) for dataset, mean in cursor.fetchall()}


def by_person() -> list[PersonNumbers]:
    drawn = Annotation.objects.filter(origin=Annotation.Origin.DRAWN)
    people = drawn.values("by", "by__username").annotate(
        submitted=Count("pk"), median=Median("seconds"), total=Sum("seconds")
    )
    reviews = {
        row["annotation__by"]: row
        for row in Review.objects.values("annotation__by").annotate(
            reviewed=Count("pk"), returned=Count("pk", filter=Q(verdict=Review.Verdict.RETURNED))
        )
    }
    skips = dict(
        AnnotationTask.objects.filter(skips__isnull=False)
        .values_list("skips__annotator")
        .annotate(Count("skips"))
    )
    numbers = []
    for row in people.order_by("-submitted", "by__username"):
        judged = reviews.get(row["by"], {"reviewed": 0, "returned": 0})
        numbers.append(
            PersonNumbers(
                person=row["by__username"],
                submitted=row["submitted"],
                images_per_hour=row["submitted"] * 3600 / row["total"] if row["total"] else None,
                median_seconds=row["median"],
                reviewed=judged["reviewed"],
                returned=judged["returned"],
                return_rate=judged["returned"] / judged["reviewed"] if judged["reviewed"] else None,
                skipped=skips.get(row["by"], 0),
            )
        )
    return numbers


def by_landmark() -> list[LandmarkNumbers]:
    current = Annotation.objects.filter(current=True, landmark__isnull=False)
    counted = current.values("landmark").annotate(
        annotations=Count("pk"),
        completed=Count("pk", filter=Q(task__completed_at__isnull=False)),
    )
    most = list(counted.order_by("-annotations", "landmark")[:LANDMARKS])
    landmarks = Landmark.objects.with_names().in_bulk([row["landmark"] for row in most])
    return [
        LandmarkNumbers(str(landmarks[row["landmark"]]), row["annotations"], row["completed"])
        for row in most
    ]


def by_day(at: datetime) -> list[DayNumbers]:
    """Return each of the last days, those without work too."""
    since = at - timedelta(days=DAYS)
    drawn = Annotation.objects.filter(origin=Annotation.Origin.DRAWN, created_at__gte=since)
    submitted = _per_day(drawn)
    reviews = Review.objects.filter(created_at__gte=since)
    returned = _per_day(reviews.filter(verdict=Review.Verdict.RETURNED))
    accepted = _per_day(reviews.exclude(verdict=Review.Verdict.RETURNED))
    days = [at.date() - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    return [
        DayNumbers(day, submitted.get(day, 0), accepted.get(day, 0), returned.get(day, 0))
        for day in days
    ]


def _per_day(rows) -> dict[date, int]:
    days = rows.annotate(day=TruncDate("created_at")).values_list("day")
    return dict(days.annotate(Count("pk")).order_by("day"))


def tables(at: datetime) -> dict[str, Iterable[NamedTuple]]:
    return {
        "datasets": by_dataset(),
        "people": by_person(),
        "landmarks": by_landmark(),
        "days": by_day(at),
    }
