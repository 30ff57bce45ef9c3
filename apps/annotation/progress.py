"""How far datasets are, and who works on them: what a manager's pages show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.annotation.models import AnnotationTask, Assignment, Dataset, Skip
from apps.annotation.workflow import TaskState

# As the bar shows them, what is done first.
ORDER = ("accepted", "submitted", "returned", "skipped", "unusable", "leased", "open")


class Part(NamedTuple):
    """One state's share of a progress bar, in percent."""

    state: str
    count: int
    x: float
    width: float


class Progress(NamedTuple):
    counts: dict[str, int]
    total: int
    completed: int
    parts: list[Part]

    @property
    def percent(self) -> int:
        return 100 * self.completed // self.total if self.total else 0


class Worker(NamedTuple):
    """A person on a dataset; `order` names all their datasets in order."""

    user: User
    assigned: bool
    order: list[Dataset]
    submitted: int
    returned: int
    held: int
    last: datetime | None


def progress_of(datasets: Iterable[Dataset]) -> dict[int, Progress]:
    """Return how far each dataset is."""
    keys = [dataset.pk for dataset in datasets]
    own = AnnotationTask.objects.of_the_dataset().filter(dataset__in=keys)
    counts: dict[int, Counter] = defaultdict(Counter)
    completed: Counter = Counter()
    rows = own.values_list("dataset", "state").annotate(
        tasks=Count("pk"), done=Count("pk", filter=Q(completed_at__isnull=False))
    )
    for dataset, state, count, done in rows:
        counts[dataset][state] += count
        completed[dataset] += done
    return {key: _progress(counts[key], completed[key]) for key in keys}


def _progress(counts: Counter, completed: int) -> Progress:
    total = sum(counts.values())
    parts, x = [], 0.0
    for state in ORDER:
        if counts[state]:
            width = 100 * counts[state] / total
            parts.append(Part(state, counts[state], round(x, 3), round(width, 3)))
            x += width
    return Progress({state: counts[state] for state in ORDER}, total, completed, parts)


def workers_on(dataset: Dataset, *, at: datetime) -> list[Worker]:
    """Return who works or worked on a dataset; who is assigned comes first."""
    tasks = AnnotationTask.objects.filter(dataset=dataset)
    done = {
        row["annotator"]: row
        for row in tasks.filter(annotator__isnull=False)
        .values("annotator")
        .annotate(
            submitted=Count("pk", filter=Q(state__in=[TaskState.SUBMITTED, TaskState.ACCEPTED])),
            returned=Count("pk", filter=Q(state=TaskState.RETURNED)),
            last=Max("submitted_at"),
        )
    }
    held = dict(
        tasks.filter(state=TaskState.LEASED, lease_until__gt=at)
        .values_list("holder")
        .annotate(Count("pk"))
    )
    assigned = set(dataset.assignments.values_list("annotator", flat=True))
    people = User.objects.filter(pk__in={*assigned, *done, *held}).order_by("username")
    orders: dict[int, list[Dataset]] = defaultdict(list)
    order = Assignment.objects.filter(annotator__in=people).select_related("dataset")
    for assignment in order.order_by("position", "dataset"):
        orders[assignment.annotator_id].append(assignment.dataset)
    nothing = {"submitted": 0, "returned": 0, "last": None}
    workers = []
    for person in people:
        row = done.get(person.pk, nothing)
        workers.append(
            Worker(
                user=person,
                assigned=person.pk in assigned,
                order=orders[person.pk],
                submitted=row["submitted"],
                returned=row["returned"],
                held=held.get(person.pk, 0),
                last=row["last"],
            )
        )
    return sorted(workers, key=lambda worker: not worker.assigned)


def tasks_to_show(dataset: Dataset, *, state: str, after: int, limit: int) -> list[AnnotationTask]:
    """Return tasks of a dataset in a state, after a number; "handed" means reserved ones."""
    tasks = AnnotationTask.objects.of_the_dataset().filter(dataset=dataset, pk__gt=after)
    if state == "handed":
        tasks = tasks.filter(reserved_for__isnull=False)
    elif state:
        tasks = tasks.filter(state=state)
    people = ("holder", "reserved_for", "annotator")
    return list(tasks.select_related("image", "dataset", *people).order_by("pk")[:limit])


class LeftOver(NamedTuple):
    """A skipped task with its reasons; `for_you`: none of its people is left to try."""

    task: AnnotationTask
    skips: Sequence[Skip]
    for_you: bool


def skipped_tasks(*, dataset: int | None, limit: int) -> list[LeftOver]:
    """Return skipped tasks, first those that nobody is left to try."""
    may_try = Assignment.objects.filter(
        dataset=OuterRef("dataset"), annotator__is_active=True
    ).exclude(annotator__skips__task=OuterRef("pk"))
    tasks: QuerySet[AnnotationTask] = AnnotationTask.objects.of_the_dataset().filter(
        state=TaskState.SKIPPED, reserved_for__isnull=True
    )
    if dataset is not None:
        tasks = tasks.filter(dataset=dataset)
    shown = (
        tasks.annotate(others=Exists(may_try))
        .select_related("image", "dataset")
        .prefetch_related("skips__annotator")
        .order_by("others", "pk")[:limit]
    )
    return [
        LeftOver(
            task,
            sorted(task.skips.all(), key=lambda skip: skip.skipped_at),
            not task.others and not task.dataset.open_to_all,
        )
        for task in shown
    ]
