"""Tasks, annotations and their history as the workbench reads them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import get_language

from apps.accounts.models import User
from apps.annotation.models import (
    Annotation,
    AnnotationImage,
    AnnotationTask,
    Dataset,
    Draft,
    Review,
)
from apps.annotation.services.agreeing import others_on
from apps.annotation.services.checking import practice_of
from apps.annotation.services.reviewing import images_after
from apps.catalogue.models import Landmark, LandmarkName
from apps.catalogue.models.naming import name_for
from apps.operations.statements import fetch_one

UPCOMING = 3
_TASK = AnnotationTask._meta.db_table
_IMAGE = AnnotationImage._meta.db_table
# Every annotator asks for this after every image: one written statement, and not eight.
_SHOWN = f"""
    SELECT dataset.name, dataset.practice, image.id, image.width, image.height, image.suggestion,
        image.landmark_id, landmark.slug,
        (
            SELECT jsonb_agg(jsonb_build_array(name.language, name.kind, name.text))
            FROM {LandmarkName._meta.db_table} AS name WHERE name.landmark_id = image.landmark_id
        ),
        draft.content,
        ARRAY(
            SELECT following.image_id FROM {_TASK} AS following
            WHERE following.dataset_id = task.dataset_id AND following.state = 'open'
                AND following.reserved_for_id IS NULL
            ORDER BY following.slot, following.ease, following.id LIMIT {UPCOMING}
        )
    FROM {_TASK} AS task
    JOIN {_IMAGE} AS image ON image.id = task.image_id
    JOIN {Dataset._meta.db_table} AS dataset ON dataset.id = task.dataset_id
    LEFT JOIN {Landmark._meta.db_table} AS landmark ON landmark.id = image.landmark_id
    LEFT JOIN {Draft._meta.db_table} AS draft
        ON draft.task_id = task.id AND draft.annotator_id = %(user)s
    WHERE task.id = %(task)s
"""  # nosec B608


def bbox(annotation: Annotation) -> list[int | float]:
    return [_plain(number) for number in annotation.box]


def _plain(number: Decimal) -> int | float:
    """Return a whole number as an int: what was drawn reads back as it was sent."""
    return int(number) if number == int(number) else float(number)


def landmark_shape(landmark: Landmark | None) -> dict | None:
    if landmark is None:
        return None
    return {"id": landmark.pk, "name": landmark.name_in(get_language()) or landmark.slug}


def image_shape(task: AnnotationTask) -> dict:
    image = task.image
    return {"id": image.pk, "url": image.url, "width": image.width, "height": image.height}


def image_url(image: int) -> str:
    return reverse("annotation:image", args=[image])


def annotation_shape(annotation: Annotation) -> dict:
    return {
        "id": annotation.pk,
        "bbox": bbox(annotation),
        **annotation.tags._asdict(),
        "landmark": landmark_shape(annotation.landmark),
        "other": annotation.other,
        "by": annotation.by.get_username() if annotation.by else None,
        "at": annotation.created_at.isoformat(),
    }


class _Shown(NamedTuple):
    """What the editor shows of a task beside the task's own row."""

    dataset: str
    practice: bool
    image: int
    width: int
    height: int
    suggestion: str | None  # JSON
    landmark: int | None
    slug: str | None
    names: str | None  # JSON
    draft: str | None  # JSON
    upcoming: list[int]


class _Name(NamedTuple):
    language: str
    kind: str
    text: str


def claim_shape(task: AnnotationTask, *, by: User) -> dict:
    """Return what an annotator gets with a task."""
    shown = _Shown(*fetch_one(_SHOWN, {"task": task.pk, "user": by.pk}))
    claim = {
        "task": {
            "id": task.pk,
            "token": str(task.token),
            "lease_until": task.lease_until.isoformat(),
            "dataset": {"id": task.dataset_id, "name": shown.dataset},
            "image": {
                "id": shown.image,
                "url": image_url(shown.image),
                "width": shown.width,
                "height": shown.height,
            },
            "landmark": _place_shape(shown),
            "suggestion": _read(shown.suggestion),
            "draft": _read(shown.draft),
            "earlier": _earlier(task, by),
        },
        "upcoming": [image_url(image) for image in shown.upcoming],
    }
    if shown.practice:
        claim["task"]["practice"] = practice_of(by, task.dataset)._asdict()
    return claim


def _place_shape(shown: _Shown) -> dict | None:
    if shown.landmark is None:
        return None
    names = [_Name(*name) for name in _read(shown.names) or []]
    return {"id": shown.landmark, "name": name_for(names, get_language()) or shown.slug}


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _earlier(task: AnnotationTask, by: User) -> dict | None:
    """Return what this person said of the image before, and why it came back."""
    if task.annotator_id != by.pk:
        return None
    drawn = task.annotations.select_related("by", "landmark")
    annotation = drawn.filter(by=by).order_by("-pk").first()
    if annotation is None:
        return None
    review = Review.objects.filter(annotation=annotation).first()
    return {**annotation_shape(annotation), "reason": review.reason if review else ""}


def review_shape(task: AnnotationTask, *, by: User) -> dict:
    """Return what a reviewer gets: the task, the annotation to judge, what others say of the
    same image, and all that went before."""
    annotations = list(
        task.annotations.select_related("by", "landmark").prefetch_related("landmark__names")
    )
    current = max(
        (annotation for annotation in annotations if annotation.current),
        key=lambda annotation: annotation.pk,
    )
    return {
        "task": {
            "id": task.pk,
            "review_until": task.review_until.isoformat(),
            "dataset": {"id": task.dataset_id, "name": task.dataset.name},
            "image": image_shape(task),
            "landmark": landmark_shape(task.image.landmark),
        },
        "annotation": annotation_shape(current),
        "others": [
            {
                **annotation_shape(other.annotation),
                "overlap": round(other.overlap, 3),
                "same_tags": other.same_tags,
                "same_place": other.same_place,
                "differs": other.differs(task.dataset),
            }
            for other in (others_on(current, task) if task.dataset.redundancy > 1 else [])
        ],
        "history": _history(task, annotations),
        "upcoming": [image_url(image) for image in images_after(task, by=by)],
    }


def _history(task: AnnotationTask, annotations: list[Annotation]) -> list[dict]:
    """Return everything that happened to a task, oldest first."""
    kinds = {
        Annotation.Origin.DRAWN: "submitted",
        Annotation.Origin.FIXED: "fixed",
        Annotation.Origin.IMPORTED: "imported",
    }
    events = [
        {"kind": kinds[annotation.origin], "reason": "", **annotation_shape(annotation)}
        for annotation in annotations
    ]
    for review in task.reviews.select_related("reviewer"):
        if review.verdict != Review.Verdict.FIXED:
            events.append(
                {
                    "kind": review.verdict,
                    "reason": review.reason,
                    "by": review.reviewer.get_username(),
                    "at": review.created_at.isoformat(),
                }
            )
    for skip in task.skips.select_related("annotator"):
        events.append(
            {
                "kind": "skipped",
                "reason": skip.reason,
                "by": skip.annotator.get_username(),
                "at": skip.skipped_at.isoformat(),
            }
        )
    return sorted(events, key=lambda event: event["at"])
