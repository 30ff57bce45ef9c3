"""An annotator's work: submitted, or opened again before anybody reviewed it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.annotation.models import Annotation, AnnotationImage, AnnotationTask, Draft
from apps.annotation.services.agreeing import disagrees_with_others
from apps.annotation.services.checking import Score, score
from apps.annotation.services.claiming import (
    LEASE,
    NothingToDo,
    UnknownDataset,
    claim_next_task,
)
from apps.annotation.services.holding import LeaseLost, lock_held, release, task_for
from apps.annotation.shapes import Box, ShapeRefused, Tags, parse_box, parse_tags
from apps.annotation.workflow import MoveNotAllowed, TaskState, is_completed, move
from apps.catalogue.models import Landmark
from apps.operations.events import log_with_event
from apps.operations.statements import fetch_one, insertion, values_of

NO_SUCH_LANDMARK = _("There is no such landmark.")
ONE_PLACE_ONLY = _("Choose a landmark or write another place, not both.")
BAD_OTHER = _("Write the name of the place in at most 200 characters.")


class AnnotationRefused(Exception):
    """What was submitted cannot be used; `errors` names each field with its messages."""

    def __init__(self, errors: dict[str, list[str]]):
        super().__init__(str(errors))
        self.errors = errors


class Work(NamedTuple):
    """What an annotator or a fixing reviewer says of an image."""

    box: Box
    tags: Tags
    landmark: Landmark | None
    other: str


def parse_work(values: Mapping[str, Any], *, image: AnnotationImage) -> Work:
    """Check what was sent about an image. Raises AnnotationRefused with every fault at once."""
    errors: dict[str, list[str]] = {}
    box = tags = landmark = None
    other = ""
    try:
        box = parse_box(values.get("bbox"), width=image.width, height=image.height)
    except ShapeRefused as refused:
        errors["bbox"] = [str(refused.message)]
    try:
        tags = parse_tags(values)
    except ShapeRefused as refused:
        errors["tags"] = [str(refused.message)]
    try:
        landmark, other = _parse_place(values)
    except ShapeRefused as refused:
        errors["landmark"] = [str(refused.message)]
    if errors:
        raise AnnotationRefused(errors)
    return Work(box, tags, landmark, other)


def _parse_place(values: Mapping[str, Any]) -> tuple[Landmark | None, str]:
    wanted = values.get("landmark")
    other = values.get("other") or ""
    if not isinstance(other, str) or len(other) > 200 or "\0" in other:
        raise ShapeRefused(BAD_OTHER)
    if wanted is None:
        return None, other.strip()
    if other.strip():
        raise ShapeRefused(ONE_PLACE_ONLY)
    known = type(wanted) is int and abs(wanted) < 2**63
    landmark = Landmark.objects.filter(pk=wanted).first() if known else None
    if landmark is None:
        raise ShapeRefused(NO_SUCH_LANDMARK)
    return landmark, ""


@transaction.atomic
def submit_annotation(
    task_id: int, *, token: uuid.UUID | None, values: Mapping[str, Any], by: User, at: datetime
) -> Annotation:
    """Store a person's annotation of the task they hold, and end the lease.

    The same token again gives the annotation that it made. Raises UnknownTask, LeaseLost
    and AnnotationRefused.
    """
    return _submit(task_id, token, values, by, at)


@transaction.atomic
def submit_and_claim_next(
    task_id: int,
    *,
    token: uuid.UUID | None,
    values: Mapping[str, Any],
    by: User,
    at: datetime,
    dataset_id: int | None = None,
) -> tuple[Annotation, AnnotationTask | None]:
    """Submit as `submit_annotation` does, and claim the next task with the same commit.

    What was finished stays finished where nothing is left, or the dataset was taken away.
    """
    annotation = _submit(task_id, token, values, by, at)
    try:
        return annotation, claim_next_task(by=by, at=at, dataset_id=dataset_id)
    except (NothingToDo, UnknownDataset):
        return annotation, None


def _submit(
    task_id: int, token: uuid.UUID | None, values: Mapping[str, Any], by: User, at: datetime
) -> Annotation:
    try:
        task = lock_held(task_id, token=token, by=by, at=at)
    except LeaseLost:
        # The same submit again: the first one has ended the lease.
        if earlier := _made_under(task_id, token, by):
            return earlier
        raise
    before = task.state
    annotation = _annotation(
        task,
        parse_work(values, image=task.image),
        origin=Annotation.Origin.DRAWN,
        by=by,
        token=token,
        seconds=(at - task.leased_at).total_seconds() if task.leased_at else None,
        at=at,
    )
    if task.submitted_at is not None:
        _make_history(task)
    task.state = move(task.state, TaskState.SUBMITTED)
    task.annotator = by
    task.submitted_at = at
    task.reserved_for = None
    needs_review = _needs_review(task, annotation)
    if task.check_of_id is None and is_completed(task.state, needs_review=needs_review):
        task.completed_at = at
    release(task)
    _store(task, annotation)
    log_with_event(
        task,
        before={"state": before},
        after={"state": task.state, **annotation_values(annotation)},
        by=by,
        at=at,
        # A check is no news for anybody outside, and would give itself away.
        kind="" if task.check_of_id else "annotation.submitted",
        payload=event_payload(task, annotation),
    )
    return annotation


# What every submit writes, in one question to the database.
_STORED = f"""
    WITH used_up AS (
        DELETE FROM {Draft._meta.db_table}
        WHERE task_id = %(task_id)s AND annotator_id = %(by_id)s
    ), ended AS (
        UPDATE {AnnotationTask._meta.db_table} SET state = 'submitted', annotator_id = %(by_id)s,
            submitted_at = %(created_at)s, completed_at = %(completed_at)s,
            reserved_for_id = NULL, holder_id = NULL, token = NULL, lease_until = NULL
        WHERE id = %(task_id)s
    )
    {insertion(Annotation)} RETURNING id
"""  # nosec B608


def _store(task: AnnotationTask, annotation: Annotation) -> None:
    """Write an annotation and the end of its task's lease; the draft is used up."""
    values = values_of(annotation) | {"completed_at": task.completed_at}
    (annotation.pk,) = fetch_one(_STORED, values)
    annotation._state.adding = False


def _needs_review(task: AnnotationTask, annotation: Annotation) -> bool:
    """Say whether somebody has to look at what was submitted."""
    if task.dataset.needs_review or disagrees_with_others(task, annotation):
        return True
    other_place = annotation.landmark_id not in (None, task.image.landmark_id)
    return other_place or bool(annotation.other)


def annotation_values(annotation: Annotation) -> dict:
    """Return what an annotation says, as the log and events tell it."""
    return {
        "annotation": annotation.pk,
        "bbox": [float(number) for number in annotation.box],
        **annotation.tags._asdict(),
        "landmark": annotation.landmark_id,
        "other": annotation.other,
    }


def event_payload(task: AnnotationTask, annotation: Annotation) -> dict:
    """Return what a receiver of an annotation event needs to know."""
    return {
        "task": task.pk,
        "dataset": task.dataset_id,
        "image": task.image_id,
        "external_id": task.image.external_id,
        "completed": task.completed_at is not None,
        **annotation_values(annotation),
    }


def _made_under(task_id: int, token: uuid.UUID | None, by: User) -> Annotation | None:
    if token is None:
        return None
    made = Annotation.objects.select_related("task__image", "task__dataset")
    return made.filter(task_id=task_id, token=token, by=by).first()


def store_annotation(
    task: AnnotationTask, work: Work, *, origin: str, by: User, at: datetime
) -> Annotation:
    """Store an annotation as the task's current one; earlier ones stay as its history."""
    _make_history(task)
    annotation = _annotation(task, work, origin=origin, by=by, at=at)
    annotation.save()
    return annotation


def _make_history(task: AnnotationTask) -> None:
    task.annotations.filter(current=True).update(current=False)


def _annotation(
    task: AnnotationTask,
    work: Work,
    *,
    origin: str,
    by: User,
    at: datetime,
    token: uuid.UUID | None = None,
    seconds: float | None = None,
) -> Annotation:
    expected = None if work.other else task.image.landmark_id
    truth = task.image.truth
    scored = score(work.box, work.tags, truth) if truth else None
    return Annotation(
        task=task,
        origin=origin,
        by=by,
        token=token,
        **work.box._asdict(),
        **work.tags._asdict(),
        landmark_id=work.landmark.pk if work.landmark else expected,
        other=work.other,
        seconds=seconds,
        truth_overlap=scored.overlap if scored else None,
        truth_tags_right=scored.tags_right if scored else None,
        created_at=at,
    )


def feedback_on(annotation: Annotation) -> Score | None:
    """Compare an annotation of a practice dataset with the known answer, where there is one."""
    task = annotation.task
    truth = task.image.truth
    if not task.dataset.practice or truth is None:
        return None
    return score(annotation.box, annotation.tags, truth)


@transaction.atomic
def reopen_task(task_id: int, *, by: User, at: datetime) -> AnnotationTask:
    """Give a person their own submitted task again, with what they drew as the draft.

    Raises UnknownTask, and MoveNotAllowed once somebody reviews or reviewed it.
    """
    task_for(task_id, by=by)
    task = AnnotationTask.objects.select_for_update(of=("self",)).get(pk=task_id)
    in_review = task.review_until is not None and task.review_until > at
    if task.annotator_id != by.pk or task.state != TaskState.SUBMITTED or in_review:
        raise MoveNotAllowed(task.state, TaskState.LEASED)
    task.state = move(task.state, TaskState.LEASED)
    task.holder = by
    task.token = uuid.uuid4()
    task.leased_at = at
    task.lease_until = at + LEASE
    task.completed_at = None
    # Should the lease end, nobody else takes over: it is this person's work already.
    task.reserved_for = by
    task.save()
    log_with_event(
        task,
        before={"state": TaskState.SUBMITTED},
        after={"state": task.state},
        by=by,
        at=at,
        note="reopened",
    )
    return AnnotationTask.objects.with_what_the_editor_shows().get(pk=task_id)
