"""What a visitor asks of the map: the query of /map/ and of its points, checked; pure."""

from __future__ import annotations

import math
import re
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict

from apps.guide.itineraries import METRES_PER_DEGREE, Point
from apps.guide.wishes import LONGEST_QUERY, read_position

SMALLEST_ZOOM, LARGEST_ZOOM = 3, 19
USUAL_ZOOM = 7
RADII_M = (1000, 5000, 20_000)
# Beyond it web-mercator has no place.
FARTHEST_NORTH = 85.0
NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,12})?")
CODE = re.compile(r"[A-Za-z0-9-]{1,80}")


class Box(NamedTuple):
    """WGS84 degrees; west is never east of east."""

    west: float
    south: float
    east: float
    north: float

    def __str__(self) -> str:
        return ",".join(f"{edge:.4f}" for edge in self)

    @property
    def middle(self) -> Point:
        return Point((self.south + self.north) / 2, (self.west + self.east) / 2)


class MapQuery(NamedTuple):
    """What to show; empty texts and None leave open. `wrong` names the parts that make no sense."""

    box: Box | None
    zoom: int
    text: str
    category: str
    region: str
    near: Point | None
    radius_m: int
    wrong: tuple[str, ...]

    @property
    def filters(self) -> list[tuple[str, str]]:
        """Return the names and values of what is chosen, without the part of the map in view."""
        found = [("q", self.text), ("category", self.category), ("region", self.region)]
        if self.near:
            found.append(("near", f"{self.near.latitude:.4f},{self.near.longitude:.4f}"))
            found.append(("radius_m", str(self.radius_m)))
        return [(name, value) for name, value in found if value]

    def address(self, **changes: str) -> str:
        """Return the query of the same filters with some changed; an empty one is left out."""
        chosen = dict(self.filters) | changes
        if not chosen.get("near"):
            chosen.pop("radius_m", None)
        return "?" + urlencode([(name, value) for name, value in chosen.items() if value], safe=",")


def read_map_query(query: QueryDict) -> MapQuery:
    """Return what a query asks for; what makes no sense is left out and named."""
    wrong = []

    def read(name: str, reader, default):
        text = query.get(name, "").strip()
        value = reader(text) if text else default
        if value is None and text:
            wrong.append(name)
            return default
        return value

    return MapQuery(
        box=read("bbox", _box, None),
        zoom=read("zoom", _zoom, USUAL_ZOOM),
        text=query.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY],
        category=read("category", _code, ""),
        region=read("region", _code, ""),
        near=read("near", read_position, None),
        radius_m=read("radius_m", _radius, RADII_M[1]),
        wrong=tuple(wrong),
    )


def around(point: Point, metres: float) -> Box:
    """Return the smallest box that holds a circle."""
    north = metres / METRES_PER_DEGREE
    east = north / max(math.cos(math.radians(point.latitude)), 0.01)
    return Box(
        point.longitude - east,
        point.latitude - north,
        point.longitude + east,
        point.latitude + north,
    )


def _box(text: str) -> Box | None:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(NUMBER.fullmatch(part) for part in parts):
        return None
    box = Box(*map(float, parts))
    if box.west > box.east or box.south > box.north:
        return None
    return box


def _zoom(text: str) -> int | None:
    if not re.fullmatch(r"\d{1,2}", text):
        return None
    return min(max(int(text), SMALLEST_ZOOM), LARGEST_ZOOM)


def _radius(text: str) -> int | None:
    return int(text) if text in map(str, RADII_M) else None


def _code(text: str) -> str | None:
    return text if CODE.fullmatch(text) else None
