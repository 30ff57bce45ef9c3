"""A small map of a route, drawn from the outlines of districts that the portal carries."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from django.conf import settings

from apps.guide.itineraries import METRES_PER_DEGREE, Point

WIDTH, HEIGHT = 640, 420
MARGIN = 56
# A route within a few streets still shows the district around it.
SMALLEST_SPAN_M = 1200
# Pins closer than this are pushed apart and keep a line to their place.
PIN_APART = 27
SCALES_M = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000)
WIDEST_SCALE = 150
SMALLEST_STEP = 3
# Of the labels' letters, in points of the drawing.
LETTER_WIDE = 15.0
LETTER_NARROW = 10.0

Ring = tuple[tuple[float, float], ...]


class District(NamedTuple):
    west: float
    south: float
    east: float
    north: float
    rings: tuple[Ring, ...]


class Pin(NamedTuple):
    """Where a number stands, and where its place is."""

    number: int
    x: str
    y: str
    place_x: str
    place_y: str
    moved: bool


class Label(NamedTuple):
    """The name beside a pin; `anchor` is start (right of it) or end (left of it)."""

    x: str
    y: str
    anchor: str
    text: str


class Sketch(NamedTuple):
    width: int
    height: int
    land: list[str]
    way: str
    pins: list[Pin]
    labels: list[Label]
    scale_width: str
    scale_metres: int


class Frame:
    """Turns WGS84 degrees into the points of the drawing; north is up."""

    def __init__(self, points: Sequence[Point], span_m: float):
        latitudes = [point.latitude for point in points]
        longitudes = [point.longitude for point in points]
        self.middle = Point(
            (min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2
        )
        self.shrink = math.cos(math.radians(self.middle.latitude))
        high = max(latitudes) - min(latitudes)
        wide = (max(longitudes) - min(longitudes)) * self.shrink
        least = span_m / METRES_PER_DEGREE
        self.per_degree = min(
            (HEIGHT - 2 * MARGIN) / max(high, least), (WIDTH - 2 * MARGIN) / max(wide, least)
        )

    def at(self, latitude: float, longitude: float) -> tuple[float, float]:
        return (
            WIDTH / 2 + (longitude - self.middle.longitude) * self.shrink * self.per_degree,
            HEIGHT / 2 - (latitude - self.middle.latitude) * self.per_degree,
        )

    def shows(self, district: District) -> bool:
        left, bottom = self.at(district.south, district.west)
        right, top = self.at(district.north, district.east)
        return right >= 0 and left <= WIDTH and bottom >= 0 and top <= HEIGHT


def sketch_of(
    points: Sequence[Point], *, names: Sequence[str] = (), span_m: float = SMALLEST_SPAN_M
) -> Sketch | None:
    """Return the drawing of points in their order; None where there is no point.

    It shows at least `span_m` from side to side. Names stand beside the pins where they fit.
    """
    if not points:
        return None
    frame = Frame(points, span_m)
    places = [frame.at(*point) for point in points]
    metres, width = _scale(frame)
    pins = _pins(places)
    return Sketch(
        width=WIDTH,
        height=HEIGHT,
        land=[path for each in districts() if frame.shows(each) and (path := _path(each, frame))],
        way=" ".join(f"{x:.1f},{y:.1f}" for x, y in places),
        pins=pins,
        labels=_labels(pins, names),
        scale_width=f"{width:.1f}",
        scale_metres=metres,
    )


@lru_cache(maxsize=1)
def districts() -> tuple[District, ...]:
    path = settings.BASE_DIR / "static" / "map" / "korean-districts.json"
    found = []
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        rings = tuple(
            tuple((x, y) for x, y in polygon[0]) for polygon in feature["geometry"]["coordinates"]
        )
        xs, ys = zip(*(pair for ring in rings for pair in ring), strict=True)
        found.append(District(min(xs), min(ys), max(xs), max(ys), rings))
    return tuple(found)


def _path(district: District, frame: Frame) -> str:
    parts = []
    for ring in district.rings:
        drawn = [frame.at(y, x) for x, y in ring]
        xs, ys = zip(*drawn, strict=True)
        if max(xs) < 0 or min(xs) > WIDTH or max(ys) < 0 or min(ys) > HEIGHT:
            continue
        spots = [(round(x), round(y)) for x, y in drawn]
        kept = [spots[0]]
        for spot in spots:
            # Steps that nobody sees at this scale only make the page larger.
            if abs(spot[0] - kept[-1][0]) + abs(spot[1] - kept[-1][1]) >= SMALLEST_STEP:
                kept.append(spot)
        if len(kept) > 2:
            parts.append("M" + "L".join(f"{x} {y}" for x, y in kept) + "Z")
    return "".join(parts)


def _pins(places: Sequence[tuple[float, float]]) -> list[Pin]:
    spots = [list(place) for place in places]
    for _ in range(60):
        close = [
            pair for pair in combinations(range(len(spots)), 2) if _gap(spots, pair) < PIN_APART
        ]
        if not close:
            break
        for one, other in close:
            _part(spots, one, other)
    return [
        Pin(
            number, f"{x:.1f}", f"{y:.1f}", f"{px:.1f}", f"{py:.1f}", math.hypot(x - px, y - py) > 2
        )
        for number, ((x, y), (px, py)) in enumerate(zip(spots, places, strict=True), 1)
    ]


def _gap(spots: list[list[float]], pair: tuple[int, int]) -> float:
    one, other = pair
    return math.dist(spots[one], spots[other])


def _part(spots: list[list[float]], one: int, other: int) -> None:
    """Push two pins away from each other, half the way each, and keep them in the drawing."""
    apart = _gap(spots, (one, other))
    # Pins on one spot part in a direction of their own.
    angle = (
        math.atan2(spots[other][1] - spots[one][1], spots[other][0] - spots[one][0])
        if apart > 0.01
        else (one + other) * 2.4
    )
    step = (PIN_APART - apart) / 2 + 0.5
    for pin, way in ((one, -1), (other, 1)):
        spots[pin][0] = min(max(spots[pin][0] + way * step * math.cos(angle), 18), WIDTH - 18)
        spots[pin][1] = min(max(spots[pin][1] + way * step * math.sin(angle), 18), HEIGHT - 18)


def _labels(pins: Sequence[Pin], names: Sequence[str]) -> list[Label]:
    """Return the names that fit beside their pins without touching a pin or another name."""
    taken = [_box(float(pin.x) - 14, float(pin.y) - 14, 28, 28) for pin in pins]
    labels = []
    for pin, name in zip(pins, names, strict=False):
        wide = sum(LETTER_WIDE if ord(each) > 0x2E80 else LETTER_NARROW for each in name)
        x, y = float(pin.x), float(pin.y)
        for anchor, left, top in (
            ("start", x + 18, y - 9),
            ("end", x - 18 - wide, y - 9),
            ("start", x + 10, y + 13),
            ("start", x + 10, y - 31),
            ("end", x - 10 - wide, y + 13),
            ("end", x - 10 - wide, y - 31),
        ):
            box = _box(left, top, wide, 18)
            inside = left > 4 and left + wide < WIDTH - 4 and 4 < top < HEIGHT - 50
            if inside and not any(_touch(box, other) for other in taken):
                taken.append(box)
                at = left if anchor == "start" else left + wide
                labels.append(Label(f"{at:.1f}", f"{top + 14:.1f}", anchor, name))
                break
    return labels


def _box(left: float, top: float, wide: float, high: float) -> tuple[float, float, float, float]:
    return left, top, left + wide, top + high


def _touch(one: tuple, other: tuple) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _scale(frame: Frame) -> tuple[int, float]:
    """Return the longest round length that fits the corner, in metres and in the drawing."""
    per_metre = frame.per_degree / METRES_PER_DEGREE
    metres = max(
        (each for each in SCALES_M if each * per_metre <= WIDEST_SCALE), default=SCALES_M[0]
    )
    return metres, metres * per_metre
