"""XLSX as a table, read row by row; pure."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _

from apps.catalogue.importing.cells import unescape
from apps.catalogue.importing.problems import UnreadableFile
from apps.catalogue.importing.tables import Record, Table, fitted

# The table of texts is the one part that is held in memory; a packed file may hide a huge one.
TEXTS_BYTES = 48 * 2**20
UNPACKED_BYTES = 2 * 2**30
BROKEN = (zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, OSError)


def open_xlsx(file: BinaryIO) -> Table:
    """Return the headings and records of the first sheet. Raises UnreadableFile."""
    # It takes longer to load than a page to answer.
    from openpyxl import load_workbook

    _check_size(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            # Some programs state a wrong size; what is there counts.
            sheet.reset_dimensions()
            rows = enumerate(_quietly(sheet.iter_rows()), start=1)
            _line, first = next((number, row) for number, row in rows if any(map(_filled, row)))
    except StopIteration:
        raise UnreadableFile(_("The first sheet is empty.")) from None
    except (*BROKEN, IndexError) as error:
        text = _("This Excel file cannot be read: %(reason)s") % {"reason": error}
        raise UnreadableFile(text) from None
    headings = [_text(cell.value).strip() for cell in first]
    while headings and not headings[-1]:
        headings.pop()
    return Table("xlsx", headings, _records(rows, len(headings)))


def _check_size(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as parts:
            sizes = {part.filename: part.file_size for part in parts.infolist()}
    except zipfile.BadZipFile as error:
        text = _("This Excel file cannot be read: %(reason)s") % {"reason": error}
        raise UnreadableFile(text) from None
    file.seek(0)
    texts = sum(size for name, size in sizes.items() if name.lower().endswith("sharedstrings.xml"))
    if texts > TEXTS_BYTES or sum(sizes.values()) > UNPACKED_BYTES:
        raise UnreadableFile(_("This Excel file is too large unpacked. Save it as CSV."))


def _quietly(rows: Iterator) -> Iterator:
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            row = next(rows, None)
        if row is None:
            return
        yield row


def _records(rows: Iterator, width: int) -> Iterator[Record]:
    line = 0
    while True:
        try:
            line, row = next(rows)
        except StopIteration:
            return
        except BROKEN:
            yield Record(line + 1, [], _("the file is broken here; what follows was not read"))
            return
        if any(map(_filled, row)):
            cells = [unescape(_text(cell.value)) for cell in row]
            yield fitted(Record(line, cells, faults=_faults(row)), width)


def _filled(cell) -> bool:
    return cell.value is not None and cell.value != ""


def _faults(row) -> dict[int, str]:
    faults = {}
    for place, cell in enumerate(row):
        if cell.data_type == "f":
            faults[place] = _("the cell holds a formula: paste its value instead")
        elif cell.data_type == "e":
            faults[place] = _("the cell holds the error %(error)s") % {"error": cell.value}
    return faults


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
