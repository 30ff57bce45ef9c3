"""Known answers: to practise on, and hidden between the other images to see who is right.

Each person gets each of them once, as a task of their own beside the dataset's tasks. It looks
like any other task; it is scored, and never reviewed, completed or exported.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.accounts.models import User
from apps.annotation.models import (
    Annotation,
    AnnotationImage,
    AnnotationTask,
    Dataset,
    Skip,
)
from apps.annotation.shapes import Box, Tags, overlap
from apps.annotation.workflow import TaskState
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry
from apps.operations.statements import columns

_TASK = AnnotationTask._meta.db_table
_IMAGE = AnnotationImage._meta.db_table
_ANNOTATION = Annotation._meta.db_table
_SKIP = Skip._meta.db_table
# Which of the known answers a person sees when is their own, and the same when asked again.
_UNSEEN = f"""
    INSERT INTO {_TASK} AS made (image_id, dataset_id, slot, state, check_of_id, holder_id, token,
        leased_at, lease_until, closed_reason)
    SELECT image.id, image.dataset_id, 0, 'leased', %(user)s, %(user)s, %(token)s,
        %(at)s, %(until)s, ''
    FROM {_IMAGE} AS image
    WHERE image.dataset_id = %({{dataset}})s AND image.truth IS NOT NULL
        AND image.broken = ''{{when}}
        AND NOT EXISTS (
            SELECT 1 FROM {_TASK} AS mine WHERE mine.image_id = image.id AND %(user)s IN
                (mine.annotator_id, mine.holder_id, mine.reserved_for_id, mine.check_of_id)
        )
        AND NOT EXISTS (
            SELECT 1 FROM {_SKIP} AS skip JOIN {_TASK} AS skipped ON skipped.id = skip.task_id
            WHERE skipped.image_id = image.id AND skip.annotator_id = %(user)s
        )
    ORDER BY hashtextextended(concat_ws(' ', %(user)s::bigint, image.id), 0), image.id LIMIT 1
    ON CONFLICT DO NOTHING
    RETURNING {columns(AnnotationTask, "made")}
"""  # nosec B608
# A draw that depends on the person and on what they did last: asking again draws nothing new.
_DUE = f"""
        AND (SELECT dataset.truth_share * 100 FROM {Dataset._meta.db_table} AS dataset
            WHERE dataset.id = %({{dataset}})s)
        > (hashtextextended(concat_ws(' ', %({{dataset}})s::bigint, %(user)s::bigint,
            (SELECT id FROM {_ANNOTATION} WHERE by_id = %(user)s
                ORDER BY created_at DESC, id DESC LIMIT 1),
            (SELECT max(id) FROM {_SKIP} WHERE annotator_id = %(user)s)), 0) & 2147483647) %% 10000
"""  # nosec B608
PRACTISE_NOW = _UNSEEN.replace("{when}", "")
CHECK_NOW = _UNSEEN.replace("{when}", _DUE)


class Score(NamedTuple):
    """How near an annotation is to the known answer."""

    overlap: float
    tags_right: bool
    box: Box
    tags: Tags


def score(box: Box, tags: Tags, truth: dict) -> Score:
    """Compare what somebody said with the known answer of an image."""
    right = Box(*truth["bbox"])
    right_tags = Tags(**{name: bool(truth[name]) for name in Tags._fields})
    near = overlap(Box(*map(float, box)), right)
    return Score(overlap=near, tags_right=tags == right_tags, box=right, tags=right_tags)


class Practice(NamedTuple):
    done: int
    of: int


def practice_of(user: User, dataset: Dataset) -> Practice:
    """Return how many of a practice dataset's images a person has seen, and of how many."""
    mine = AnnotationTask.objects.filter(dataset=dataset, check_of=user)
    done = mine.filter(state__in=[TaskState.SUBMITTED, TaskState.SKIPPED]).count()
    return Practice(done, dataset.images.filter(truth__isnull=False).count())


class NoAnswerToKeep(Exception):
    """The task has no accepted annotation that could be a known answer."""


@transaction.atomic
def make_known_answer(task: AnnotationTask, *, by: User, at: datetime) -> AnnotationImage:
    """Let the accepted annotation of a task be the known answer by which others are checked.

    Raises NoAnswerToKeep.
    """
    drawn = task.annotations.filter(current=True, task__state=TaskState.ACCEPTED).first()
    if drawn is None or task.check_of_id is not None:
        raise NoAnswerToKeep(str(task.pk))
    truth = {"bbox": [float(number) for number in drawn.box], **drawn.tags._asdict()}
    return _know(task, truth, by, at)


@transaction.atomic
def forget_known_answer(task: AnnotationTask, *, by: User, at: datetime) -> AnnotationImage:
    """Check nobody else by this task's image; scores so far stay."""
    return _know(task, None, by, at)


def _know(task: AnnotationTask, truth: dict | None, by: User, at: datetime) -> AnnotationImage:
    image = AnnotationImage.objects.select_for_update().get(pk=task.image_id)
    before = snapshot(image)
    image.truth = truth
    image.save(update_fields=["truth"])
    change = Change(image, before, snapshot(image))
    record([change], by=by, at=at, action=AuditEntry.Action.CHANGED)
    return image
