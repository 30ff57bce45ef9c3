"""CSV in the encodings and with the separators that Korean spreadsheets write; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from apps.catalogue.importing.cells import unescape
from apps.catalogue.importing.problems import UnreadableFile
from apps.catalogue.importing.tables import Record, Table, fitted

LONGEST_LINE = 1_000_000
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
BYTE_ORDER_MARK = "\ufeff"
SEPARATORS = ",;\t"


def open_csv(file: BinaryIO) -> Table:
    """Return the headings and records of a CSV file. Raises UnreadableFile."""
    lines = Lines(file)
    first = next((line for line in lines if line.strip()), "")
    if lines.fault:
        raise UnreadableFile(lines.fault)
    separator = max(SEPARATORS, key=first.count)
    try:
        headings = next(csv.reader([first], delimiter=separator, strict=True))
    except csv.Error:
        text = _("The first line cannot be read: a quotation mark is not closed.")
        raise UnreadableFile(text) from None
    headings = [heading.strip() for heading in headings]
    while headings and not headings[-1]:
        headings.pop()
    return Table("csv", headings, _records(lines, separator, len(headings)))


def _records(lines: Lines, separator: str, width: int) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        begins = lines.number + 1
        lines.fault = lines.warning = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            text = _("a quotation mark is missing or too much between lines %(first)d and %(last)d")
            yield Record(begins, [], text % {"first": begins, "last": lines.number})
            continue
        if lines.fault:
            yield Record(begins, [], lines.fault)
        elif any(cell.strip() for cell in cells):
            record = Record(begins, [unescape(cell) for cell in cells], warning=lines.warning)
            yield fitted(record, width)


class Lines:
    """The lines of a file as text, each in its own encoding: UTF-8, else CP949.

    A file that was put together from several may mix them; the lines that differ carry a
    warning. `fault` says of the lines since it was last emptied what cannot be read.
    """

    def __init__(self, file: BinaryIO):
        start = file.read(3)
        file.seek(0)
        self.number = 0
        self.fault = ""
        self.warning = ""
        self._encoding = ""
        self._lines = (iter_utf_16 if start.startswith(UTF_16) else iter_limited)(file)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        if line is None:
            self.fault = _("a line has more than %(most)d characters") % {"most": LONGEST_LINE}
            return "\n"
        if isinstance(line, str):
            return line
        return self._decoded(line).removeprefix(BYTE_ORDER_MARK)

    def _decoded(self, line: bytes) -> str:
        if line.isascii():
            return line.decode()
        for encoding in ("utf-8", "cp949"):
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                continue
            if self._encoding and encoding != self._encoding:
                text_of_warning = _(
                    "this line is written in %(encoding)s and the first ones in %(first)s:"
                    " please check its letters"
                )
                names = {"encoding": encoding.upper(), "first": self._encoding.upper()}
                self.warning = text_of_warning % names
            self._encoding = self._encoding or encoding
            return text
        self.fault = _("the letters are neither UTF-8 nor CP949: save the file as UTF-8")
        return "\n"


def iter_limited(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield the lines of a file; None for one that is too long to be held in memory."""
    while line := file.readline(LONGEST_LINE):
        if len(line) < LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass
        yield None


def iter_utf_16(file: BinaryIO) -> Iterator[str | None]:
    text = io.TextIOWrapper(file, encoding="utf-16", errors="replace", newline="\n")
    try:
        while line := text.readline(LONGEST_LINE):
            if len(line) < LONGEST_LINE or line.endswith("\n"):
                yield line
                continue
            while (rest := text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                pass
            yield None
    finally:
        # Otherwise the file would be closed with it.
        text.detach()
