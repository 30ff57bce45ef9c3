"""Where several people look at one image: how far they agree, and what follows."""

from __future__ import annotations

from typing import NamedTuple

from apps.annotation.models import Annotation, AnnotationImage, AnnotationTask, Dataset
from apps.annotation.shapes import Box, overlap
from apps.annotation.workflow import TaskState


class Other(NamedTuple):
    """What another person says of the same image."""

    annotation: Annotation
    overlap: float
    same_tags: bool
    same_place: bool

    def differs(self, dataset: Dataset) -> bool:
        """Say whether somebody has to decide between the two."""
        least = dataset.least_agreement / 100
        return self.overlap < least or not self.same_tags or not self.same_place


def others_on(annotation: Annotation, task: AnnotationTask) -> list[Other]:
    """Return what the others said of a task's image, beside one annotation of it."""
    others = Annotation.objects.filter(
        task__image=task.image_id,
        task__check_of__isnull=True,
        task__state__in=[TaskState.SUBMITTED, TaskState.ACCEPTED],
        current=True,
    ).exclude(task=task)
    box = _plain(annotation.box)
    return [
        Other(
            other,
            overlap(box, _plain(other.box)),
            other.tags == annotation.tags,
            (other.landmark_id, other.other) == (annotation.landmark_id, annotation.other),
        )
        for other in others.select_related("by", "landmark").order_by("pk")
    ]


def _plain(box: Box) -> Box:
    return Box(*map(float, box))


def disagrees_with_others(task: AnnotationTask, annotation: Annotation) -> bool:
    """Say whether what was just drawn differs too much from what others said of the image.

    Then theirs, complete until now, waits for review with it. The image is locked, so that of
    two people who submit at once the second sees the first.
    """
    if task.dataset.redundancy < 2 or task.check_of_id is not None:
        return False
    AnnotationImage.objects.select_for_update().get(pk=task.image_id)
    differing = [
        other.annotation.task_id
        for other in others_on(annotation, task)
        if other.differs(task.dataset)
    ]
    if not differing:
        return False
    AnnotationTask.objects.filter(pk__in=differing, state=TaskState.SUBMITTED).update(
        completed_at=None
    )
    return True
