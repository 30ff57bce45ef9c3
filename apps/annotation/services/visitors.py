"""Photos that visitors left with their consent, as tasks of a dataset of their own."""

from __future__ import annotations

import logging

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.annotation.models import AnnotationImage, AnnotationTask
from apps.annotation.services.preparing import dataset_named
from apps.catalogue.models import Photo
from apps.catalogue.visitor_photos import ease_of
from apps.operations.jobs import Effect

logger = logging.getLogger(__name__)

DATASET = "Visitors' photos"


def add_visitor_photo(subject: str) -> Effect | None:
    """Make a task of a visitor's photo; a photo that was taken back makes none."""
    try:
        photo = Photo.objects.filter(pk=subject).first()
    except ValidationError:
        photo = None
    return (lambda: _add(photo)) if photo else None


def _add(photo: Photo) -> None:
    at = timezone.now()
    # It may be taken back at this very moment.
    if not Photo.objects.select_for_update().filter(pk=photo.pk).exists():
        return
    dataset, _ = dataset_named(
        DATASET,
        at=at,
        description="Photos that visitors left to learn from, with what they say they show.",
        source="visitors",
    )
    image, new = AnnotationImage.objects.get_or_create(
        dataset=dataset,
        photo=photo,
        defaults={
            "name": f"{photo.pk}.jpg",
            # One file for both: it goes when the visitor takes the photo back.
            "file": photo.file.name,
            "width": photo.width,
            "height": photo.height,
            "license": photo.license,
            "landmark": photo.landmark,
            "created_at": at,
        },
    )
    if new:
        ease = ease_of(photo)
        AnnotationTask.objects.bulk_create(
            AnnotationTask(image=image, dataset=dataset, slot=slot, ease=ease)
            for slot in range(1, dataset.redundancy + 1)
        )


def give_up_photo(subject: str, reason: str) -> None:
    """Leave a photo in the catalogue without a task; the parked job can be tried again."""
    logger.error("No task for the visitor's photo %s: %s", subject, reason)
