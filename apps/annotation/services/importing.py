"""Pictures of a source → images and tasks of a dataset, each one checked and made anew."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple, Protocol

from django.conf import settings
from django.db import transaction

from apps.annotation.models import Dataset, ImageImport, ImportRefusal
from apps.annotation.pictures import Picture, PictureRefused, prepare_picture
from apps.annotation.services.import_runs import Refusal, note_progress
from apps.annotation.services.naming import Names
from apps.annotation.services.preparing import add_image, known_image
from apps.annotation.shapes import SMALLEST_SIDE
from apps.annotation.sources.entries import (
    NO_LICENSE,
    UNKNOWN_LANDMARK,
    UNKNOWN_LICENSE,
    Entry,
    EntryRefused,
)
from apps.annotation.sources.files import Files
from apps.catalogue.models import Landmark, License

MOST_AT_ONCE = 500
LISTED = 1000


class Source(Protocol):
    files: Files
    total: int | None
    notes: dict

    def entries(self) -> Iterator[Entry]:
        """Yield what is to be imported, in an order that stays the same."""


class Said(NamedTuple):
    """What holds for every picture of an import that says nothing else."""

    license: License | None
    landmark: Landmark | None
    credit: str


class PictureImport:
    """One import, from where it was stopped to its end or until its turn is over."""

    def __init__(self, run: ImageImport, source: Source, *, at: datetime):
        self._run = run
        self._dataset: Dataset = run.dataset
        self._source = source
        self._at = at
        self._names = Names()
        self._said = _said(run)
        self._unknown: set[str] = set(run.notes.get("unknown_categories", []))
        self._suggestions_left_out = run.notes.get("suggestions_left_out", 0)

    def go_on(self) -> Iterator[int]:
        """Import file after file; yield how many were dealt with since the last time.

        A new image and the count that it is dealt with are written in one transaction.
        """
        waiting = _Waiting()
        for entry in self._remaining():
            waiting.names.append(entry.name)
            try:
                new = self._take(entry, waiting)
            except (EntryRefused, PictureRefused) as reason:
                waiting.refused.append((entry.shown, str(reason)))
                new = False
            if new or len(waiting.names) >= MOST_AT_ONCE or waiting.is_old:
                yield self._note(waiting, added=0 if not new else None)
                waiting = _Waiting()
        if waiting.names:
            yield self._note(waiting, added=0)

    def _remaining(self) -> Iterator[Entry]:
        """Yield what the import has not dealt with; all, where the source is not as it was."""
        entries = self._source.entries()
        last = None
        for last in islice(entries, self._run.position):  # noqa: B007 – the last one counts
            pass
        if last is None or last.name == self._run.last_name:
            return entries
        ImportRefusal.objects.filter(image_import=self._run).delete()
        counted = {"position": 0, "unchanged": 0, "refused": 0}
        ImageImport.objects.filter(pk=self._run.pk).update(**counted)
        self._run.refresh_from_db()
        return self._source.entries()

    def _take(self, entry: Entry, waiting: _Waiting) -> bool:
        """Store one picture with the count; return whether it was new."""
        if entry.refused:
            raise EntryRefused(entry.refused)
        license = self._license(entry)
        landmark = self._landmark(entry)
        content = self._source.files.read(entry.name, most=settings.PHOTO_MAX_BYTES)
        if len(content) > settings.PHOTO_MAX_BYTES:
            raise PictureRefused("too_large")
        if known_image(self._dataset, hashlib.sha256(content).hexdigest()):
            return False
        picture = prepare_picture(
            content,
            max_pixels=settings.PHOTO_MAX_PIXELS,
            min_side=settings.PHOTO_MIN_SIDE,
        )
        with transaction.atomic():
            _, new = add_image(
                self._dataset,
                picture,
                name=entry.name,
                license=license,
                credit=entry.credit or self._said.credit,
                landmark=landmark,
                suggestion=self._suggestion(entry, picture),
                at=self._at,
            )
            if new:
                self._write(waiting, added=1)
        return new

    def _license(self, entry: Entry) -> License:
        if entry.licenses:
            license = self._names.license(entry.licenses)
            if license is None:
                codes = License.objects.order_by("code").values_list("code", flat=True)
                known = ", ".join(codes)
                raise EntryRefused(f"{UNKNOWN_LICENSE}: {entry.licenses[0]}; {known}")
            return license
        if self._said.license is None:
            raise EntryRefused(NO_LICENSE)
        return self._said.license

    def _landmark(self, entry: Entry) -> Landmark | None:
        if entry.landmark:
            landmark = self._names.landmark((entry.landmark,))
            if landmark is None:
                raise EntryRefused(f"{UNKNOWN_LANDMARK}: {entry.landmark}")
            return landmark
        if entry.category:
            landmark = self._names.landmark(entry.category)
            if landmark is None:
                self._unknown.add(entry.category[0])
            return landmark or self._said.landmark
        if self._said.landmark is None and entry.folder:
            return self._names.landmark((entry.folder,))
        return self._said.landmark

    def _suggestion(self, entry: Entry, picture: Picture) -> list[int] | None:
        if entry.box is None:
            return None
        suggestion = None
        if entry.box_size in (None, (picture.width, picture.height)):
            suggestion = suggested_box(entry.box, picture.width, picture.height)
        if suggestion is None:
            self._suggestions_left_out += 1
        return suggestion

    def _note(self, waiting: _Waiting, *, added: int | None) -> int:
        if added is not None:
            with transaction.atomic():
                self._write(waiting, added=added)
        self._run.refresh_from_db()
        return len(waiting.names)

    def _write(self, waiting: _Waiting, *, added: int) -> None:
        note_progress(
            self._run,
            read=len(waiting.names),
            added=added,
            refused=waiting.refused,
            last_name=waiting.names[-1],
        )
        notes = self.notes()
        if notes != self._run.notes:
            self._run.notes = notes
            ImageImport.objects.filter(pk=self._run.pk).update(notes=notes)

    def notes(self) -> dict:
        """Return what is worth knowing beside the counts."""
        notes = {**self._source.notes}
        if self._unknown:
            notes["unknown_categories"] = sorted(self._unknown)[:LISTED]
        if self._suggestions_left_out:
            notes["suggestions_left_out"] = self._suggestions_left_out
        return notes


class _Waiting:
    """Files that were dealt with and not yet counted in the database."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.refused: list[Refusal] = []
        self._since = time.monotonic()

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self._since > 1


def suggested_box(
    box: tuple[float, float, float, float], width: int, height: int
) -> list[int] | None:
    """Return a box in whole pixels inside the picture; None where too little of it is left."""
    x, y, box_width, box_height = box
    if not all(map(math.isfinite, box)):
        return None
    left, top = max(0, round(x)), max(0, round(y))
    right, bottom = min(width, round(x + box_width)), min(height, round(y + box_height))
    if right - left < SMALLEST_SIDE or bottom - top < SMALLEST_SIDE:
        return None
    return [left, top, right - left, bottom - top]


def _said(run: ImageImport) -> Said:
    options = run.options
    return Said(
        license=License.objects.filter(code=options.get("license", "")).first(),
        landmark=Landmark.objects.filter(slug=options.get("landmark", "")).first(),
        credit=options.get("credit", ""),
    )
