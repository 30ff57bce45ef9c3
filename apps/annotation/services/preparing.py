"""Datasets, their images and the people who work on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.annotation.models import AnnotationImage, AnnotationTask, Assignment, Dataset
from apps.annotation.pictures import Picture
from apps.catalogue.models import Landmark, License


def dataset_named(name: str, *, at: datetime, **fields) -> tuple[Dataset, bool]:
    """Return the dataset of a name and whether it is new; `fields` are for a new one."""
    return Dataset.objects.get_or_create(
        name=name, defaults={"year": at.year, "created_at": at} | fields
    )


@transaction.atomic
def assign(dataset: Dataset, people: Sequence[User]) -> None:
    """Let people work on a dataset, after what they were assigned before."""
    for person in people:
        last = Assignment.objects.filter(annotator=person).aggregate(last=Max("position"))["last"]
        Assignment.objects.get_or_create(
            dataset=dataset, annotator=person, defaults={"position": (last or 0) + 1}
        )


@transaction.atomic
def add_image(
    dataset: Dataset,
    picture: Picture,
    *,
    name: str,
    license: License,
    at: datetime,
    landmark: Landmark | None = None,
    suggestion: list | None = None,
    truth: dict | None = None,
) -> tuple[AnnotationImage, bool]:
    """Add a picture to a dataset, with its tasks; the same file again changes nothing.

    Returns the image and whether it is new.
    """
    known = AnnotationImage.objects.filter(dataset=dataset, sha256=picture.sha256).first()
    if known:
        return known, False
    image = AnnotationImage(
        dataset=dataset,
        name=name[-300:],
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        license=license,
        landmark=landmark,
        suggestion=suggestion,
        truth=truth,
        created_at=at,
    )
    path = f"{dataset.pk}/{picture.sha256[:2]}/{picture.sha256}.jpg"
    image.file.save(path, ContentFile(picture.content), save=False)
    try:
        image.save()
    except BaseException:
        image.file.delete(save=False)
        raise
    AnnotationTask.objects.bulk_create(
        AnnotationTask(image=image, dataset=dataset, slot=slot)
        for slot in range(1, dataset.redundancy + 1)
    )
    return image, True
