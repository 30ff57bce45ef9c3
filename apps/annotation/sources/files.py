"""The files of a folder or of a ZIP, named by their path below it.

Nothing of a ZIP is unpacked to disk: each file is read by itself, and only as far as a
picture may be large, whatever its header says.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from apps.annotation.sources.entries import (
    DUPLICATE_NAME,
    ENCRYPTED,
    FILE_MISSING,
    OUTSIDE,
    UNREADABLE,
    Entry,
    EntryRefused,
    SourceRefused,
)

MOST_ENTRIES = 200_000
MOST_DIRECTORY_BYTES = 32 * 1024 * 1024
# What systems put beside pictures, and nobody means to import.
COMPANIONS = ("thumbs.db", "desktop.ini")
LONGEST_NAME = 1000


class Files(Protocol):
    total: int | None

    def entries(self) -> Iterator[Entry]:
        """Yield the files in a fixed order."""

    def find(self, name: str) -> str:
        """Return the name of a file that a list speaks of. Raises EntryRefused."""

    def read(self, name: str, *, most: int) -> bytes:
        """Return at most `most` + 1 bytes of a file. Raises EntryRefused."""


class FolderFiles:
    """All files below a folder."""

    total = None

    def __init__(self, root: Path):
        self._root = root.resolve()

    def entries(self) -> Iterator[Entry]:
        for path in files_below(str(self._root)):
            if is_companion(path):
                continue
            if path.endswith("/"):
                yield Entry(path, refused=UNREADABLE)
            else:
                yield Entry(path, folder=PurePosixPath(path).parent.name)

    def find(self, name: str) -> str:
        inner = inside(name.removeprefix(f"{self._root}/"))
        path = (self._root / inner).resolve()
        if not path.is_relative_to(self._root):
            raise EntryRefused(OUTSIDE)
        if not path.is_file():
            raise EntryRefused(FILE_MISSING)
        return inner

    def read(self, name: str, *, most: int) -> bytes:
        try:
            with open(self._root / name, "rb") as file:
                return file.read(most + 1)
        except FileNotFoundError as fault:
            raise EntryRefused(FILE_MISSING) from fault
        except OSError as fault:
            raise EntryRefused(f"{UNREADABLE}: {fault.strerror}") from fault


class ArchiveFiles:
    """All files in a ZIP. Raises SourceRefused for one that cannot be read, or has too many."""

    def __init__(self, file: BinaryIO):
        _check_directory(file)
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as fault:
            raise SourceRefused("no_archive", str(fault)) from fault
        members = self._archive.infolist()
        if len(members) > MOST_ENTRIES:
            raise SourceRefused("too_many_entries", f"{len(members)}")
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._order: list[tuple[str, str]] = []  # name, refusal
        for member in members:
            name = name_of(member)
            if member.is_dir() or is_companion(name):
                continue
            self._order.append((name, self._take(name, member)))
        self._by_last_name: dict[str, str | None] = {}
        for name in self._members:
            last = name.rpartition("/")[2]
            self._by_last_name[last] = None if last in self._by_last_name else name
        self.total = len(self._order)

    def _take(self, name: str, member: zipfile.ZipInfo) -> str:
        try:
            inside(name)
        except EntryRefused as reason:
            return str(reason)
        if name in self._members:
            return DUPLICATE_NAME
        if member.flag_bits & 1:
            return ENCRYPTED
        self._members[name] = member
        return ""

    def entries(self) -> Iterator[Entry]:
        for name, refused in self._order:
            yield Entry(name, refused=refused, folder=PurePosixPath(name).parent.name)

    def names(self) -> list[str]:
        return list(self._members)

    def find(self, name: str) -> str:
        """Lists of other tools name files without the folder they lie in."""
        inner = inside(name)
        found = inner if inner in self._members else self._by_last_name.get(inner)
        if found is None:
            raise EntryRefused(FILE_MISSING)
        return found

    def read(self, name: str, *, most: int) -> bytes:
        with self.open(name) as file:
            try:
                return file.read(most + 1)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as fault:
                raise EntryRefused(f"{UNREADABLE}: {fault}") from fault

    def open(self, name: str) -> BinaryIO:
        try:
            return self._archive.open(self._members[name])
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as fault:
            raise EntryRefused(f"{UNREADABLE}: {fault}") from fault


def inside(name: str) -> str:
    """Return a name with plain slashes. Raises EntryRefused for one that leads elsewhere."""
    plain = name.replace("\\", "/")
    if len(plain) > LONGEST_NAME or any(ord(character) < 32 for character in plain):
        raise EntryRefused("invalid_name")
    parts = plain.split("/")
    if plain.startswith("/") or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
        raise EntryRefused(OUTSIDE)
    return "/".join(part for part in parts if part not in ("", "."))


def is_companion(name: str) -> bool:
    parts = name.rstrip("/").split("/")
    return (
        any(part.startswith(".") and part != ".." for part in parts)
        or "__MACOSX" in parts
        or parts[-1].lower() in COMPANIONS
    )


def name_of(member: zipfile.ZipInfo) -> str:
    """Return a member's name; Korean Windows writes CP949 without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        raw = member.filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _check_directory(file: BinaryIO) -> None:
    """Refuse a ZIP whose list of files alone would fill the memory."""
    file.seek(0, os.SEEK_END)
    size = file.tell()
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise SourceRefused("no_archive")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    larger = tail.rfind(b"PK\x06\x06")
    if directory == 0xFFFFFFFF and larger >= 0:
        directory = int.from_bytes(tail[larger + 40 : larger + 48], "little")
    if directory > MOST_DIRECTORY_BYTES:
        raise SourceRefused("too_many_entries")
    file.seek(0)


def files_below(root: str, *, after: str = "") -> Iterator[str]:
    """Yield the files below a folder in a fixed order, as paths relative to it.

    `after` is a file that came before: those up to it are left out, their folders unread.
    One folder's names are held at a time. A folder that cannot be read comes as its own path.
    """
    yield from _below(root, "", after)


def _below(root: str, prefix: str, after: str) -> Iterator[str]:
    try:
        with os.scandir(os.path.join(root, prefix)) as entries:
            names = sorted(
                entry.name + "/" if entry.is_dir() else entry.name
                for entry in entries
                if not entry.name.startswith(".")
            )
    except OSError:
        yield prefix
        return
    for name in names:
        path = prefix + name
        if name.endswith("/"):
            # Whole folders before the one in question need no look inside.
            if path > after or after.startswith(path):
                yield from _below(root, path, after)
        elif path > after:
            yield path
