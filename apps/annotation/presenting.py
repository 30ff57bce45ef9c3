"""Tasks, annotations and their history as the workbench reads them."""

from __future__ import annotations

from decimal import Decimal

from django.urls import reverse
from django.utils.translation import get_language

from apps.accounts.models import User
from apps.annotation.models import Annotation, AnnotationTask, Draft, Review
from apps.annotation.services.agreeing import others_on
from apps.annotation.services.checking import practice_of
from apps.annotation.services.claiming import upcoming_images
from apps.annotation.services.reviewing import images_after
from apps.catalogue.models import Landmark


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


def claim_shape(task: AnnotationTask, *, by: User) -> dict:
    """Return what an annotator gets with a task."""
    draft = Draft.objects.filter(task=task, annotator=by).first()
    claim = {
        "task": {
            "id": task.pk,
            "token": str(task.token),
            "lease_until": task.lease_until.isoformat(),
            "dataset": {"id": task.dataset_id, "name": task.dataset.name},
            "image": image_shape(task),
            "landmark": landmark_shape(task.image.landmark),
            "suggestion": task.image.suggestion,
            "draft": draft.content if draft else None,
            "earlier": _earlier(task, by),
        },
        "upcoming": [image_url(image) for image in upcoming_images(task)],
    }
    if task.dataset.practice:
        claim["task"]["practice"] = practice_of(by, task.dataset)._asdict()
    return claim


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
