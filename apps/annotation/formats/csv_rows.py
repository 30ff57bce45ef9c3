"""CSV: a line an annotation."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from apps.annotation.formats.rows import ExportedDataset, Row
from apps.annotation.shapes import TAGS

HEADER = [
    "file",
    "image_id",
    "image_width",
    "image_height",
    "landmark",
    "other",
    "x",
    "y",
    "width",
    "height",
    *TAGS,
    "license",
    "annotation_id",
    "external_id",
]
# A spreadsheet would run a cell that begins so.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(dataset: ExportedDataset, rows: Iterable[Row], target: Path) -> None:
    """Write one file in UTF-8."""
    with target.open("w", encoding="utf-8", newline="") as output:
        lines = csv.writer(output, lineterminator="\n")
        lines.writerow(HEADER)
        lines.writerows(_line(row) for row in rows)


def _line(row: Row) -> list:
    return [
        safe_cell(row.image_name),
        row.image_id,
        row.image_width,
        row.image_height,
        row.place.slug if row.place else "",
        safe_cell(row.other),
        *row.box,
        *map(int, row.tags),
        row.license_code,
        row.id,
        row.external_id,
    ]


def safe_cell(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
