"""Charts as the pages draw them: plain rectangles in an SVG, beside a table of the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from apps.annotation.numbers import DayNumbers

WIDTH = 720
HEIGHT = 180
STANDING = ("accepted", "submitted", "returned", "skipped", "leased", "open")


class Bar(NamedTuple):
    """A rectangle in units of the chart; `title` is read out and shown."""

    kind: str
    x: float
    y: float
    width: float
    height: float


class Column(NamedTuple):
    day: DayNumbers
    x: float
    bars: list[Bar]
    labelled: bool  # whether its day is written below


class Chart(NamedTuple):
    columns: list[Column]
    step: float
    most: int
    total: int


def bars(days: Sequence[DayNumbers], kinds: Sequence[str]) -> Chart:
    """Draw what was done on each day, one bar a kind, side by side."""
    most = max((getattr(day, kind) for day in days for kind in kinds), default=0)
    step = WIDTH / max(1, len(days))
    width = step * 0.8 / len(kinds)
    columns = []
    for place, day in enumerate(days):
        drawn = []
        for number, kind in enumerate(kinds):
            height = _height(getattr(day, kind), most)
            x = place * step + step * 0.1 + number * width
            drawn.append(_bar(kind, x, HEIGHT - height, width, height))
        columns.append(_column(day, place, step, drawn, len(days)))
    total = sum(getattr(day, kind) for day in days for kind in kinds)
    return Chart(columns, step, most, total)


def stacked(days: Sequence[DayNumbers]) -> Chart:
    """Draw how the tasks stood at the end of each day, one on top of the other."""
    most = max((_standing(day) for day in days), default=0)
    step = WIDTH / max(1, len(days))
    columns = []
    for place, day in enumerate(days):
        top, drawn = float(HEIGHT), []
        for kind in STANDING:
            height = _height(getattr(day, f"{kind}_at_end"), most)
            top -= height
            if height:
                drawn.append(_bar(kind, place * step + step * 0.1, top, step * 0.8, height))
        columns.append(_column(day, place, step, drawn, len(days)))
    return Chart(columns, step, most, _standing(days[-1]) if days else 0)


def _standing(day: DayNumbers) -> int:
    return sum(max(0, getattr(day, f"{kind}_at_end")) for kind in STANDING)


def _height(value: int, most: int) -> float:
    return HEIGHT * max(0, value) / most if most else 0.0


def _bar(kind: str, x: float, y: float, width: float, height: float) -> Bar:
    return Bar(kind, *(round(number, 2) for number in (x, y, width, height)))


def _column(day: DayNumbers, place: int, step: float, drawn: list[Bar], count: int) -> Column:
    every = max(1, -(-count // 6))
    return Column(day, round(place * step, 2), drawn, place % every == 0)
