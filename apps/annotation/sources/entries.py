"""What a source says of each picture, and how it says that one cannot be taken."""

from __future__ import annotations

from typing import NamedTuple

# Codes beside those of catalogue.pictures; what follows a colon is the detail.
BAD_BOX = "bad_box"
BAD_LINE = "bad_line"
DUPLICATE_NAME = "duplicate_name"
ENCRYPTED = "encrypted"
FILE_MISSING = "file_missing"
NO_LICENSE = "no_license"
NOT_FETCHED = "not_fetched"
OUTSIDE = "outside_folder"
UNKNOWN_LANDMARK = "unknown_landmark"
UNKNOWN_LICENSE = "unknown_license"
UNREADABLE = "unreadable"


class SourceRefused(Exception):
    """Nothing can be taken from the source; `code` is stable, `detail` may be empty."""

    def __init__(self, code: str, detail: str = ""):
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class EntryRefused(Exception):
    """One file cannot be taken; the text is a code, with a detail after a colon."""


class Entry(NamedTuple):
    """One file of a source. `refused` is why the source cannot give it, else "".

    `landmark` must be known; `folder` and `category` are only hints of one. A box counts the
    pixels of a picture of `box_size`.
    """

    name: str
    refused: str = ""
    landmark: str = ""
    folder: str = ""
    category: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    credit: str = ""
    box: tuple[float, float, float, float] | None = None
    box_size: tuple[int, int] | None = None
    line: str = ""

    @property
    def shown(self) -> str:
        """How a report calls the file."""
        return f"{self.line} {self.name}".strip()
