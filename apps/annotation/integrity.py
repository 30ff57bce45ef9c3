"""Is every picture that a row speaks of there, whole, and as stated? Row by row, resumable."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import models
from PIL import Image

from apps.annotation.models import AnnotationImage
from apps.annotation.services.showing import (
    FILE_MISSING,
    SIZE_DIFFERS,
    PictureAway,
    PictureBroken,
    read_original,
    set_aside,
    use_again,
)
from apps.catalogue.models import Photo

ROWS_AT_ONCE = 500
LISTED = 1000
CORRUPT = "corrupt_image"
CHANGED = "hash_differs"


@dataclass
class Progress:
    """How far a check came, and what it found."""

    part: int = 0
    after: str = ""
    checked: int = 0
    faults: int = 0
    repaired: int = 0
    away: int = 0
    problems: list[dict] = field(default_factory=list)

    def note(self, row: models.Model, name: str, reason: str) -> None:
        self.faults += 1
        if len(self.problems) < LISTED:
            kind = row._meta.label_lower
            self.problems.append({"kind": kind, "id": str(row.pk), "file": name, "reason": reason})


class Checked:
    """A check that is kept in a file, so that a stopped one goes on behind its last rows."""

    def __init__(self, file: Path, *, percent: float, seed: str, at: datetime):
        self._file = file
        self._percent = percent
        self._seed = seed
        self._at = at
        self.progress = Progress()
        self._options = {"percent": percent, "seed": seed}
        try:
            kept = json.loads(file.read_text())
        except (OSError, ValueError):
            kept = {}
        if kept.get("options") == self._options:
            self.progress = Progress(**kept["progress"])

    def go_on(self) -> Iterator[Progress]:
        """Check batch after batch; yield what is known so far after each."""
        parts = (
            (Photo.objects.exclude(file=""), self._check_photo),
            (AnnotationImage.objects.exclude(file=""), self._check_image),
            (AnnotationImage.objects.filter(file="").exclude(original=""), self._check_original),
        )
        while self.progress.part < len(parts):
            rows, check = parts[self.progress.part]
            while batch := self._batch(rows):
                self._check_all(batch, check)
                self.progress.after = str(batch[-1].pk)
                self._keep()
                yield self.progress
            self.progress.part += 1
            self.progress.after = ""
        self._file.unlink(missing_ok=True)

    def _batch(self, rows: models.QuerySet) -> list[models.Model]:
        if self.progress.after:
            rows = rows.filter(pk__gt=self.progress.after)
        return list(rows.order_by("pk")[:ROWS_AT_ONCE])

    def _check_all(self, rows: list[models.Model], check: Callable) -> None:
        for row in rows:
            if self._is_drawn(row):
                self.progress.checked += 1
                check(row)

    def _is_drawn(self, row: models.Model) -> bool:
        number = zlib.crc32(f"{self._seed} {row.pk}".encode()) % 10_000
        return number < self._percent * 100

    def _keep(self) -> None:
        beside = self._file.with_suffix(".new")
        kept = {"options": self._options, "progress": asdict(self.progress)}
        beside.write_text(json.dumps(kept, ensure_ascii=False))
        beside.replace(self._file)

    def _check_photo(self, photo: Photo) -> None:
        # The name of a stored photo is the hash of what is stored.
        if reason := fault_of(photo, sha256=Path(photo.file.name).stem, size=photo.bytes):
            self.progress.note(photo, photo.file.name, reason)

    def _check_image(self, image: AnnotationImage) -> None:
        self._judge(image, image.file.name, fault_of(image, sha256=image.file_sha256))

    def _check_original(self, image: AnnotationImage) -> None:
        try:
            read_original(image)
            reason = ""
        except FileNotFoundError:
            reason = FILE_MISSING
        except PictureBroken as broken:
            reason = str(broken)
        except (PictureAway, OSError):
            self.progress.away += 1
            return
        self._judge(image, image.original, reason)

    def _judge(self, image: AnnotationImage, name: str, reason: str) -> None:
        """Mark what the workbench must pass over, and unmark what is whole again."""
        if reason:
            self.progress.note(image, name, reason)
            if image.broken != reason:
                set_aside(image, reason=reason, at=self._at)
        elif image.broken:
            use_again(image, at=self._at)
            self.progress.repaired += 1


def fault_of(row: models.Model, *, sha256: str, size: int | None = None) -> str:
    """Return what is wrong with the stored picture of a row as a code, or "".

    A hash that is not one says nothing. Raises OSError where the storage does not answer.
    """
    try:
        with row.file.open("rb") as file:
            content = file.read()
    except FileNotFoundError:
        return FILE_MISSING
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
            picture.load()
            dimensions = picture.size
    except Exception:  # broken files raise ValueError, SyntaxError and more
        return CORRUPT
    if dimensions != (row.width, row.height) or size not in (None, len(content)):
        return SIZE_DIFFERS
    if len(sha256) == 64 and hashlib.sha256(content).hexdigest() != sha256:
        return CHANGED
    return ""
