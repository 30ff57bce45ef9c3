"""Which column of a file holds what, told by its heading; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """A value that a row may have: our name of it, its label, and what files call it."""

    name: str
    label: str
    known_as: tuple[str, ...] = ()


def match_columns(headings: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Return for each heading the name of its column, "" where none is known; each one once."""
    by_heading = {
        plain(heading): column.name
        for column in reversed(columns)
        for heading in (*reversed(column.known_as), column.name)
    }
    found: list[str] = []
    for heading in headings:
        name = by_heading.get(plain(heading), "")
        found.append(name if name not in found else "")
    return found


def plain(heading: str) -> str:
    """Return a heading as it is compared: "Name (EN)" and "name_en" are the same."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    return re.sub(r"[\W_]+", "", text)
