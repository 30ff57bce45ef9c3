"""What the plane z = 0 is covered with: lawns, paving, streets, water.

A ground is a material (`ml.demo.materials.Material`) whose gloss says how far it
mirrors what stands on it; 1 is water.
"""

from collections.abc import Callable

import numpy as np

from ml.demo.colours import Colour, blend, linear
from ml.demo.materials import Coat, Material, Surface, line
from ml.demo.noise import cell_value, fractal_noise, smooth_noise

Region = Callable[[np.ndarray, np.ndarray], np.ndarray]  # x, y → share in [0, 1]


def lawn(tint: Colour = "#5d7d35") -> Material:
    base = linear(tint) * [0.85, 0.78, 0.8]

    def ground(s: Surface) -> Coat:
        patch = fractal_noise(s.position * 0.09, 3) - 0.5
        tuft = (fractal_noise(s.position * 4.5, 2) - 0.5) * np.clip(1.5 - s.pixel * 4, 0, 1)
        yellow = np.clip(fractal_noise(s.position * 0.31 + 9, 2) - 0.45, 0, 1)[:, None] * [
            0.5,
            0.25,
            0,
        ]
        return Coat(base * (1 + 0.8 * patch + 0.75 * tuft)[:, None] * (1 + yellow), puddles=0.0)

    return ground


def earth(tint: Colour = "#b79f7a") -> Material:
    base = linear(tint)

    def ground(s: Surface) -> Coat:
        patch = fractal_noise(s.position * 0.25, 4) - 0.5
        grit = (smooth_noise(s.position * 20) - 0.5) * np.clip(1.5 - s.pixel * 16, 0, 1)
        return Coat(base * (1 + 0.45 * patch + 0.3 * grit)[:, None], puddles=0.35)

    return ground


def slabs(width: float, depth: float, tint: Colour = "#a8a39a", variety: float = 0.14) -> Material:
    base = linear(tint)

    def ground(s: Surface) -> Coat:
        x, y = s.position[:, 0], s.position[:, 1]
        row = np.floor(y / depth)
        along = x + cell_value(row, 3) * width
        own = cell_value(np.floor(along / width), row) - 0.5
        far = np.clip(1.6 - s.pixel / depth * 3, 0, 1)
        joint = np.maximum(line(along, width, 0.035, s.pixel), line(y, depth, 0.035, s.pixel))
        patch = fractal_noise(s.position * 0.35, 3) - 0.5
        tone = (1 + 2 * variety * own * far + 0.3 * patch) * (1 - 0.45 * joint)
        return Coat(base * tone[:, None])

    return ground


def street(tint: Colour = "#4a4b4e", lane: float = 3.3, along_y: bool = True) -> Material:
    """Asphalt with dashed white lane lines."""
    base = linear(tint)

    def ground(s: Surface) -> Coat:
        x, y = s.position[:, 0], s.position[:, 1]
        if not along_y:
            x, y = y, x
        dash = ((y / 8) % 1 < 0.55).astype(np.float32)
        paint = line(x, lane, 0.16, s.pixel) * dash
        worn = fractal_noise(s.position * [0.5, 0.1, 1], 3) - 0.5
        return Coat(blend(base * (1 + 0.3 * worn)[:, None], linear("#d8d8d0"), paint * 0.85))

    return ground


def water(tint: Colour = "#1d4a5a") -> Material:
    base = linear(tint)

    def ground(s: Surface) -> Coat:
        tone = 0.8 + 0.4 * fractal_noise(s.position * [0.01, 0.03, 1], 2)
        return Coat(base * tone[:, None], 1.0)

    return ground


def patched(first: Material, *others: tuple[Region, Material]) -> Material:
    """Lay grounds over each other; the last one that claims a place wins."""

    def ground(s: Surface) -> Coat:
        below = _columns(first(s), len(s.pixel))
        for region, material in others:
            share = region(s.position[:, 0], s.position[:, 1]).astype(np.float32)
            rows = np.flatnonzero(share > 0)
            if len(rows):
                part = Surface(*(column[rows] for column in s[:-1]), s.lamps)
                above = _columns(material(part), len(rows))
                for old, new in zip(below, above, strict=True):
                    old[rows] = blend(old[rows], new, share[rows, None])
        albedo, gloss, puddles = below
        return Coat(albedo, gloss[:, 0], puddles=puddles[:, 0])

    return ground


def _columns(coat: Coat, count: int) -> list[np.ndarray]:
    """Return albedo [n, 3], gloss [n, 1] and puddles [n, 1], free to be written on."""
    single = [
        np.broadcast_to(np.asarray(part, np.float32), count) for part in (coat.gloss, coat.puddles)
    ]
    return [coat.albedo.copy(), *(column[:, None].copy() for column in single)]


def rectangle(left: float, right: float, near: float, far: float) -> Region:
    return lambda x, y: (x > left) & (x < right) & (y > near) & (y < far)


def disc(x0: float, y0: float, radius_x: float, radius_y: float, ragged: float = 0.0) -> Region:
    """An ellipse; ragged bends its edge."""

    def region(x, y):
        away = np.hypot((x - x0) / radius_x, (y - y0) / radius_y)
        if ragged:
            points = np.column_stack([x / radius_x * 3, y / radius_y * 3, np.zeros(len(x))])
            away = away + ragged * (fractal_noise(points.astype(np.float32), 2) - 0.5)
        return away < 1

    return region


def ring(x0: float, y0: float, inner: float, outer: float) -> Region:
    return lambda x, y: (np.hypot(x - x0, y - y0) > inner) & (np.hypot(x - x0, y - y0) < outer)


def winding_path(width: float, swing: float, period: float, shift: float = 0.0) -> Region:
    """A path that leads away from the viewer in bends."""
    return lambda x, y: np.abs(x - shift - swing * np.sin(y / period)) < width / 2
