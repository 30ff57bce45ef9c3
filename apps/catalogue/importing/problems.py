"""What can be wrong with a file or a row."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class UnreadableFile(Exception):
    """The file is not a list that can be imported; the message says why."""


COLUMN = "%(column)s"


class RowRefused(Exception):
    """One row cannot be taken. `column` is the field; the reason may name it as `COLUMN`."""

    def __init__(self, reason: str, column: str = ""):
        super().__init__(reason, column)
        self.reason = reason
        self.column = column

    def __str__(self) -> str:
        return self.reason.replace(COLUMN, self.column)


class Level(StrEnum):
    REFUSED = "refused"
    WARNING = "warning"
    # Taken, and not published although that was asked for.
    DRAFT = "draft"


class Problem(NamedTuple):
    """What is to be said of a row; `column` is the field, "" the row as a whole."""

    level: Level
    reason: str
    column: str = ""

    def told(self, names: Mapping[str, str]) -> str:
        """Return the reason with the name that the reader knows a field by."""
        return self.reason.replace(COLUMN, names.get(self.column, self.column))


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
