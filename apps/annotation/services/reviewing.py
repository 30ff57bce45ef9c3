"""A reviewer's work: accept, fix or send back; each task is with one reviewer at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import User
from apps.annotation.models import Annotation, AnnotationTask, Review
from apps.annotation.services.holding import UnknownTask
from apps.annotation.services.submitting import (
    annotation_values,
    event_payload,
    parse_work,
    store_annotation,
)
from apps.annotation.workflow import TaskState, move
from apps.operations.events import log_with_event

REVIEW_LEASE = timedelta(minutes=10)
UPCOMING = 3
_TASK = AnnotationTask._meta.db_table
# Nobody judges their own work; an administrator on a small site may.
_NEXT = f"""
    UPDATE {_TASK} SET reviewer_id = %(user)s, review_until = %(until)s
    WHERE id = (
        SELECT id FROM {_TASK}
        WHERE state = 'submitted' AND completed_at IS NULL AND check_of_id IS NULL
            AND (%(dataset)s::bigint IS NULL OR dataset_id = %(dataset)s)
            AND (annotator_id IS DISTINCT FROM %(user)s OR %(own_too)s)
            AND (reviewer_id = %(user)s OR review_until IS NULL OR review_until <= %(at)s)
        ORDER BY (reviewer_id IS NOT DISTINCT FROM %(user)s AND review_until > %(at)s) DESC,
            submitted_at, id
        FOR UPDATE SKIP LOCKED LIMIT 1
    )
    RETURNING id
"""  # nosec B608


class NothingToReview(Exception):
    """No submitted task waits for this reviewer."""


class InReview(Exception):
    """Another reviewer looks at the task right now."""

    def __init__(self, task: AnnotationTask):
        super().__init__(str(task.pk))
        self.reviewer = task.reviewer


class AlreadyReviewed(Exception):
    """Somebody decided already, or the annotator took the image back; `review` is the decision."""

    def __init__(self, task: AnnotationTask):
        super().__init__(str(task.pk))
        self.review = task.reviews.select_related("reviewer").order_by("-pk").first()


def claim_next_review(*, by: User, at: datetime, dataset_id: int | None = None) -> AnnotationTask:
    """Give a reviewer the task they look at, else the one that waits longest.

    Raises NothingToReview.
    """
    values = {
        "user": by.pk,
        "until": at + REVIEW_LEASE,
        "at": at,
        "own_too": by.is_superuser,
        "dataset": dataset_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, values)
        row = cursor.fetchone()
    if row is None:
        raise NothingToReview
    return AnnotationTask.objects.with_what_the_editor_shows().get(pk=row[0])


def images_after(task: AnnotationTask, *, by: User) -> list[int]:
    """Return the images that a reviewer may see next, to be loaded ahead."""
    waiting = AnnotationTask.objects.to_review().exclude(pk=task.pk).filter(reviewer=None)
    if not by.is_superuser:
        waiting = waiting.exclude(annotator=by)
    return list(waiting.order_by("submitted_at", "pk").values_list("image", flat=True)[:UPCOMING])


def _lock_for_review(task_id: int, *, by: User, at: datetime) -> tuple[AnnotationTask, Annotation]:
    """Lock a submitted task that no other reviewer looks at, with its annotation."""
    tasks = AnnotationTask.objects.select_for_update(of=("self",)).select_related("image")
    task = tasks.filter(pk=task_id, check_of__isnull=True).first()
    if task is None or (task.annotator_id == by.pk and not by.is_superuser):
        raise UnknownTask(str(task_id))
    if task.state != TaskState.SUBMITTED or task.completed_at is not None:
        raise AlreadyReviewed(task)
    with_another = task.reviewer_id not in (None, by.pk)
    if with_another and task.review_until is not None and task.review_until > at:
        raise InReview(task)
    return task, task.annotations.get(current=True)


def _decide(
    task: AnnotationTask,
    annotation: Annotation,
    verdict: str,
    *,
    by: User,
    at: datetime,
    reason: str = "",
    fix: Annotation | None = None,
) -> Review:
    """Store a decision with the task's new state, the log and the event."""
    review = Review.objects.create(
        task=task,
        annotation=annotation,
        fix=fix,
        reviewer=by,
        verdict=verdict,
        reason=reason,
        created_at=at,
    )
    before = {"state": task.state, **annotation_values(annotation)}
    returned = verdict == Review.Verdict.RETURNED
    task.state = move(task.state, TaskState.RETURNED if returned else TaskState.ACCEPTED)
    if returned:
        task.reserved_for = task.annotator
    else:
        task.completed_at = at
    task.reviewer = None
    task.review_until = None
    task.save()
    log_with_event(
        task,
        before=before,
        after={"state": task.state, **annotation_values(fix or annotation)},
        by=by,
        at=at,
        note=reason,
        kind="annotation.returned" if returned else "annotation.accepted",
        payload={
            **event_payload(task, fix or annotation),
            "review": review.pk,
            "verdict": verdict,
            "reason": reason,
        },
    )
    return review


@transaction.atomic
def accept_annotation(task_id: int, *, by: User, at: datetime) -> Review:
    """Accept what was submitted. Raises UnknownTask, InReview, AlreadyReviewed."""
    task, annotation = _lock_for_review(task_id, by=by, at=at)
    return _decide(task, annotation, Review.Verdict.ACCEPTED, by=by, at=at)


@transaction.atomic
def return_annotation(task_id: int, *, reason: str, by: User, at: datetime) -> Review:
    """Send a task back to its annotator, with the reason.

    Raises UnknownTask, InReview, AlreadyReviewed.
    """
    task, annotation = _lock_for_review(task_id, by=by, at=at)
    return _decide(task, annotation, Review.Verdict.RETURNED, reason=reason, by=by, at=at)


@transaction.atomic
def fix_annotation(task_id: int, *, values: Mapping[str, Any], by: User, at: datetime) -> Review:
    """Accept a task with the reviewer's own box and tags; both versions stay in the history.

    Raises UnknownTask, InReview, AlreadyReviewed, AnnotationRefused.
    """
    task, annotation = _lock_for_review(task_id, by=by, at=at)
    work = parse_work(values, image=task.image)
    if "landmark" not in values and "other" not in values:
        work = work._replace(landmark=annotation.landmark, other=annotation.other)
    fix = store_annotation(task, work, origin=Annotation.Origin.FIXED, by=by, at=at)
    return _decide(task, annotation, Review.Verdict.FIXED, fix=fix, by=by, at=at)
