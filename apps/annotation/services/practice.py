"""A dataset to practise on, made of pictures whose right answers are known."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from apps.annotation.models import AnnotationImage, AnnotationTask, Dataset
from apps.annotation.pictures import prepare_picture
from apps.annotation.services.preparing import dataset_named, store_file
from apps.annotation.shapes import TAGS
from apps.catalogue.models import Landmark, License

NAME = "연습 (Practice)"


class KnownAnswer(NamedTuple):
    """A picture of a manifest, below the manifest's folder, with what is right about it."""

    file: str
    slug: str
    truth: dict


def read_answers(folder: Path, *, split: str) -> list[KnownAnswer]:
    """Return the pictures of a split of `manifest.csv` that show a landmark."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        return [
            KnownAnswer(
                file=row["file"],
                slug=row["slug"],
                truth={
                    "bbox": [int(row[name]) for name in ("x", "y", "width", "height")],
                    **{tag: row[tag] == "1" for tag in TAGS},
                },
            )
            for row in csv.DictReader(lines)
            if row["split"] == split and row["x"]
        ]


def add_practice_dataset(
    folder: Path, *, split: str, license: License, source: str, at: datetime
) -> int:
    """Let every annotator practise on the pictures of a split; return how many were added."""
    dataset, _ = dataset_named(
        NAME,
        at=at,
        description=NAME,
        needs_review=False,
        open_to_all=True,
        practice=True,
        source=source,
    )
    known = set(dataset.images.values_list("name", flat=True))
    new = [answer for answer in read_answers(folder, split=split) if answer.file not in known]
    landmarks = Landmark.objects.in_bulk({answer.slug for answer in new}, field_name="slug")
    images = []
    for answer in new:
        picture = prepare_picture(
            (folder / answer.file).read_bytes(),
            max_pixels=settings.PHOTO_MAX_PIXELS,
            min_side=settings.PHOTO_MIN_SIDE,
        )
        image = AnnotationImage(
            dataset=dataset,
            name=answer.file,
            sha256=picture.sha256,
            width=picture.width,
            height=picture.height,
            license=license,
            landmark=landmarks.get(answer.slug),
            truth=answer.truth,
            created_at=at,
        )
        store_file(image, picture)
        images.append(image)
    AnnotationImage.objects.bulk_create(images, ignore_conflicts=True)
    return len(images)


@transaction.atomic
def remove_practice_dataset(*, source: str) -> int:
    """Take the practice dataset of a source away, with what was drawn on it."""
    datasets = Dataset.objects.filter(practice=True, source=source)
    images = list(AnnotationImage.objects.filter(dataset__in=datasets))
    AnnotationTask.objects.filter(dataset__in=datasets).delete()
    datasets.delete()
    transaction.on_commit(lambda: [image.file.delete(save=False) for image in images])
    return len(images)
