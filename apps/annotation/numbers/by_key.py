"""The same figures for each dataset, each person and each place."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Q

from apps.accounts.models import User
from apps.annotation.models import Dataset
from apps.annotation.numbers.period import TABLES, Period
from apps.annotation.workflow import TaskState
from apps.catalogue.models import Landmark

LANDMARKS = 100
Key = int | None


class Work(NamedTuple):
    """What was done in a period; None where there is nothing to divide by."""

    submitted: int = 0
    images_per_hour: float | None = None  # of the time spent on images
    median_seconds: float | None = None
    reviewed: int = 0
    returned: int = 0
    return_rate: float | None = None
    skipped: int = 0
    agreement: float | None = None  # mean overlap of the boxes of two people on one image
    tag_agreement: float | None = None  # how often their tags are the same
    checks: int = 0  # hidden known answers, and practice
    check_overlap: float | None = None
    check_tags: float | None = None


class DatasetNumbers(NamedTuple):
    """A dataset: its tasks as they stand now, and the work of the period."""

    dataset: str
    images: int
    open: int
    leased: int
    submitted_now: int
    accepted: int
    returned_now: int
    skipped_now: int
    unusable: int
    completed: int
    work: Work


class PersonNumbers(NamedTuple):
    person: str
    work: Work


class LandmarkNumbers(NamedTuple):
    landmark: str
    completed: int
    work: Work


_DRAWN = """
    SELECT {key} AS key, count(*) AS submitted, sum(a.seconds) AS total,
        count(a.seconds) AS timed,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds) AS median_seconds,
        count(a.truth_overlap) AS checks, avg(a.truth_overlap) AS check_overlap,
        avg(a.truth_tags_right::int) AS check_tags
    FROM {annotation} AS a{with_task}
    WHERE a.origin = 'drawn' AND a.created_at >= %(since)s AND a.created_at < %(until)s{narrowed}
    GROUP BY 1
"""
_REVIEWED = """
    SELECT {key} AS key, count(*) AS reviewed,
        count(*) FILTER (WHERE r.verdict = 'returned') AS returned
    FROM {review} AS r JOIN {annotation} AS a ON a.id = r.annotation_id{with_task}
    WHERE r.created_at >= %(since)s AND r.created_at < %(until)s{narrowed}
    GROUP BY 1
"""
_SKIPPED = """
    SELECT {key} AS key, count(*) AS skipped
    FROM {skip} AS s JOIN {task} AS t ON t.id = s.task_id JOIN {image} AS i ON i.id = t.image_id
    WHERE s.skipped_at >= %(since)s AND s.skipped_at < %(until)s{narrowed}
    GROUP BY 1
"""
# Each pair stands here twice, once for each of its people; means of both are the same.
_SHARED = (
    "greatest(0, least(a.x + a.width, b.x + b.width) - greatest(a.x, b.x))"
    " * greatest(0, least(a.y + a.height, b.y + b.height) - greatest(a.y, b.y))"
)
_TAGS = "({0}.truncated, {0}.occluded, {0}.reflection, {0}.none_of_these)"
_AGREED = f"""
    SELECT key, avg(shared / (one + other - shared)) AS agreement, avg(same) AS tag_agreement
    FROM (
        SELECT {{key}} AS key, {_SHARED} AS shared, a.width * a.height AS one,
            b.width * b.height AS other,
            ({_TAGS.format("a")} = {_TAGS.format("b")})::int AS same
        FROM {{dataset}} AS d
        JOIN {{task}} AS t ON t.dataset_id = d.id AND t.check_of_id IS NULL
            AND t.state IN ('submitted', 'accepted')
        JOIN {{task}} AS u ON u.image_id = t.image_id AND u.id <> t.id AND u.check_of_id IS NULL
            AND u.state IN ('submitted', 'accepted')
        JOIN {{annotation}} AS a ON a.task_id = t.id AND a.current
        JOIN {{annotation}} AS b ON b.task_id = u.id AND b.current
        WHERE d.redundancy > 1 AND greatest(a.created_at, b.created_at) >= %(since)s
            AND greatest(a.created_at, b.created_at) < %(until)s{{narrowed}}
    ) AS pairs GROUP BY key
"""  # nosec B608


def _work(period: Period, *, of: str) -> dict[Key, Work]:
    """Return the work of each "dataset", "person" or "landmark"."""
    found: dict[Key, dict] = defaultdict(dict)
    keys = {"dataset": "t.dataset_id", "person": "a.by_id", "landmark": "a.landmark_id"}
    drawn = period.narrowed(person="a.by_id")
    statements = [(_DRAWN, keys, drawn), (_REVIEWED, keys, drawn), (_AGREED, keys, drawn)]
    skip_keys = keys | {"person": "s.annotator_id", "landmark": "i.landmark_id"}
    statements.append((_SKIPPED, skip_keys, period.narrowed(person="s.annotator_id")))
    # Only the dataset is the task's; of a million tasks the join is most of the work.
    asks_the_task = of == "dataset" or period.dataset is not None
    with_task = f" JOIN {TABLES['task']} AS t ON t.id = a.task_id" if asks_the_task else ""
    with connection.cursor() as cursor:
        for statement, columns, narrowed in statements:
            parts = {"key": columns[of], "narrowed": narrowed, "with_task": with_task}
            cursor.execute(statement.format(**parts, **TABLES), period.values)
            names = [column.name for column in cursor.description][1:]
            for key, *figures in cursor.fetchall():
                found[key].update(zip(names, figures, strict=True))
    return {key: _made(figures) for key, figures in found.items()}


def _made(figures: dict) -> Work:
    total, timed = figures.pop("total", None), figures.pop("timed", 0)
    for name in ("agreement", "tag_agreement", "check_tags"):
        if figures.get(name) is not None:
            figures[name] = float(figures[name])
    reviewed = figures.get("reviewed", 0)
    return Work(
        images_per_hour=timed * 3600 / total if total else None,
        return_rate=figures["returned"] / reviewed if reviewed else None,
        **figures,
    )


def by_dataset(period: Period) -> list[DatasetNumbers]:
    """Return every dataset, those without work in the period too."""
    own = Q(tasks__check_of__isnull=True)
    counted = Dataset.objects.annotate(
        **{
            f"n_{state.value}": Count("tasks", filter=own & Q(tasks__state=state))
            for state in TaskState
        },
        n_completed=Count("tasks", filter=Q(tasks__completed_at__isnull=False)),
    )
    if period.dataset is not None:
        counted = counted.filter(pk=period.dataset)
    images = dict(Dataset.objects.values_list("pk").annotate(Count("images")))
    work = _work(period, of="dataset")
    return [
        DatasetNumbers(
            dataset=dataset.name,
            images=images[dataset.pk],
            open=dataset.n_open,
            leased=dataset.n_leased,
            submitted_now=dataset.n_submitted,
            accepted=dataset.n_accepted,
            returned_now=dataset.n_returned,
            skipped_now=dataset.n_skipped,
            unusable=dataset.n_unusable,
            completed=dataset.n_completed,
            work=work.get(dataset.pk, Work()),
        )
        for dataset in counted.order_by("name")
    ]


def by_person(period: Period) -> list[PersonNumbers]:
    """Return everybody who did something in the period, the busiest first."""
    work = {key: done for key, done in _work(period, of="person").items() if key is not None}
    names = dict(User.objects.filter(pk__in=work).values_list("pk", "username"))
    rows = [PersonNumbers(names[key], done) for key, done in work.items()]
    return sorted(rows, key=lambda row: (-row.work.submitted, row.person))


def by_landmark(period: Period) -> list[LandmarkNumbers]:
    """Return the places with the most work in the period."""
    work = {key: done for key, done in _work(period, of="landmark").items() if key is not None}
    most = sorted(work, key=lambda key: (-work[key].submitted, key))[:LANDMARKS]
    landmarks = Landmark.objects.with_names().in_bulk(most)
    completed = _completed(period, most)
    return [LandmarkNumbers(str(landmarks[key]), completed.get(key, 0), work[key]) for key in most]


def _completed(period: Period, landmarks: list[int]) -> dict[int, int]:
    narrowed = period.narrowed(person="t.annotator_id")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.landmark_id, count(*) FROM {annotation} AS a"
            " JOIN {task} AS t ON t.id = a.task_id"
            " WHERE a.current AND t.completed_at >= %(since)s AND t.completed_at < %(until)s"
            " AND a.landmark_id = ANY(%(landmarks)s){narrowed} GROUP BY 1".format(  # nosec B608
                narrowed=narrowed, **TABLES
            ),
            period.values | {"landmarks": landmarks},
        )
        return dict(cursor.fetchall())
