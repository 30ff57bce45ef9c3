"""What the holder of a task may do with it: keep it, save a draft, pass it on."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.accounts.models import User
from apps.annotation.models import (
    AnnotationImage,
    AnnotationTask,
    Assignment,
    Dataset,
    Draft,
    Skip,
)
from apps.annotation.services.claiming import LEASE, ONE_AT_A_TIME
from apps.annotation.workflow import TaskState, move
from apps.operations.events import log_with_event
from apps.operations.statements import columns, fetch_one, instances

_LOCKED = f"""
    WITH {ONE_AT_A_TIME}
    SELECT {columns(AnnotationTask, "task")}, {columns(AnnotationImage, "image")},
        {columns(Dataset, "dataset")}
    FROM one_at_a_time
    JOIN {AnnotationTask._meta.db_table} AS task ON task.id = %(task)s
    JOIN {AnnotationImage._meta.db_table} AS image ON image.id = task.image_id
    JOIN {Dataset._meta.db_table} AS dataset ON dataset.id = task.dataset_id
    FOR UPDATE OF task
"""  # nosec B608


class LeaseLost(Exception):
    """The token is wrong, or its lease has ended."""


class UnknownTask(Exception):
    """There is no such task, or this person has nothing to do with it."""


def task_for(task_id: int, *, by: User) -> AnnotationTask:
    """Return a task that a person works, worked or may work on. Raises UnknownTask."""
    own = (
        Q(holder=by)
        | Q(annotator=by)
        | Q(reserved_for=by)
        | Q(dataset__open_to_all=True)
        | Exists(Assignment.objects.filter(annotator=by, dataset=OuterRef("dataset")))
    )
    # A check is of one person only, whoever else works on the dataset.
    tasks = AnnotationTask.objects.filter(Q(check_of__isnull=True) | Q(check_of=by))
    task = tasks.filter(own, pk=task_id).first()
    if task is None:
        raise UnknownTask(str(task_id))
    return task


def lock_held(task_id: int, *, token: uuid.UUID | None, by: User, at: datetime) -> AnnotationTask:
    """Lock a task that is held by this person under this token. Raises LeaseLost, UnknownTask."""
    row = fetch_one(_LOCKED, {"task": task_id, "user": by.pk})
    task = _joined(row) if row else None
    mine = task is not None and task.state == TaskState.LEASED and task.holder_id == by.pk
    if not mine or task.lease_until <= at or token is None or task.token != token:
        task_for(task_id, by=by)
        raise LeaseLost(str(task_id))
    return task


def _joined(row: tuple) -> AnnotationTask:
    task, image, dataset = instances(row, AnnotationTask, AnnotationImage, Dataset)
    task.image, task.dataset = image, dataset
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
    _keep(task, content, by, at)


def keep_late_work(task_id: int, *, content: dict, by: User, at: datetime) -> None:
    """Keep what arrived after the lease was lost: it is the person's draft, should they ever get
    the task again. What they submitted already stays as it is. Raises UnknownTask."""
    task = task_for(task_id, by=by)
    finished = task.annotator_id == by.pk and task.state != TaskState.RETURNED
    if not finished:
        _keep(task, content, by, at)


def _keep(task: AnnotationTask, content: dict, by: User, at: datetime) -> None:
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
    log_with_event(
        task,
        before={"state": TaskState.LEASED},
        after={"state": task.state},
        by=by,
        at=at,
        note=reason,
    )


def release(task: AnnotationTask) -> None:
    """End the lease of a task in memory; the caller sets the state and saves."""
    task.holder = None
    task.token = None
    task.lease_until = None
