"""Buildings, cars and lamps that stand around landmarks."""

from collections.abc import Sequence

import numpy as np

from ml.demo.colours import Colour
from ml.demo.meshes import Mesh, ball, box, joined, lathe, moved, surface, tube, turned

WALLS = ["#c9c2b6", "#b4aca0", "#d8d3c8", "#a8a39c", "#bfae98", "#9aa2a8", "#cbb9a6"]
GLASS = ["#6f8a9c", "#5f7d92", "#7f97a2", "#577085"]


def blocks(
    seed: int,
    area: tuple[float, float, float, float],
    count: int,
    heights: tuple[float, float],
    widths: tuple[float, float] = (18, 42),
    glass: float = 0.35,
) -> Mesh:
    """Town buildings. area: left, right, near, far; heights, widths: smallest and largest."""
    random = np.random.default_rng(seed)
    parts = []
    for _ in range(count):
        spot = (random.uniform(area[0], area[1]), random.uniform(area[2], area[3]), 0)
        tall = heights[0] + (heights[1] - heights[0]) * random.random() ** 1.8
        size = (random.uniform(*widths), random.uniform(*widths), tall)
        shiny = random.random() < glass
        paint = random.choice(GLASS if shiny else WALLS)
        parts.append(box(size, spot, "curtain wall" if shiny else "windows", paint))
        roof = (size[0] * 0.4, size[1] * 0.4, 4)
        parts.append(box(roof, (spot[0], spot[1], tall), "plain", "#a19c94"))
    return joined(parts)


def apartments(spots: Sequence[Sequence[float]], height: float, tint: Colour = "#d9d4c9") -> Mesh:
    """Slab blocks of flats, broad side to the viewer. spots: [k, 2]."""
    parts = []
    for number, (x, y) in enumerate(spots):
        tall = height * (1 + 0.12 * ((number * 7) % 5 - 2) / 2)
        parts.append(box((34, 13, tall), (x, y, 0), "windows", tint))
        parts.append(box((8, 8, 5), (x, y, tall), "plain", "#b8b2a6"))
    return joined(parts)


CAR_SIDE = [  # share of the length, roof height, sill height
    (0.0, 0.55, 0.32),
    (0.03, 0.72, 0.22),
    (0.2, 0.88, 0.2),
    (0.3, 0.94, 0.2),
    (0.42, 1.38, 0.2),
    (0.52, 1.46, 0.2),
    (0.68, 1.44, 0.2),
    (0.84, 1.02, 0.2),
    (0.96, 0.94, 0.22),
    (1.0, 0.6, 0.34),
]


def car(tint: Colour, length: float = 4.6, cabin: float = 1.0) -> Mesh:
    """A saloon along y, nose towards -y. cabin: factor on the height above the belt."""
    stations = np.array(CAR_SIDE)
    share = np.linspace(0, 1, 48)
    roof = np.interp(share, stations[:, 0], stations[:, 1])
    roof = np.convolve(np.pad(roof, 2, mode="edge"), np.ones(5) / 5, "valid")
    roof = np.where(roof > 0.95, 0.95 + (roof - 0.95) * cabin, roof)
    sill = np.interp(share, stations[:, 0], stations[:, 2])
    y, belt = (share - 0.5) * length, np.minimum(roof, 0.92)
    body = _car_body(share, y, sill, belt, tint)
    return joined([*body, *_car_cabin(y, belt, roof, tint), *_car_details(length)])


def _car_body(share, y, sill, belt, tint: Colour) -> list[Mesh]:
    narrow = 1 - 0.16 * np.abs(share - 0.5) ** 4 * 16
    section = [
        (0.78, sill),
        (0.92, sill + 0.12),
        (0.94, (sill + belt) / 2),
        (0.9, belt - 0.03),
        (0.84, belt),
    ]
    sides = _shell([(x * narrow, z) for x, z in section], y, "paint", tint)
    lid = _shell([(0.84 * narrow, belt), (0 * narrow, belt + 0.02)], y, "paint", tint)
    ends = []
    for i in (0, -1):
        edge = np.array([(x * narrow[i], y[i], z[i]) for x, z in section])
        sheet = np.stack([edge * [-1, 1, 1], edge])
        ends.append(surface(sheet, "paint", tint, smooth=False))
    return [sides, lid, *ends]


def _car_cabin(y, belt, roof, tint: Colour) -> list[Mesh]:
    """Side windows, and a roof whose steep ends are windscreens."""
    rise = roof - belt
    has = np.flatnonzero(rise > 0.02)
    lean, top = 0.84 - 0.24 * rise / rise.max(), roof - 0.05
    below, above = (0.83 + 0 * lean[has], belt[has]), (lean[has], top[has])
    parts = [_shell([below, above], y[has], "glass", "#1a2026")]
    flat = has[rise[has] > 0.82 * rise.max()]
    for rows, material, paint in (
        (np.arange(has[0], flat[0] + 1), "glass", "#1a2026"),
        (flat, "paint", tint),
        (np.arange(flat[-1], has[-1] + 1), "glass", "#1a2026"),
    ):
        rounded = [
            (lean[rows], top[rows]),
            (lean[rows] * 0.7, roof[rows]),
            (lean[rows] * 0, roof[rows] + 0.02),
        ]
        parts.append(_shell(rounded, y[rows], material, paint))
    return parts


def _shell(sections, y: np.ndarray, material: str, tint: Colour) -> Mesh:
    right = np.stack([np.column_stack([x, y, z]) for x, z in sections])
    left = right * [-1, 1, 1]
    return joined([surface(right, material, tint), surface(left, material, tint)])


def _car_details(length: float) -> list[Mesh]:
    parts = []
    for side in (-1, 1):
        for y in (-0.31, 0.3):
            parts.append(_wheel(side * 0.84, y * length))
        parts.append(
            ball((0.22, 0.1, 0.08), (side * 0.66, -0.485 * length, 0.68), "lamp", "#f4f2e8", 10)
        )
        parts.append(
            ball((0.2, 0.08, 0.09), (side * 0.68, 0.488 * length, 0.78), "lamp", "#a01818", 10)
        )
        parts.append(
            ball((0.13, 0.07, 0.08), (side * 1.0, -0.15 * length, 0.98), "paint", "#22252a", 8)
        )
    for end, plate in ((-1, -0.5), (1, 0.5)):
        parts.append(
            box((0.52, 0.03, 0.12), (0, plate * length + end * 0.01, 0.48), "plain", "#f2f2ec")
        )
    parts.append(box((0.9, 0.06, 0.16), (0, -0.488 * length, 0.6), "plain", "#15171a"))
    return parts


def _wheel(x: float, y: float) -> Mesh:
    tyre = lathe(
        [(0.0, -0.11), (0.33, -0.11), (0.34, 0), (0.33, 0.11), (0.22, 0.12), (0.0, 0.1)],
        20,
        "plain",
        "#17181a",
    )
    rim = lathe([(0.0, 0.135), (0.2, 0.125), (0.21, 0.11)], 20, "chrome", "#c8ccd0")
    back = lathe([(0.0, -0.135), (0.2, -0.125), (0.21, -0.11)], 20, "chrome", "#c8ccd0")
    return moved(turned(joined([tyre, rim, back]), 90, "y"), (x, y, 0.33))


def traffic(seed: int, lanes: Sequence[float], reach: tuple[float, float], count: int) -> Mesh:
    """Cars on lanes along y. lanes: x of each; reach: first and last y."""
    random = np.random.default_rng(seed)
    paints = [
        "#e8e8e6",
        "#22242a",
        "#8a8f96",
        "#b3b8bd",
        "#7a1f22",
        "#2a3f66",
        "#e9e6da",
        "#d0702a",
    ]
    parts = []
    for _ in range(count):
        x, y = random.choice(lanes), random.uniform(*reach)
        parts.append(moved(turned(car(random.choice(paints)), 0 if x < 0 else 180), (x, y, 0)))
    return joined(parts)


def street_lamp(height: float = 7.0) -> Mesh:
    pole = tube(
        [(0, 0, 0), (0, 0, height * 0.9), (0.5, 0, height), (1.5, 0, height)],
        0.07,
        6,
        "paint",
        "#3f4448",
    )
    return joined([pole, ball((0.35, 0.16, 0.1), (1.5, 0, height - 0.05), "lamp", "#fff0cc", 8)])
