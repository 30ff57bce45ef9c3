"""AI Hub's annotations, stored as completed ones.

Millions of rows: they go in by COPY, and nothing is read back. The ids are drawn from the
sequences first, so that a task can name its image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import DataError, IntegrityError, connection, models, transaction

from apps.annotation.aihub import Document
from apps.annotation.models import Annotation, AnnotationImage, AnnotationTask, Dataset
from apps.annotation.services.places import ClassLandmarks
from apps.annotation.services.preparing import dataset_named
from apps.annotation.workflow import TaskState
from apps.catalogue.models import License

SOURCE = "aihub"
LONGEST_NAME = 300
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"))


class LabelFile(NamedTuple):
    """A label file that was read; `picture` is the path of its picture, "" where none is."""

    path: str
    document: Document
    picture: str


class Stored(NamedTuple):
    added: int
    refused: list[tuple[str, str]]  # path, reason


class AihubStore:
    """Stores label files batch by batch; what is stored already is left as it is."""

    def __init__(self, *, at: datetime, dataset: Dataset | None = None):
        self._at = at
        self._into = dataset
        self._datasets: dict[tuple[str, str, int], Dataset] = {}
        self._licenses: dict[str, int] = {}
        self.landmarks = ClassLandmarks(at=at)

    @property
    def datasets(self) -> list[int]:
        """The datasets that the files read so far belong to."""
        return [dataset.pk for dataset in self._datasets.values()]

    def store(self, files: Sequence[LabelFile]) -> Stored:
        """Store the new ones of some files. What the database refuses is told, one by one."""
        by_dataset: dict[int, dict[str, LabelFile]] = {}
        for file in files:
            dataset = self._dataset(file.document)
            by_dataset.setdefault(dataset.pk, {}).setdefault(file.document.image_id, file)
        self.landmarks.look_again()
        added, refused = 0, []
        for dataset, wanted in by_dataset.items():
            new = self._new(dataset, wanted)
            stored = self._store_new(dataset, new)
            added += stored.added
            refused += stored.refused
        return Stored(added, refused)

    def _new(self, dataset: int, wanted: dict[str, LabelFile]) -> list[LabelFile]:
        known = AnnotationImage.objects.filter(dataset=dataset, external_id__in=list(wanted))
        for image_id in known.values_list("external_id", flat=True):
            del wanted[image_id]
        return list(wanted.values())

    def _store_new(self, dataset: int, files: list[LabelFile]) -> Stored:
        # What the rows lean on comes first: it stays where they are refused.
        leaning = [
            {
                "dataset_id": dataset,
                "license_id": self._license(file.document.possession),
                "landmark_id": self.landmarks.of(file.document.place),
            }
            for file in files
        ]
        return self._store_rows(files, leaning)

    def _store_rows(self, files: list[LabelFile], leaning: list[dict]) -> Stored:
        if not files:
            return Stored(0, [])
        try:
            with transaction.atomic():
                self._copy_rows(files, leaning)
            return Stored(len(files), [])
        except (DataError, IntegrityError) as fault:
            if len(files) == 1:
                return Stored(0, [(files[0].path, str(fault).splitlines()[0])])
        middle = len(files) // 2
        one = self._store_rows(files[:middle], leaning[:middle])
        other = self._store_rows(files[middle:], leaning[middle:])
        return Stored(one.added + other.added, one.refused + other.refused)

    def _copy_rows(self, files: list[LabelFile], leaning: list[dict]) -> None:
        images = _new_keys(AnnotationImage, len(files))
        tasks = _new_keys(AnnotationTask, len(files))
        boxes = [
            (task, place["landmark_id"], box)
            for task, place, file in zip(tasks, leaning, files, strict=True)
            for box in file.document.boxes
        ]
        annotations = _new_keys(Annotation, len(boxes))
        _copy(
            AnnotationImage,
            [
                {"id": key, **place, **self._image(file)}
                for key, place, file in zip(images, leaning, files, strict=True)
            ],
            every={
                **dict.fromkeys(("file", "sha256", "file_sha256", "broken", "credit"), ""),
                "created_at": self._at,
            },
        )
        _copy(
            AnnotationTask,
            [
                {"id": key, "image_id": image, "dataset_id": place["dataset_id"]}
                for key, image, place in zip(tasks, images, leaning, strict=True)
            ],
            every={
                "slot": 1,
                "state": TaskState.ACCEPTED.value,
                "submitted_at": self._at,
                "completed_at": self._at,
                "closed_reason": "",
            },
        )
        _copy(
            Annotation,
            [
                {
                    "id": key,
                    "task_id": task,
                    "landmark_id": landmark,
                    "external_id": box.external_id,
                    **box.box._asdict(),
                    **box.tags._asdict(),
                }
                for key, (task, landmark, box) in zip(annotations, boxes, strict=True)
            ],
            every={
                "origin": Annotation.Origin.IMPORTED.value,
                "current": True,
                "other": "",
                "created_at": self._at,
            },
        )

    def _image(self, file: LabelFile) -> dict:
        document = file.document
        return {
            "name": document.file_name[-LONGEST_NAME:],
            "original": file.picture,
            "external_id": document.image_id,
            "width": document.width,
            "height": document.height,
            "stated": document.stated,
        }

    def _dataset(self, document: Document) -> Dataset:
        key = (document.description, document.version, document.year)
        if key not in self._datasets:
            self._datasets[key] = (
                self._into
                or dataset_named(
                    f"{document.description} {document.version} ({document.year})"[:200],
                    at=self._at,
                    description=document.description,
                    url=document.url[:200],
                    version=document.version[:40],
                    year=document.year,
                    source=SOURCE,
                )[0]
            )
        return self._datasets[key]

    def _license(self, possession: str) -> int:
        """Return the license of an owner: it may train, and is not shown until staff say so."""
        if possession not in self._licenses:
            code = f"AIHUB-{hashlib.sha256(possession.encode()).hexdigest()[:8].upper()}"
            license, _ = License.objects.get_or_create(
                code=code,
                defaults={
                    "name": f"AI Hub: {possession}"[:200],
                    "holder": possession[:200],
                    "may_train": True,
                },
            )
            self._licenses[possession] = license.pk
        return self._licenses[possession]


def _new_keys(model: type[models.Model], count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [key for (key,) in cursor.fetchall()]


def _copy(model: type[models.Model], rows: list[dict], *, every: dict) -> None:
    """Write rows by COPY; `every` holds what all have. Columns without a name stay NULL."""
    named = ", ".join(f'"{column}"' for column in (*rows[0], *every))
    end = "\t" + "\t".join(map(_field, every.values())) + "\n"
    lines = ["\t".join(map(_field, row.values())) + end for row in rows]
    statement = f'COPY "{model._meta.db_table}" ({named}) FROM STDIN'
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write("".join(lines))


def _field(value: object) -> str:
    """Return a value as a field of PostgreSQL's text format."""
    if value is None:
        return "\\N"
    text = str(value)
    for character, escaped in _ESCAPES:
        if character in text:
            text = text.replace(character, escaped)
    return text
