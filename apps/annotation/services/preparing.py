"""Datasets, their images and the people who work on them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
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


def known_image(dataset: Dataset, sha256: str) -> AnnotationImage | None:
    """Return the image that was made of a file, where a dataset has it already."""
    return AnnotationImage.objects.filter(dataset=dataset, sha256=sha256).first()


def add_image(
    dataset: Dataset,
    picture: Picture,
    *,
    name: str,
    license: License,
    at: datetime,
    credit: str = "",
    landmark: Landmark | None = None,
    suggestion: list | None = None,
    truth: dict | None = None,
) -> tuple[AnnotationImage, bool]:
    """Add a picture to a dataset, with its tasks; the same file again changes nothing.

    Known answers to practise on have no task: each person gets their own. Returns the image
    and whether it is new.
    """
    if known := known_image(dataset, picture.sha256):
        return known, False
    image = AnnotationImage(
        dataset=dataset,
        name=name[-300:],
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        license=license,
        credit=credit[:300],
        landmark=landmark,
        suggestion=suggestion,
        truth=truth,
        created_at=at,
    )
    store_file(image, picture)
    try:
        with transaction.atomic():
            image.save()
            if not dataset.practice:
                AnnotationTask.objects.bulk_create(
                    AnnotationTask(image=image, dataset=dataset, slot=slot)
                    for slot in range(1, dataset.redundancy + 1)
                )
    except IntegrityError:
        # Somebody else took in the same file at this moment: theirs is the row.
        if known := known_image(dataset, picture.sha256):
            return known, False
        raise
    return image, True


def store_file(image: AnnotationImage, picture: Picture) -> None:
    """Put the picture of an image into the storage, under a name that follows from the file.

    What a killed import left half-written under that name is replaced.
    """
    name = f"annotation/{image.dataset_id}/{picture.sha256[:2]}/{picture.sha256}.jpg"
    if default_storage.exists(name):
        default_storage.delete(name)
    image.file.name = default_storage.save(name, ContentFile(picture.content))
    image.file_sha256 = hashlib.sha256(picture.content).hexdigest()
