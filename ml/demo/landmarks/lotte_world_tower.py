"""Lotte World Tower: 555 m of glass that narrows to a split tip, above Seokchon lake."""

import numpy as np

from ml.demo import greenery, grounds, townscapes
from ml.demo.meshes import Mesh, box, joined, slab, surface, tube
from ml.demo.rendering import Scene

GLASS = "#9db4c4"
HEIGHTS = np.array([0, 60, 140, 240, 340, 430, 500, 555.0])
HALF_WIDTHS = np.array([37, 36.2, 34.5, 31.5, 27, 21.5, 16, 10.5])


def scene(season: str) -> Scene:
    return Scene(tower(), surroundings(season), joined([]), _ground(season), 520)


def tower() -> Mesh:
    shells = [_shell(side, start, end) for side in (0, 1) for start, end in ((0, 430), (430, 555))]
    return joined([*shells, *_seams(), _core(), *_lantern_bars()])


def _half_width(z: np.ndarray) -> np.ndarray:
    return np.interp(z, HEIGHTS, HALF_WIDTHS)


def _gap(z: np.ndarray) -> np.ndarray:
    """Half angle of the seam in front and behind: a slit below, wide open at the tip."""
    return 0.03 + 0.62 * np.clip((z - 425) / 130, 0, 1) ** 1.2


def _outline(angle: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Points of the rounded square section; angle 0 is the front (-y)."""
    half = _half_width(z)
    x, y = np.sin(angle), -np.cos(angle)
    stretch = (np.abs(x) ** 3.2 + np.abs(y) ** 3.2) ** (-1 / 3.2)
    return np.stack([x * stretch * half, y * stretch * half, z + 0 * angle], axis=-1)


def _shell(side: int, start: float, end: float) -> Mesh:
    z = np.linspace(start, end, 40)[:, None]
    share = np.linspace(0, 1, 41)[None]
    gap = _gap(z)
    angle = gap + (np.pi - 2 * gap) * share + side * np.pi
    points = _outline(angle, z + 0 * angle)
    if end > 500:
        points[..., 2] -= 26 * np.abs(share - 0.5) ** 2 * np.clip((z - 480) / 75, 0, 1)
    around = (share - 0.5) * 110
    uv = np.stack(np.broadcast_arrays(around, z), axis=-1)
    return surface(points, "curtain wall", GLASS, uv)


def _seams() -> list[Mesh]:
    """Bright ribs that frame the slits."""
    ribs = []
    z = np.linspace(0, 553, 60)
    for back in (0, np.pi):
        for sign in (-1, 1):
            ribs.append(
                tube(_outline(back + sign * (_gap(z) + 0.01), z), 0.9, 5, "paint", "#e4e8ea")
            )
    return ribs


def _core() -> Mesh:
    z = np.linspace(0, 505, 30)[:, None]
    angle = np.linspace(0, 2 * np.pi, 33)[None]
    points = _outline(angle, z + 0 * angle)
    points[..., :2] *= 0.86
    return surface(points, "curtain wall", "#3f4f5c")


def _lantern_bars() -> list[Mesh]:
    """Struts that cross the open tip."""
    bars = []
    for z in np.arange(455, 545, 9.0):
        for back in (0, np.pi):
            left, right = (
                _outline(np.array(back + s * _gap(np.array(z))), np.array(z)) for s in (-1, 1)
            )
            bars.append(tube([left, (left + right) / 2, right], 0.5, 4, "paint", "#dfe4e6"))
    return bars


def surroundings(season: str) -> Mesh:
    """The shopping podium, the lake's trees, flats and hills."""
    parts = [
        slab(_rounded(120, 62), 0, 46, "curtain wall", "#8a9aa4", "plain", "#b9b6ae"),
        box((70, 50, 62), (105, 30, 0), "windows", "#c9c4ba"),
        townscapes.apartments(
            [(x, y) for y in (240, 330) for x in range(-520, 521, 62) if abs(x) > 120], 75
        ),
        townscapes.blocks(4, (-700, -150, 80, 220), 22, (25, 95)),
        townscapes.blocks(6, (170, 700, 80, 220), 20, (25, 110)),
        townscapes.blocks(7, (-700, 700, 420, 900), 60, (20, 110)),
        greenery.mountain(6000, 3600, 430, 15, season),
    ]
    random = np.random.default_rng(4)
    far_bank = np.column_stack(
        [random.uniform(-620, 620, 330), random.uniform(-140, -78, 330), np.zeros(330)]
    )
    parts.append(greenery.wood(8, far_bank, season, 13, 70))
    return joined(parts)


def _rounded(half_x: float, half_y: float) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 41)[:-1]
    x, y = np.cos(angle), np.sin(angle)
    stretch = (np.abs(x) ** 4 + np.abs(y) ** 4) ** -0.25
    return np.column_stack([x * stretch * half_x - 40, y * stretch * half_y + 40])


def _ground(season: str):
    tint = "#7d8a4a" if season != "winter" else "#85806c"
    return grounds.patched(
        grounds.slabs(3, 3, "#9a978f", 0.06),
        (grounds.ring(0, 0, 165, 600), grounds.lawn(tint)),
        (grounds.ring(0, 0, 205, 585), grounds.water("#2a5358")),
    )
