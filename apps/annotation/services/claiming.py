"""Who works on what: the claim and the lease of a task.

A claim is one statement, so that two people can never get the same task, and an ended
lease is taken over by the claim itself: there is no clean-up that could be late.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q

from apps.accounts.models import User
from apps.annotation.models import (
    AnnotationImage,
    AnnotationTask,
    Assignment,
    Dataset,
    Draft,
    Skip,
)
from apps.annotation.workflow import TaskState, move

LEASE = timedelta(minutes=15)
UPCOMING = 3

_TASK = AnnotationTask._meta.db_table
_SKIP = Skip._meta.db_table
_TAKE = f"""
    UPDATE {_TASK} SET state = 'leased', holder_id = %(user)s, token = %(token)s,
        leased_at = %(at)s, lease_until = %(until)s
    WHERE id = (
        SELECT task.id FROM {_TASK} AS task WHERE {{which}}
        ORDER BY {{order}} FOR UPDATE OF task SKIP LOCKED LIMIT 1
    )
    RETURNING id
"""
_NOT_SKIPPED_BY_ME = (
    f"NOT EXISTS (SELECT 1 FROM {_SKIP} AS skip"
    " WHERE skip.task_id = task.id AND skip.annotator_id = %(user)s)"
)
# With redundancy an image has several tasks, each for another person.
_NO_OTHER_SLOT_IS_MINE = (
    f"NOT EXISTS (SELECT 1 FROM {_TASK} AS other WHERE other.image_id = task.image_id"
    " AND other.id <> task.id"
    " AND %(user)s IN (other.annotator_id, other.holder_id, other.reserved_for_id))"
)
_RESERVED = _TAKE.format(
    which="task.reserved_for_id = %(user)s AND (task.state IN ('open', 'returned', 'skipped')"
    " OR (task.state = 'leased' AND task.lease_until <= %(at)s))"
    " AND (%(dataset)s::bigint IS NULL OR task.dataset_id = %(dataset)s)",
    order="task.state = 'returned' DESC, task.id",
)
_ENDED = _TAKE.format(
    which="task.dataset_id = %(dataset)s AND task.state = 'leased'"
    " AND task.lease_until <= %(at)s"
    " AND (task.reserved_for_id IS NULL OR task.reserved_for_id = %(user)s)"
    f" AND {_NOT_SKIPPED_BY_ME} AND {_NO_OTHER_SLOT_IS_MINE}",
    order="task.lease_until, task.id",
)
_OPEN = _TAKE.format(
    which="task.dataset_id = %(dataset)s AND task.state = 'open' AND task.reserved_for_id IS NULL",
    order="task.id",
)
_OPEN_REDUNDANT = _TAKE.format(
    which="task.dataset_id = %(dataset)s AND task.state = 'open'"
    f" AND task.reserved_for_id IS NULL AND {_NO_OTHER_SLOT_IS_MINE}",
    order="task.id",
)
_SKIPPED = _TAKE.format(
    which="task.dataset_id = %(dataset)s AND task.state = 'skipped'"
    f" AND task.reserved_for_id IS NULL AND {_NOT_SKIPPED_BY_ME} AND {_NO_OTHER_SLOT_IS_MINE}",
    order="task.id",
)


class NothingToDo(Exception):
    """There is no task left for this person."""


class LeaseLost(Exception):
    """The token is wrong, or its lease has ended."""


class UnknownTask(Exception):
    """There is no such task, or this person has nothing to do with it."""


class UnknownDataset(Exception):
    """There is no such dataset, or this person does not work on it."""


def datasets_of(user: User) -> list[Dataset]:
    """Return the datasets that a person works on, in the order that was set for them."""
    mine = FilteredRelation("assignments", condition=Q(assignments__annotator=user))
    datasets = Dataset.objects.annotate(mine=mine).filter(
        Q(mine__isnull=False) | Q(open_to_all=True)
    )
    return list(datasets.order_by(F("mine__position").asc(nulls_last=True), "pk"))


def claim_next_task(*, by: User, at: datetime, dataset_id: int | None = None) -> AnnotationTask:
    """Give a person the task they hold, else the next one, under a lease.

    Returned and handed tasks come first, then the person's datasets in their order.
    Raises NothingToDo, and UnknownDataset for one that the person does not work on.
    """
    datasets = datasets_of(by)
    if dataset_id is not None:
        datasets = [dataset for dataset in datasets if dataset.pk == dataset_id]
        if not datasets:
            raise UnknownDataset(str(dataset_id))
    # Within a submit, its transaction is ours: one commit for both.
    with transaction.atomic(savepoint=False):
        _one_claim_at_a_time(by)
        held = _held(by, at, dataset_id)
        task_id = held or _take(by, at, datasets, dataset_id)
    if task_id is None:
        raise NothingToDo
    return AnnotationTask.objects.with_what_the_editor_shows().get(pk=task_id)


def _one_claim_at_a_time(by: User) -> None:
    """Two tabs of one person must not get two tasks: the second waits and gets the first's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"claim {by.pk}"])


def _held(by: User, at: datetime, dataset_id: int | None) -> int | None:
    held = AnnotationTask.objects.held_by(by, at)
    if dataset_id is not None:
        held = held.filter(dataset_id=dataset_id)
    task_id = held.order_by("-leased_at", "pk").values_list("pk", flat=True).first()
    if task_id is not None:
        AnnotationTask.objects.filter(pk=task_id).update(lease_until=at + LEASE)
    return task_id


def _take(by: User, at: datetime, datasets: list[Dataset], dataset_id: int | None) -> int | None:
    values = {"user": by.pk, "token": uuid.uuid4(), "at": at, "until": at + LEASE}
    with connection.cursor() as cursor:
        statements = [(_RESERVED, dataset_id)]
        for dataset in datasets:
            unclaimed = _OPEN_REDUNDANT if dataset.redundancy > 1 else _OPEN
            statements += [(_ENDED, dataset.pk), (unclaimed, dataset.pk)]
        # What somebody else could not do waits until nothing untouched is left.
        statements += [(_SKIPPED, dataset.pk) for dataset in datasets]
        for statement, dataset in statements:
            cursor.execute(statement, values | {"dataset": dataset})
            if row := cursor.fetchone():
                return row[0]
    return None


def upcoming_images(task: AnnotationTask) -> list[AnnotationImage]:
    """Return images that the holder of a task may get next, to be loaded ahead."""
    following = AnnotationTask.objects.filter(
        dataset=task.dataset_id, state=TaskState.OPEN, reserved_for=None
    )
    return [
        following_task.image
        for following_task in following.select_related("image").order_by("pk")[:UPCOMING]
    ]


def task_for(task_id: int, *, by: User) -> AnnotationTask:
    """Return a task that a person works, worked or may work on. Raises UnknownTask."""
    own = (
        Q(holder=by)
        | Q(annotator=by)
        | Q(reserved_for=by)
        | Q(dataset__open_to_all=True)
        | Exists(Assignment.objects.filter(annotator=by, dataset=OuterRef("dataset")))
    )
    task = AnnotationTask.objects.filter(own, pk=task_id).first()
    if task is None:
        raise UnknownTask(str(task_id))
    return task


def lock_held(task_id: int, *, token: uuid.UUID | None, by: User, at: datetime) -> AnnotationTask:
    """Lock a task that is held by this person under this token. Raises LeaseLost, UnknownTask."""
    tasks = AnnotationTask.objects.select_related("image", "dataset")
    task = tasks.select_for_update(of=("self",)).filter(pk=task_id).first()
    mine = task is not None and task.state == TaskState.LEASED and task.holder_id == by.pk
    if not mine or task.lease_until <= at or token is None or task.token != token:
        task_for(task_id, by=by)
        raise LeaseLost(str(task_id))
    return task


@transaction.atomic
def renew_lease(task_id: int, *, token: uuid.UUID | None, by: User, at: datetime) -> datetime:
    """Extend the lease of a held task; return its new end. Raises LeaseLost, UnknownTask."""
    task = lock_held(task_id, token=token, by=by, at=at)
    task.lease_until = at + LEASE
    task.save(update_fields=["lease_until"])
    return task.lease_until


@transaction.atomic
def save_draft(
    task_id: int, *, token: uuid.UUID | None, content: dict, by: User, at: datetime
) -> None:
    """Keep what a person has drawn so far. Raises LeaseLost, UnknownTask."""
    task = lock_held(task_id, token=token, by=by, at=at)
    Draft.objects.update_or_create(
        task=task, annotator=by, defaults={"content": content, "saved_at": at}
    )


@transaction.atomic
def skip_task(
    task_id: int, *, token: uuid.UUID | None, reason: str, by: User, at: datetime
) -> None:
    """Pass a held task on to others. Raises LeaseLost, UnknownTask."""
    task = lock_held(task_id, token=token, by=by, at=at)
    Skip.objects.create(task=task, annotator=by, reason=reason, skipped_at=at)
    Draft.objects.filter(task=task, annotator=by).delete()
    task.state = move(task.state, TaskState.SKIPPED)
    if task.reserved_for_id == by.pk:
        task.reserved_for = None
    release(task)
    task.save()


def release(task: AnnotationTask) -> None:
    """End the lease of a task in memory; the caller sets the state and saves."""
    task.holder = None
    task.token = None
    task.lease_until = None


@transaction.atomic
def hand_task(task_id: int, *, to: User, at: datetime) -> AnnotationTask:
    """Reserve an unfinished task for a person; whoever holds it loses it at once.

    Raises MoveNotAllowed when it was submitted already.
    """
    task = AnnotationTask.objects.select_for_update(of=("self",)).get(pk=task_id)
    if task.state not in (TaskState.OPEN, TaskState.RETURNED):
        task.state = move(task.state, TaskState.OPEN)
    release(task)
    task.reserved_for = to
    task.save()
    return task


@transaction.atomic
def take_back_task(task_id: int, *, at: datetime) -> AnnotationTask:
    """Put an unfinished task back where everybody may claim it. Raises MoveNotAllowed."""
    task = AnnotationTask.objects.select_for_update(of=("self",)).get(pk=task_id)
    if task.state != TaskState.OPEN:
        task.state = move(task.state, TaskState.OPEN)
    release(task)
    task.reserved_for = None
    task.save()
    return task
