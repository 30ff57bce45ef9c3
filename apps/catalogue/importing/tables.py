"""What every format is read into: headings, and records of text; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

MOST_COLUMNS = 200


class Record(NamedTuple):
    """One row of a file. `refused` says why it cannot be read at all; then it has no cells.

    faults: what is wrong with single cells, by their place. line: where it begins; in a JSON
    array its number.
    """

    line: int
    cells: list[str]
    refused: str = ""
    warning: str = ""
    faults: dict[int, str] = {}


class Table(NamedTuple):
    format: str
    headings: list[str]
    records: Iterator[Record]


def fitted(record: Record, width: int) -> Record:
    """Return a record with exactly so many cells; values beyond the headings are refused."""
    if record.refused:
        return record
    if any(record.cells[width:]):
        return record._replace(cells=record.cells[:width], refused=_("more values than columns"))
    padding = [""] * (width - len(record.cells))
    return record._replace(cells=record.cells[:width] + padding)
