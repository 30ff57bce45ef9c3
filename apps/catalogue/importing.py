"""A list of landmarks as a file → checked rows; pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple

REQUIRED_COLUMNS = ("name_ko", "category", "region1")
COLUMNS = (
    "slug",
    "name_ko",
    "name_en",
    "category",
    "region1",
    "region2",
    "address",
    "latitude",
    "longitude",
    "source",
    "parent",
    "aliases",
    "romanized",
)

UNDIVIDED_PROVINCES = ("세종특별자치시",)


class UnreadableFile(Exception):
    """The file is not a list of landmarks; the message says why."""


class RowRefused(Exception):
    """One row cannot be taken; the message says why."""


class LandmarkRow(NamedTuple):
    """One checked row. Coordinates are WGS84 degrees or both None."""

    slug: str
    name_ko: str
    name_en: str
    categories: tuple[str, ...]
    regions: tuple[str, ...]
    address: str
    latitude: float | None
    longitude: float | None
    source: str
    parent: str
    aliases: tuple[str, ...]
    romanized: str


class CheckedLine(NamedTuple):
    line: int
    row: LandmarkRow | None
    refused: str


def read_rows(lines: Iterable[str]) -> Iterator[CheckedLine]:
    """Yield each row of a CSV file with its line number, checked.

    Raises UnreadableFile when columns are missing.
    """
    reader = csv.DictReader(lines)
    missing = [name for name in REQUIRED_COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise UnreadableFile(f"The first line must name the columns {', '.join(missing)}.")
    for values in reader:
        try:
            yield CheckedLine(reader.line_num, check_row(values), "")
        except RowRefused as reason:
            yield CheckedLine(reader.line_num, None, str(reason))


def check_row(values: dict[str, str | None]) -> LandmarkRow:
    """Return the row with types. Raises RowRefused."""
    if None in values:
        raise RowRefused("more values than columns")
    text = {name: (values.get(name) or "").strip() for name in COLUMNS}
    if any("\x00" in value for value in text.values()):
        raise RowRefused("contains a NUL character")
    for name in REQUIRED_COLUMNS:
        if not text[name]:
            raise RowRefused(f"{name} is empty")
    for name, length in (("name_ko", 200), ("name_en", 200), ("address", 300), ("source", 100)):
        if len(text[name]) > length:
            raise RowRefused(f"{name} has more than {length} characters")
    latitude, longitude = _coordinates(text["latitude"], text["longitude"])
    return LandmarkRow(
        slug=text["slug"],
        name_ko=text["name_ko"],
        name_en=text["name_en"],
        categories=tuple(part.strip() for part in text["category"].split("/") if part.strip()),
        regions=tuple(part for part in (text["region1"], text["region2"]) if part),
        address=text["address"],
        latitude=latitude,
        longitude=longitude,
        source=text["source"] or "import",
        parent=text["parent"],
        aliases=tuple(part.strip() for part in text["aliases"].split("|") if part.strip()),
        romanized=text["romanized"],
    )


def _coordinates(latitude: str, longitude: str) -> tuple[float | None, float | None]:
    if not latitude and not longitude:
        return None, None
    try:
        position = float(latitude), float(longitude)
    except ValueError:
        raise RowRefused("latitude and longitude must both be numbers, or both empty") from None
    if not (-90 <= position[0] <= 90 and -180 <= position[1] <= 180):
        raise RowRefused("latitude must lie in -90…90 and longitude in -180…180")
    return position


def publication_blockers(row: LandmarkRow) -> list[str]:
    """Return what keeps a row from being published."""
    blockers = []
    if row.latitude is None:
        blockers.append("no coordinates")
    if len(row.regions) < 2 and row.regions[0] not in UNDIVIDED_PROVINCES:
        blockers.append("no 시군구 (region2)")
    return blockers
