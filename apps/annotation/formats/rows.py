"""What a format gets to write, and where it writes many small files."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from apps.annotation.shapes import Box, Tags

# Zip files hold times; a fixed one keeps the bytes of the same data the same.
EPOCH = (1980, 1, 1, 0, 0, 0)


class ExportedDataset(NamedTuple):
    name: str
    description: str
    url: str
    version: str
    year: int


class Place(NamedTuple):
    """A landmark as the formats write it; texts are "" where nothing is known."""

    id: int
    slug: str
    name_ko: str
    name_en: str
    region1: str
    region2: str
    type1: str
    type2: str
    address: str
    aihub_id: str


class Row(NamedTuple):
    """One completed annotation with its image; rows of one image follow each other."""

    id: int
    external_id: str
    box: Box
    tags: Tags
    place: Place | None
    other: str
    image_id: int
    image_name: str
    image_external_id: str
    image_width: int
    image_height: int
    stated: dict | None
    license_code: str
    license_name: str
    license_url: str
    license_holder: str

    @property
    def label(self) -> str:
        """The class by which the formats with plain labels know the place."""
        if self.place:
            return self.place.slug
        return self.other or "unknown"


class Folder(Protocol):
    def write(self, name: str, text: str) -> None:
        """Write a text file; names are relative."""

    def write_from(self, name: str, content: BinaryIO) -> None:
        """Write a file that is compressed already, piece by piece."""


class _PlainFolder:
    def __init__(self, path: Path):
        self._path = path

    def write(self, name: str, text: str) -> None:
        self._place(name).write_text(text, encoding="utf-8")

    def write_from(self, name: str, content: BinaryIO) -> None:
        with self._place(name).open("wb") as output:
            shutil.copyfileobj(content, output)

    def _place(self, name: str) -> Path:
        target = self._path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


class _ZipFolder:
    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive

    def write(self, name: str, text: str) -> None:
        self._archive.writestr(_entry(name, zipfile.ZIP_DEFLATED), text)

    def write_from(self, name: str, content: BinaryIO) -> None:
        # The size is not known beforehand: room for one beyond 4 GB.
        with self._archive.open(_entry(name, zipfile.ZIP_STORED), "w", force_zip64=True) as output:
            shutil.copyfileobj(content, output, 1 << 20)


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=EPOCH)
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    return entry


@contextmanager
def folder(target: Path) -> Iterator[Folder]:
    """Open a folder to write to, or go on with it; one that ends in .zip becomes one archive."""
    if target.suffix.lower() == ".zip":
        with zipfile.ZipFile(target, "a") as archive:
            yield _ZipFolder(archive)
    else:
        target.mkdir(parents=True, exist_ok=True)
        yield _PlainFolder(target)


class Stems:
    """Names without suffix for files beside the images; never the same one twice."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def of(self, row: Row) -> str:
        folder, _, last = row.image_name.rpartition("/")
        stem = last.rsplit(".", 1)[0] or last
        name = f"{folder}/{stem}" if folder else stem
        if hash(name) in self._seen:
            name = f"{name}-{row.image_id}"
        self._seen.add(hash(name))
        return name


class Classes:
    """Numbers for labels in the order in which they first appear."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, label: str) -> int:
        return self.numbers.setdefault(label, len(self.numbers))
