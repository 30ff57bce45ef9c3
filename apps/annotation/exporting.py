"""One export: completed annotations → format → file.

Rows are read through a cursor of the database and written as they come: memory does not
grow with the dataset. They come in a fixed order, so that the same data gives the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from django.db import Error, connection
from django.db.models import Count, F, QuerySet

from apps.annotation.formats import FORMATS, ONE_FILE, PICTURES
from apps.annotation.formats.rows import ExportedDataset, Place, Row, Stems, folder
from apps.annotation.models import Annotation, AnnotationImage, Dataset
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


PICTURES_AT_ONCE = 200
TOLD_EVERY = 500
# AI Hub keeps labels and pictures in two folders of these names.
LABELS = {"aihub": "[라벨]"}

Progress = Callable[[int], None]
OpenPicture = Callable[[AnnotationImage], BinaryIO]


class Selection(NamedTuple):
    """Which of a dataset's completed annotations are wanted; the days are in local time."""

    landmark: int | None = None
    first: date | None = None  # day of completion
    last: date | None = None


EVERYTHING = Selection()


class Summary(NamedTuple):
    """What an export holds, and what it leaves out."""

    annotations: int
    images: int
    left_out: int  # annotations of images whose license forbids training
    not_completed: int  # tasks
    pictures: int = 0
    without_picture: int = 0


class PictureNotThere(Exception):
    """Raised by what opens pictures, where there is none."""


def build(
    dataset: Dataset,
    *,
    format: str,
    target: Path,
    chosen: Selection = EVERYTHING,
    open_picture: OpenPicture | None = None,
    progress: Progress = lambda written: None,
) -> Summary:
    """Write a dataset's completed annotations to a file or folder.

    With `open_picture` the pictures stand beside them, in a folder or an archive (.zip); it
    raises PictureNotThere. `progress` hears how many annotations and pictures are written.
    """
    with _without_time_limit(), tempfile.TemporaryFile("w+", encoding="utf-8") as listed:
        found = _chosen(dataset, chosen)
        may_train = found.filter(task__image__license__may_train=True)
        counted = _Counted(rows(dataset, may_train), progress)
        if open_picture is None:
            FORMATS[format](_exported(dataset), counted, target)
            pictures, missing = 0, 0
        else:
            _write_beside_pictures(format, _exported(dataset), counted, target, listed)
            already = counted.annotations
            pictures, missing = _write_pictures(
                target, listed, open_picture, lambda written: progress(already + written)
            )
        return Summary(
            annotations=counted.annotations,
            images=counted.images,
            left_out=found.filter(task__image__license__may_train=False).count(),
            not_completed=dataset.tasks.of_the_dataset().filter(completed_at=None).count(),
            pictures=pictures,
            without_picture=missing,
        )


@contextmanager
def _without_time_limit() -> Iterator[None]:
    """A million rows take longer to sort than a page may take; nobody waits in a browser."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    try:
        yield
    finally:
        # After a fault the connection may be gone, and its settings with it.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


def expected(dataset: Dataset, chosen: Selection, *, with_images: bool) -> int:
    """Return how many annotations and pictures an export will write."""
    found = _chosen(dataset, chosen).filter(task__image__license__may_train=True)
    images = found.values("task__image").distinct().count() if with_images else 0
    return found.count() + images


class _Counted:
    """Rows on their way to a format, counted."""

    def __init__(self, rows: Iterator[Row], progress: Progress):
        self._rows = rows
        self._progress = progress
        self.annotations = 0
        self.images = 0

    def __iter__(self) -> Iterator[Row]:
        last = None
        for row in self._rows:
            self.annotations += 1
            self.images += row.image_id != last
            last = row.image_id
            if self.annotations % TOLD_EVERY == 0:
                self._progress(self.annotations)
            yield row


def _write_beside_pictures(
    format: str, exported: ExportedDataset, rows: _Counted, target: Path, listed: TextIO
) -> None:
    """Write the annotations with names that pictures can have, and list these names."""
    named = _named_like_pictures(rows, listed, format)
    if format not in ONE_FILE:
        FORMATS[format](exported, named, target)
        return
    with tempfile.TemporaryDirectory(dir=target.parent) as made, folder(target) as files:
        document = Path(made) / ONE_FILE[format]
        FORMATS[format](exported, named, document)
        with document.open("rb") as content:
            files.write_from(document.name, content)


def _named_like_pictures(rows: Iterator[Row], listed: TextIO, format: str) -> Iterator[Row]:
    """Yield the rows with a name for each image that no other has: pictures are JPEG files."""
    stems = Stems()
    labels = f"{LABELS[format]}/" if format in LABELS else ""
    last, name = None, ""
    for row in rows:
        if row.image_id != last:
            name = f"{stems.of(row)}.jpg"
            if labels and "/" not in name:
                # There a picture is found by the folder of its class.
                name = f"{safe_name(row.label)}/{name}"
            listed.write(f"{row.image_id} {PICTURES[format]}/{name}\n")
            last = row.image_id
        yield row._replace(image_name=labels + name)


def _write_pictures(
    target: Path, listed: TextIO, open_picture: OpenPicture, progress: Progress
) -> tuple[int, int]:
    """Write the listed pictures; return how many there were, and how many were not there."""
    listed.seek(0)
    written = missing = 0
    lines = (line.rstrip("\n").split(" ", 1) for line in listed)
    with folder(target) as files:
        while batch := list(islice(lines, PICTURES_AT_ONCE)):
            images = AnnotationImage.objects.in_bulk([int(image) for image, _ in batch])
            for image, name in batch:
                try:
                    with open_picture(images[int(image)]) as content:
                        files.write_from(name, content)
                    written += 1
                except (PictureNotThere, KeyError):
                    missing += 1
            progress(written + missing)
    return written, missing


def _exported(dataset: Dataset) -> ExportedDataset:
    return ExportedDataset(
        name=dataset.name,
        description=dataset.description or dataset.name,
        url=dataset.url,
        version=dataset.version,
        year=dataset.year,
    )


def completed(dataset: Dataset) -> QuerySet[Annotation]:
    """Return the annotations that are data: accepted, or submitted where nobody reviews."""
    return Annotation.objects.filter(
        current=True, task__dataset=dataset, task__completed_at__isnull=False
    )


def learnable_datasets() -> list[tuple[int, str, int]]:
    """Return number, name and how many completed annotations may train, of datasets with any."""
    found = (
        Annotation.objects.filter(
            current=True,
            task__completed_at__isnull=False,
            task__image__license__may_train=True,
        )
        .values_list("task__dataset", "task__dataset__name")
        .annotate(annotations=Count("pk"))
    )
    return list(found.order_by("-task__dataset"))


def _chosen(dataset: Dataset, chosen: Selection) -> QuerySet[Annotation]:
    found = completed(dataset)
    if chosen.landmark is not None:
        found = found.filter(landmark=chosen.landmark)
    if chosen.first is not None:
        found = found.filter(task__completed_at__date__gte=chosen.first)
    if chosen.last is not None:
        found = found.filter(task__completed_at__date__lte=chosen.last)
    return found


def rows(dataset: Dataset, found: QuerySet[Annotation]) -> Iterator[Row]:
    """Yield annotations image by image."""
    places = _Places(dataset)
    ordered = found.annotate(**_IMAGE).order_by("task__image_id", "pk")
    named = ordered.values_list(*_COLUMNS, *_IMAGE, named=True)
    # Outside a transaction the database keeps the result by itself: what takes long here does
    # not hold back its housekeeping.
    for found_row in named.iterator(chunk_size=CHUNK):
        yield _row(found_row, places)


def _row(found, places: _Places) -> Row:
    return Row(
        id=found.pk,
        external_id=found.external_id,
        box=Box(*map(plain, (found.x, found.y, found.width, found.height))),
        tags=Tags(found.truncated, found.occluded, found.reflection, found.none_of_these),
        place=places[found.landmark_id],
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


class _Places(dict[int | None, Place | None]):
    """The landmarks of a dataset's annotations, by their keys."""

    def __init__(self, dataset: Dataset):
        named = Annotation.objects.filter(task__dataset=dataset, current=True).values("landmark")
        landmarks = Landmark.objects.filter(pk__in=named).with_names()
        super().__init__({landmark.pk: _place(landmark) for landmark in landmarks})
        self[None] = None

    def __missing__(self, key: int) -> Place | None:
        """Look up a place that an annotation was given since the export began."""
        landmark = Landmark.objects.filter(pk=key).with_names().first()
        self[key] = _place(landmark) if landmark else None
        return self[key]


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
