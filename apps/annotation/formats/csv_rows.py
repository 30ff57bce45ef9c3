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
        _text(row.image_name),
        row.image_id,
        row.image_width,
        row.image_height,
        row.place.slug if row.place else "",
        _text(row.other),
        *row.box,
        *map(int, row.tags),
        row.license_code,
        row.id,
        row.external_id,
    ]


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
