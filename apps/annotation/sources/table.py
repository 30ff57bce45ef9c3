"""A CSV of files: which pictures to take, and what is known of each."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from apps.annotation.sources.entries import (
    BAD_BOX,
    BAD_LINE,
    NOT_FETCHED,
    Entry,
    EntryRefused,
    SourceRefused,
)
from apps.annotation.sources.files import Files

FILE_COLUMNS = ("file", "path", "url")
BOX_COLUMNS = ("x", "y", "width", "height")
ENCODINGS = ("utf-8-sig", "cp949")  # the second is what Korean spreadsheets write
PIECE = 1024 * 1024


class ListedPictures:
    """The rows of a CSV. `open_list` opens it from its beginning. Raises SourceRefused."""

    def __init__(self, open_list: Callable[[], BinaryIO], files: Files):
        self.files = files
        self._open = open_list
        self._encoding, self.total = self._look()
        self.notes: dict = {}

    def _look(self) -> tuple[str, int]:
        """Return the encoding and about how many rows there are."""
        for encoding in ENCODINGS:
            decoder = codecs.getincrementaldecoder(encoding)()
            lines = 0
            try:
                with self._open() as file:
                    while piece := file.read(PIECE):
                        lines += decoder.decode(piece).count("\n")
                    decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return encoding, max(lines - 1, 0)
        raise SourceRefused("unknown_encoding")

    def entries(self) -> Iterator[Entry]:
        with self._open() as file:
            lines = csv.DictReader(io.TextIOWrapper(file, self._encoding, newline=""))
            column = next((name for name in FILE_COLUMNS if name in (lines.fieldnames or [])), None)
            if column is None:
                raise SourceRefused("no_file_column")
            while True:
                try:
                    row = next(lines)
                except StopIteration:
                    return
                except csv.Error as fault:
                    yield Entry("", f"{BAD_LINE}: {fault}", line=f"line {lines.line_num}")
                    continue
                yield self._entry(row, column, f"line {lines.line_num}")

    def _entry(self, row: dict, column: str, line: str) -> Entry:
        text = {
            name: value.strip()
            for name, value in row.items()
            if isinstance(name, str) and isinstance(value, str)
        }
        name = text.get(column, "")
        if None in row or not name:
            return Entry(name, BAD_LINE, line=line)
        try:
            name = self._found(name)
            box = _box(text)
        except EntryRefused as reason:
            return Entry(name, str(reason), line=line)
        return Entry(
            name=name,
            landmark=text.get("landmark", "") or text.get("slug", ""),
            licenses=tuple(filter(None, [text.get("license", "")])),
            credit=text.get("credit", ""),
            box=box,
            line=line,
        )

    def _found(self, named: str) -> str:
        """Return the file that a path, or an address below the folder, means."""
        address = urlsplit(named)
        if address.scheme in ("http", "https", "ftp", "s3", "gs"):
            raise EntryRefused(NOT_FETCHED)
        path = address.path if address.scheme == "file" else named
        try:
            return self.files.find(path)
        except EntryRefused:
            if unquote(path) == path:
                raise
            return self.files.find(unquote(path))


def _box(text: dict[str, str]) -> tuple[float, float, float, float] | None:
    given = [text.get(name, "") for name in BOX_COLUMNS]
    if not any(given):
        return None
    try:
        return tuple(float(number) for number in given)
    except ValueError:
        raise EntryRefused(BAD_BOX) from None
