"""Lines of a training run as an SVG draws them; their numbers stand in a table beside; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 640
HEIGHT = 200


class Line(NamedTuple):
    """kind: the name of its colour; points: as an SVG polyline takes them; last: its last value."""

    kind: str
    points: str
    last: float


class Plot(NamedTuple):
    """Lines over the steps of a run; low and high are the values at the bottom and the top."""

    lines: list[Line]
    low: float
    high: float
    steps: int


def plot(log: Sequence[dict], kinds: Sequence[str], *, top: float | None = None) -> Plot | None:
    """Draw some values of a training log over its steps; None before there are two of them.

    top: the value at the upper edge, where it is not the highest one.
    """
    if len(log) < 2:
        return None
    values = [entry[kind] for entry in log for kind in kinds]
    low, high = min(0.0, *values), top or max(values)
    steps = max(entry["of"] for entry in log)
    lines = [
        Line(
            kind,
            " ".join(
                f"{entry['step'] / steps * WIDTH:.1f},{_height(entry[kind], low, high):.1f}"
                for entry in log
            ),
            log[-1][kind],
        )
        for kind in kinds
    ]
    return Plot(lines, low, high, steps)


def _height(value: float, low: float, high: float) -> float:
    return HEIGHT * (1 - (value - low) / (high - low)) if high > low else float(HEIGHT)
