"""One export: completed annotations → format → file.

Rows are read through a cursor of the database and written as they come: memory does not
grow with the dataset. They come in a fixed order, so that the same data gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from apps.annotation.formats import FORMATS
from apps.annotation.formats.rows import ExportedDataset, Place, Row
from apps.annotation.models import Annotation, Dataset
from apps.annotation.shapes import Box, Tags
from apps.catalogue.models import Landmark

CHUNK = 2000
_COLUMNS = (
    "pk",
    "external_id",
    "x",
    "y",
    "width",
    "height",
    "truncated",
    "occluded",
    "reflection",
    "none_of_these",
    "other",
    "landmark_id",
)
_IMAGE = {
    "image_id": F("task__image_id"),
    "image_name": F("task__image__name"),
    "image_external_id": F("task__image__external_id"),
    "image_width": F("task__image__width"),
    "image_height": F("task__image__height"),
    "stated": F("task__image__stated"),
    "license_code": F("task__image__license__code"),
    "license_name": F("task__image__license__name"),
    "license_url": F("task__image__license__url"),
    "license_holder": F("task__image__license__holder"),
}


class Summary(NamedTuple):
    """What an export holds, and what it leaves out."""

    annotations: int
    images: int
    left_out: int  # annotations of images whose license forbids training
    not_completed: int  # tasks


def build(dataset: Dataset, *, format: str, target: Path) -> Summary:
    """Write a dataset's completed annotations to a file or folder."""
    counted = {"annotations": 0, "images": 0}
    with transaction.atomic():  # the cursor lives in a transaction
        FORMATS[format](_exported(dataset), _counted(rows(dataset), counted), target)
    forbidden = _completed(dataset).filter(task__image__license__may_train=False).count()
    return Summary(
        annotations=counted["annotations"],
        images=counted["images"],
        left_out=forbidden,
        not_completed=dataset.tasks.filter(completed_at__isnull=True).count(),
    )


def _exported(dataset: Dataset) -> ExportedDataset:
    return ExportedDataset(
        name=dataset.name,
        description=dataset.description or dataset.name,
        url=dataset.url,
        version=dataset.version,
        year=dataset.year,
    )


def _completed(dataset: Dataset):
    return Annotation.objects.filter(
        current=True, task__dataset=dataset, task__completed_at__isnull=False
    )


def rows(dataset: Dataset) -> Iterator[Row]:
    """Yield what is completed and may train, image by image."""
    found = _completed(dataset).filter(task__image__license__may_train=True)
    places = _places(dataset)
    ordered = found.annotate(**_IMAGE).order_by("task__image_id", "pk")
    named = ordered.values_list(*_COLUMNS, *_IMAGE, named=True)
    for found_row in named.iterator(chunk_size=CHUNK):
        yield _row(found_row, places)


def _row(found, places: dict[int, Place]) -> Row:
    return Row(
        id=found.pk,
        external_id=found.external_id,
        box=Box(*map(plain, (found.x, found.y, found.width, found.height))),
        tags=Tags(found.truncated, found.occluded, found.reflection, found.none_of_these),
        place=places.get(found.landmark_id),
        other=found.other,
        image_id=found.image_id,
        image_name=safe_name(found.image_name),
        image_external_id=found.image_external_id,
        image_width=found.image_width,
        image_height=found.image_height,
        stated=found.stated,
        license_code=found.license_code,
        license_name=found.license_name,
        license_url=found.license_url,
        license_holder=found.license_holder,
    )


def plain(number: Decimal) -> int | float:
    """Return a whole number as an int, any other as the float that prints like it."""
    return int(number) if number == int(number) else float(number)


def safe_name(name: str) -> str:
    """Return a relative path that stays inside the folder it is written to."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "image"


def _places(dataset: Dataset) -> dict[int, Place]:
    named = Annotation.objects.filter(task__dataset=dataset, current=True).values("landmark")
    landmarks = Landmark.objects.filter(pk__in=named).with_names()
    return {landmark.pk: _place(landmark) for landmark in landmarks}


def _place(landmark: Landmark) -> Place:
    region = [node.name_in("ko") for node in landmark.region.chain()]
    category = [node.name_in("ko") for node in landmark.category.chain()]
    return Place(
        id=landmark.pk,
        slug=landmark.slug,
        name_ko=landmark.name_in("ko"),
        name_en=landmark.name_in("en"),
        region1=region[0],
        region2=region[1] if len(region) > 1 else "",
        type1=category[0],
        type2=category[1] if len(category) > 1 else "",
        address=landmark.address,
        aihub_id=str(landmark.external_ids.get("aihub", "")),
    )


def _counted(rows: Iterator[Row], counted: dict[str, int]) -> Iterator[Row]:
    last = None
    for row in rows:
        counted["annotations"] += 1
        counted["images"] += row.image_id != last
        last = row.image_id
        yield row
