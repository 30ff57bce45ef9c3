"""Every picture of a folder or ZIP; a folder named after a landmark says what it shows."""

from __future__ import annotations

from collections.abc import Iterator

from apps.annotation.sources.entries import Entry
from apps.annotation.sources.files import Files
from apps.catalogue.pictures import SUFFIXES


class PlainPictures:
    def __init__(self, files: Files):
        self.files = files
        self.total = files.total
        self.notes: dict = {}

    def entries(self) -> Iterator[Entry]:
        for entry in self.files.entries():
            if not entry.refused and not entry.name.lower().endswith(SUFFIXES):
                yield entry._replace(refused="unsupported_type")
            else:
                yield entry
