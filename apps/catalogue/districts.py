"""In which district of Korea a point lies; pure.

The same rules as `static/js/catalogue/places.js`, which tells a person who places a point by hand.
The borders are simplified (about 200 m), and islands and harbours may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).resolve().parents[2] / "static" / "map" / "korean-districts.json"
# So far beside a border, about 2 km, a point may still belong to the district.
NEAR_DEGREES = 0.02
Point = tuple[float, float]  # longitude, latitude
Ring = Sequence[Point]


class District(NamedTuple):
    """A district; `box` is west, south, east, north."""

    province: str
    name: str
    polygons: tuple[tuple[Ring, ...], ...]
    box: tuple[float, float, float, float]


@cache
def districts() -> tuple[District, ...]:
    features = json.loads(FILE.read_text(encoding="utf-8"))["features"]
    return tuple(_district(feature) for feature in features)


def _district(feature: dict) -> District:
    polygons = tuple(
        tuple(tuple(map(tuple, ring)) for ring in polygon)
        for polygon in feature["geometry"]["coordinates"]
    )
    corners = [point for polygon in polygons for ring in polygon for point in ring]
    longitudes, latitudes = zip(*corners, strict=True)
    box = (min(longitudes), min(latitudes), max(longitudes), max(latitudes))
    names = feature["properties"]
    return District(names["province"], names["district"], polygons, box)


def district_at(latitude: float, longitude: float) -> District | None:
    """Return the district that a point lies in; None at sea and abroad."""
    for district in districts():
        west, south, east, north = district.box
        boxed = west <= longitude <= east and south <= latitude <= north
        if boxed and _inside(district, (longitude, latitude)):
            return district
    return None


def lies_in(latitude: float, longitude: float, inside: Sequence[District]) -> bool:
    """Say whether a point lies in one of some districts, or just beside one."""
    point = (longitude, latitude)
    near = [district for district in inside if _beside_box(district.box, point)]
    return any(_inside(district, point) for district in near) or any(
        _is_near(district, point) for district in near
    )


def named(province: str, district: str) -> list[District]:
    """Return the districts that a name means: 수원시 has four, "" means the whole province."""
    return [
        each for each in districts() if each.province == province and each.name.startswith(district)
    ]


def _beside_box(box: tuple[float, float, float, float], point: Point) -> bool:
    west, south, east, north = box
    x, y = point
    return (
        west - NEAR_DEGREES <= x <= east + NEAR_DEGREES
        and south - NEAR_DEGREES <= y <= north + NEAR_DEGREES
    )


def _inside(district: District, point: Point) -> bool:
    return any(
        _in_ring(outer, point) and not any(_in_ring(hole, point) for hole in holes)
        for outer, *holes in district.polygons
    )


def _in_ring(ring: Ring, point: Point) -> bool:
    x, y = point
    inside = False
    px, py = ring[-1]
    for qx, qy in ring:
        if (qy > y) != (py > y) and x < (px - qx) * (y - qy) / (py - qy) + qx:
            inside = not inside
        px, py = qx, qy
    return inside


def _is_near(district: District, point: Point) -> bool:
    return any(
        _distance_squared(point, ring[i - 1], ring[i]) <= NEAR_DEGREES**2
        for outer, *_holes in district.polygons
        for ring in (outer,)
        for i in range(len(ring))
    )


def _distance_squared(point: Point, start: Point, end: Point) -> float:
    x, y = point
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / length if length else 0.0
    along = min(1.0, max(0.0, along))
    return (x - start[0] - along * dx) ** 2 + (y - start[1] - along * dy) ** 2
