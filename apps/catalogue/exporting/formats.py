"""Rows as files, one piece after the other, so that memory stays flat however many there are."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from apps.catalogue.importing.cells import escape, join_many, join_pairs

Row = Mapping[str, object]
ROWS_AT_ONCE = 500
CHUNK = 64 * 1024
# XML knows no such letters.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Format(NamedTuple):
    """How rows become a file."""

    content_type: str
    write: Callable[[Sequence[str], Iterable[Row]], Iterator[bytes]]


def cell_of(value: object) -> str | int | float | None:
    """Return a value as a cell of a table; a text in it is no formula."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return escape(join_pairs(value))
    if isinstance(value, str):
        return escape(value)
    return escape(join_many(map(str, value)))


def write_csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield CSV in UTF-8 with a byte order mark, by which spreadsheets know it."""
    output = io.StringIO(newline="")
    writer = csv.writer(output)
    output.write("\ufeff")
    writer.writerow(columns)
    rows = iter(rows)
    while True:
        batch = list(islice(rows, ROWS_AT_ONCE))
        writer.writerows([cell_of(row[name]) for name in columns] for row in batch)
        yield output.getvalue().encode()
        if not batch:
            return
        output.seek(0)
        output.truncate()


def write_json(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield an array of objects, one a line; lists stay lists and empty cells are null."""
    start = "[\n"
    for row in rows:
        text = json.dumps({name: row[name] for name in columns}, ensure_ascii=False)
        yield f"{start}{text}".encode()
        start = ",\n"
    yield b"[]\n" if start == "[\n" else b"\n]\n"


def write_xlsx(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a workbook; it is put together on disk, where its rows go one by one."""
    # It takes longer to load than a page to answer.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Gilnun")
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    for row in rows:
        cells = []
        for name in columns:
            value = cell_of(row[name])
            if isinstance(value, str):
                value = WriteOnlyCell(sheet, UNWRITABLE.sub("", value)[:32_767])
                # Whatever it looks like, it is text.
                value.data_type = "s"
            cells.append(value)
        sheet.append(cells)
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


FORMATS = {
    "csv": Format("text/csv; charset=utf-8", write_csv),
    "xlsx": Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "json": Format("application/json", write_json),
}
