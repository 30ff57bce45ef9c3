"""A picture of a soak: memory above, times of answers below, kills as lines through both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from bench.soak.clients import Log
from bench.soak.parts import DECODER, Kill, Sample

WIDTH, HEIGHT = 900, 620
LEFT, RIGHT, TOP, PANEL, GAP = 70, 190, 34, 240, 56
COLOURS = (
    *("#1b6ca8", "#c8553d", "#3a7d44", "#8e5ea2", "#b8860b"),
    *("#008b8b", "#7f7f7f", "#d1495b", "#2f4f4f", "#9acd32"),
)
SLICE = 5.0  # seconds that one point of the lower panel stands for
SHARES = ((50, "#1b6ca8"), (95, "#c8553d"), (100, "#7f7f7f"))


class Panel(NamedTuple):
    """Where values of one axis lie in the picture."""

    top: float
    seconds: float
    low: float
    high: float

    def point(self, second: float, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * second / self.seconds
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return f"{x:.1f},{self.top + PANEL * (1 - min(1.0, max(0.0, share))):.1f}"


def draw(
    began: float, ended: float, log: Log, kills: Sequence[Kill], samples: Sequence[Sample]
) -> str:
    """Return an SVG of what every process held and how long answers took."""
    seconds = ended - began
    upper = Panel(TOP, seconds, 0.0, 3.5)
    lower = Panel(TOP + PANEL + GAP, seconds, 0.0, 5.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *_frame(upper, "memory of one process, MB", (1, 10, 100, 1000)),
        *_frame(lower, "times of answers, ms", (1, 10, 100, 1000, 10_000, 100_000)),
        *_kills(kills, began, seconds),
        *_memory(upper, samples, began),
        *_latency(lower, log, began),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _frame(panel: Panel, title: str, ticks: Sequence[float]) -> Iterator[str]:
    right = WIDTH - RIGHT
    yield f'<text x="{LEFT}" y="{panel.top - 10}" font-weight="bold">{escape(title)}</text>'
    for value in ticks:
        y = panel.point(0, value).partition(",")[2]
        yield f'<path d="M{LEFT} {y}H{right}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y}" dy="4" text-anchor="end">{value:,.0f}</text>'
    for minute in range(int(panel.seconds // 60) + 1):
        x = panel.point(60 * minute, 1).partition(",")[0]
        bottom = panel.top + PANEL + 16
        yield f'<text x="{x}" y="{bottom}" text-anchor="middle">{minute} min</text>'


def _kills(kills: Sequence[Kill], began: float, seconds: float) -> Iterator[str]:
    for kill in kills:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (kill.at - began) / seconds
        for top in (TOP, TOP + PANEL + GAP):
            yield (
                f'<path d="M{x:.1f} {top}v{PANEL}" stroke="#999" stroke-dasharray="3 3">'
                f"<title>{escape(kill.part)} killed</title></path>"
            )


def _memory(panel: Panel, samples: Sequence[Sample], began: float) -> Iterator[str]:
    """One line for each process; decoding processes live too briefly for one."""
    kinds = sorted({sample.part for sample in samples} - {DECODER})
    colours = {kind: COLOURS[place % len(COLOURS)] for place, kind in enumerate(kinds)}
    lines: dict[tuple[str, int], list[Sample]] = {}
    for sample in samples:
        if sample.part in colours:
            lines.setdefault((sample.part, sample.process), []).append(sample)
    for (kind, _), line in lines.items():
        points = [panel.point(each.at - began, max(1.0, each.megabytes)) for each in line]
        yield _line(points, colours[kind])
    yield from _names(panel, colours.items())


def _latency(panel: Panel, log: Log, began: float) -> Iterator[str]:
    slices: dict[int, list[float]] = {}
    for answer in log.answers:
        place = int((answer.ended - began) // SLICE)
        slices.setdefault(place, []).append(1000 * (answer.ended - answer.began))
    for share, colour in SHARES:
        points = [
            panel.point((place + 0.5) * SLICE, max(1.0, float(np.percentile(times, share))))
            for place, times in sorted(slices.items())
            if (place + 0.5) * SLICE <= panel.seconds
        ]
        yield _line(points, colour)
    names = {50: "half within", 95: "95 % within", 100: "longest"}
    yield from _names(panel, [(names[share], colour) for share, colour in SHARES])


def _line(points: Sequence[str], colour: str) -> str:
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}"/>'


def _names(panel: Panel, colours) -> Iterator[str]:
    for place, (name, colour) in enumerate(colours):
        y = panel.top + 10 + 18 * place
        yield f'<path d="M{WIDTH - RIGHT + 14} {y}h16" stroke="{colour}" stroke-width="3"/>'
        yield f'<text x="{WIDTH - RIGHT + 36}" y="{y + 4}">{escape(name)}</text>'
