"""One measured figure beside its target, and the table of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """passed None: only reported. target "": none is set."""

    name: str
    measured: float | None
    unit: str
    target: str
    passed: bool | None
    note: str = ""


def print_table(rows: Sequence[Row]) -> None:
    """Print all rows in columns; a missed target is marked."""
    cells = [("what", "measured", "target", "", "note")]
    cells += [(row.name, measured(row), row.target, verdict(row), row.note) for row in rows]
    widths = [max(_width(line[column]) for line in cells) for column in range(4)]
    for line in cells:
        columns = [_padded(text, width) for text, width in zip(line, widths, strict=False)]
        print("  ".join([*columns, line[4]]).rstrip())


def measured(row: Row) -> str:
    """Return the figure with its unit."""
    if row.measured is None:
        return "–"
    digits = 4 if 0 < abs(row.measured) < 1 else 1
    return f"{row.measured:,.{digits}f} {row.unit}".rstrip()


def verdict(row: Row) -> str:
    """Return pass or MISS, nothing without a target."""
    if row.passed is None:
        return ""
    return "pass" if row.passed else "MISS"


def _width(text: str) -> int:
    """Columns of a terminal: Korean letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
