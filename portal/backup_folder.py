"""What a backup holds, and whether it is whole.

manifest.json    what it is; written last, so that half a backup has none
database.dump    pg_dump's own format
files.jsonl      one line for each file: where it belongs, its name, bytes and SHA-256
files/<area>/…   the files: media, models, secrets
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
LIST = "files.jsonl"
FILES = "files"
CHUNK = 1 << 20


class BackupRefused(Exception):
    """Nothing was done; the message says why, and what to do."""


class StoredFile(NamedTuple):
    """A file of a backup. area: media, models or secrets. bytes: its length."""

    area: str
    name: str
    bytes: int
    sha256: str


def read_manifest(folder: Path) -> dict:
    """Return what a backup says of itself. Raises BackupRefused."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError:
        raise BackupRefused(f"{folder} holds no whole backup: {MANIFEST} is not there.") from None
    except (OSError, ValueError) as reason:
        raise BackupRefused(f"{folder / MANIFEST} cannot be read: {reason}.") from reason
    if manifest.get("format") != FORMAT:
        raise BackupRefused(f"{folder} was made by another Gilnun, which must restore it.")
    return manifest


def listed_files(folder: Path) -> Iterator[StoredFile]:
    """Yield the files of a backup."""
    with (folder / LIST).open(encoding="utf-8") as file:
        for line in file:
            yield StoredFile(**json.loads(line))


def path_of(folder: Path, file: StoredFile) -> Path:
    """Return where a file of a backup lies. Raises BackupRefused for a name that leads outside."""
    root = (folder / FILES / file.area).resolve()
    path = (root / file.name).resolve()
    if not path.is_relative_to(root):
        raise BackupRefused(f"{folder / LIST} names a file outside the backup: {file.name}.")
    return path


def verify(folder: Path) -> dict:
    """Read a whole backup and return its manifest. Raises BackupRefused, naming what is damaged."""
    manifest = read_manifest(folder)
    for name in (DUMP, LIST):
        path = folder / name
        if not path.is_file() or checksum(path) != manifest["sha256"][name]:
            raise BackupRefused(f"{path} is damaged. Nothing was changed.")
    for file in listed_files(folder):
        path = path_of(folder, file)
        if not path.is_file() or checksum(path) != file.sha256:
            raise BackupRefused(f"{path} is damaged. Nothing was changed.")
    return manifest


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return checksum_of(file)


def checksum_of(file: BinaryIO) -> str:
    """Return the SHA-256 of what is left of an open file."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def copy_with_checksum(source: BinaryIO, target: Path) -> tuple[int, str]:
    """Write a file that only we may read; return its length in bytes and its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, length = hashlib.sha256(), 0
    target.touch(mode=0o600)
    with target.open("wb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            length += file.write(chunk)
    return length, digest.hexdigest()
