"""A manager's hand on single tasks: to a named person, back to everybody, or out of the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.accounts.models import User
from apps.annotation.models import AnnotationTask
from apps.annotation.services.holding import release
from apps.annotation.workflow import MoveNotAllowed, TaskState, move
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry


class Moved(NamedTuple):
    """How many tasks were moved, and which were finished and stayed as they are."""

    tasks: int
    stayed: list[AnnotationTask]


def hand_task(task_id: int, *, to: User, by: User, at: datetime) -> AnnotationTask:
    """Reserve an unfinished task for a person; whoever holds it loses it at once.

    Raises MoveNotAllowed when it was submitted already.
    """
    return _one(task_id, lambda task: _hand(task, to), by=by, at=at)


def take_back_task(task_id: int, *, by: User, at: datetime) -> AnnotationTask:
    """Put an unfinished task back where everybody may claim it; whoever holds it loses it.

    Raises MoveNotAllowed.
    """
    return _one(task_id, _take_back, by=by, at=at)


def close_task(task_id: int, *, reason: str, by: User, at: datetime) -> AnnotationTask:
    """Close an unfinished task whose image nobody can annotate. Raises MoveNotAllowed."""
    return _one(task_id, lambda task: _close(task, reason), by=by, at=at, note=reason)


def hand_tasks(task_ids: Sequence[int], *, to: User, by: User, at: datetime) -> Moved:
    """Reserve many tasks for a person; finished ones stay as they are."""
    return _many(task_ids, lambda task: _hand(task, to), by=by, at=at)


def take_back_tasks(task_ids: Sequence[int], *, by: User, at: datetime) -> Moved:
    """Give many tasks to everybody again; finished ones stay as they are."""
    return _many(task_ids, _take_back, by=by, at=at)


def close_tasks(task_ids: Sequence[int], *, reason: str, by: User, at: datetime) -> Moved:
    """Close many tasks as unusable; finished ones stay as they are."""
    return _many(task_ids, lambda task: _close(task, reason), by=by, at=at, note=reason)


def _hand(task: AnnotationTask, to: User) -> None:
    if task.state != TaskState.RETURNED:
        _open(task)
    release(task)
    task.reserved_for = to


def _take_back(task: AnnotationTask) -> None:
    _open(task)
    release(task)
    task.reserved_for = None


def _close(task: AnnotationTask, reason: str) -> None:
    task.state = move(task.state, TaskState.UNUSABLE)
    task.closed_reason = reason
    release(task)
    task.reserved_for = None


def _open(task: AnnotationTask) -> None:
    if task.state != TaskState.OPEN:
        task.state = move(task.state, TaskState.OPEN)
    task.closed_reason = ""


def _change(task: AnnotationTask, act: Callable[[AnnotationTask], None]) -> Change:
    if task.check_of_id is not None:
        raise MoveNotAllowed(task.state, TaskState.OPEN)
    before = snapshot(task)
    act(task)
    task.save()
    return Change(task, before, snapshot(task))


@transaction.atomic
def _one(
    task_id: int,
    act: Callable[[AnnotationTask], None],
    *,
    by: User,
    at: datetime,
    note: str = "",
) -> AnnotationTask:
    task = _locked().get(pk=task_id)
    record([_change(task, act)], by=by, at=at, action=AuditEntry.Action.CHANGED, note=note)
    return task


@transaction.atomic
def _many(
    task_ids: Sequence[int],
    act: Callable[[AnnotationTask], None],
    *,
    by: User,
    at: datetime,
    note: str = "",
) -> Moved:
    changes, stayed = [], []
    # In one order, so that two managers at once do not wait for each other.
    for task in _locked().filter(pk__in=task_ids).order_by("pk"):
        try:
            changes.append(_change(task, act))
        except MoveNotAllowed:
            stayed.append(task)
    record(changes, by=by, at=at, action=AuditEntry.Action.CHANGED, note=note)
    return Moved(len(changes), stayed)


def _locked():
    return AnnotationTask.objects.select_for_update(of=("self",)).select_related("image")
