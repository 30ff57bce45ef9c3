"""Korean timber halls: tiled roofs with curved eaves, painted brackets, columns and doors."""

from typing import NamedTuple

import numpy as np

from ml.demo.colours import Colour
from ml.demo.meshes import Mesh, band, box, joined, lathe, moved, quad, surface

TILE = "#565c63"
RIDGE_TILE = "#4a4e54"
PLASTER = "#dfdcd2"
COLUMN = "#7d3526"


class Roof(NamedTuple):
    """Half sizes at the eaves and at the top, metres; heights above the eaves' middle.

    gable_from: share of the slope at which the hips end and the gable starts, 1 for a
    hipped roof; lift: how far the corners of the eaves rise.
    """

    half_x: float
    half_y: float
    top_x: float
    top_y: float
    rise: float
    lift: float
    gable_from: float = 1.0
    plaster: bool = True
    tile: Colour = TILE


def roof(shape: Roof, base: float) -> Mesh:
    """Slopes, eaves, ridges and gables; base: height of the eaves' middle."""
    parts = [_slope(shape, side) for side in range(4)] + _eaves(shape) + _hips(shape)
    if shape.top_y == 0:
        parts += _main_ridge(shape)
    if shape.gable_from < 1:
        parts += _gables(shape)
    return moved(joined(parts), (0, 0, base))


def _reach(shape: Roof, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half sizes and height at a share t of the slope."""
    hip = np.minimum(t / shape.gable_from, 1)
    x = shape.half_x + (shape.top_x - shape.half_x) * hip
    y = shape.half_y + (shape.top_y - shape.half_y) * t
    return x, y, shape.rise * (0.62 * t + 0.38 * t * t)


def _point(shape: Roof, side: int, s: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points of one slope; s: -1 to 1 along the eave, t: 0 at the eave. → [..., 3]."""
    x, y, z = _reach(shape, t)
    bend = np.abs(s) ** 3.2 * (1 - t) ** 1.6
    push = 1 + 0.045 * bend
    height = z + shape.lift * bend
    if side % 2 == 0:
        sign = -1 if side == 0 else 1
        return np.stack(np.broadcast_arrays(-sign * s * x * push, sign * y * push, height), axis=-1)
    sign = 1 if side == 1 else -1
    return np.stack(np.broadcast_arrays(sign * x * push, sign * s * y * push, height), axis=-1)


def _slope(shape: Roof, side: int) -> Mesh:
    end = 1.0 if side % 2 == 0 else shape.gable_from
    s = np.linspace(-1, 1, 41)[None, :]
    t = np.linspace(0, end, 15)[:, None]
    points = _point(shape, side, s, t)
    along = points[..., 0] if side % 2 == 0 else points[..., 1]
    steps = np.linalg.norm(np.diff(points[:, 20], axis=0), axis=1)
    down = np.concatenate([[0], steps.cumsum()])[:, None]
    uv = np.stack(np.broadcast_arrays(along, down), axis=-1)
    return surface(points, "roof tiles", shape.tile, uv)


def _eaves(shape: Roof) -> list[Mesh]:
    parts = []
    for side in range(4):
        s = np.linspace(-1, 1, 41)
        edge = _point(shape, side, s, np.zeros(41))
        low = edge - [0, 0, 0.34]
        along = edge[:, 0] if side % 2 == 0 else edge[:, 1]
        uv = np.stack([np.column_stack([along, np.full(41, v)]) for v in (0, 0.34)])
        parts.append(surface(np.stack([edge, low]), "tile ends", shape.tile, uv, smooth=False))
        parts.append(_soffit(shape, side, s, low, along))
    return parts


def _soffit(shape: Roof, side: int, s, low, along) -> Mesh:
    depth = min(2.6, shape.half_y * 0.45)
    x, y = shape.half_x - depth, shape.half_y - depth
    half = (x, y)[side % 2]
    inner = _point(shape._replace(half_x=x, half_y=y, lift=0), side, s, np.zeros(41)) - [0, 0, 0.1]
    share = np.linspace(0, 1, 5)[:, None, None]
    points = low[None] * (1 - share) + inner[None] * share
    uv = np.stack(
        np.broadcast_arrays(np.linspace(-1, 1, 41)[None] * half, share[..., 0] * depth), axis=-1
    )
    return surface(points, "rafters", "#ffffff", uv, smooth=False)


def _ridge_tint(shape: Roof) -> Colour:
    return PLASTER if shape.plaster else RIDGE_TILE


def _hips(shape: Roof) -> list[Mesh]:
    parts = []
    for side in (0, 2):
        for s in (-1.0, 1.0):
            t = np.linspace(0.02, shape.gable_from, 14)
            path = _point(shape, side, np.full(14, s), t)
            parts.append(band(path, 0.5, 0.5, "plain", _ridge_tint(shape)))
            parts.append(band(path + [0, 0, 0.5], 0.62, 0.14, "plain", RIDGE_TILE))
            for place in np.linspace(0.5, 3.2, 5):
                figure = path[0] + (path[-1] - path[0]) * place / np.linalg.norm(path[-1] - path[0])
                height = np.interp(figure[0] * np.sign(path[0, 0]), *_rising(path)) + 0.6
                parts.append(
                    box((0.24, 0.24, 0.5), (figure[0], figure[1], height), "plain", "#3c3d40", 0.5)
                )
    return parts


def _rising(path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(np.abs(path[:, 0]))
    return np.abs(path[order, 0]), path[order, 2]


def _main_ridge(shape: Roof) -> list[Mesh]:
    x = np.linspace(-shape.top_x, shape.top_x, 15)
    sag = 0.5 * (np.abs(x) / max(shape.top_x, 0.1)) ** 2.5
    path = np.column_stack([x, np.zeros(15), shape.rise + sag - 0.2])
    tall = 0.55 + 0.03 * shape.half_x
    parts = [
        band(path, 0.6, tall, "plain", _ridge_tint(shape)),
        band(path + [0, 0, tall], 0.72, 0.2, "plain", RIDGE_TILE),
    ]
    for end in (-1, 1):
        spot = (end * (shape.top_x - 0.1), 0, shape.rise + 0.2)
        parts.append(box((0.8, 0.6, tall * 2.1), spot, "plain", "#41454a", (0.55, 0.7)))
    return parts


def _gables(shape: Roof) -> list[Mesh]:
    parts = []
    t = np.linspace(shape.gable_from, 1, 8)
    _, y, z = _reach(shape, t)
    for end in (-1, 1):
        x = np.full(8, end * (shape.top_x - 0.5))
        near, far = np.column_stack([x, -y, z - 0.25]), np.column_stack([x, y, z - 0.25])
        parts.append(surface(np.stack([near, far]), "boards", "#8a4a34", smooth=False))
        for sign in (-1, 1):
            edge = np.column_stack([np.full(8, end * shape.top_x), sign * y, z])
            parts.append(band(edge, 0.5, 0.55, "plain", _ridge_tint(shape)))
            parts.append(band(edge + [0, 0, 0.55], 0.6, 0.14, "plain", RIDGE_TILE))
            board = np.stack([edge + [end * 0.02, 0, -0.1], edge + [end * 0.02, 0, -0.75]])
            parts.append(surface(board, "plain", "#5a3a2a", smooth=False))
    return parts


def brackets(half_x: float, half_y: float, base: float, height: float, out: float) -> Mesh:
    """The painted bracket zone: leans outwards by `out` over its height."""
    rows = max(2, round(height / 0.42))
    parts = []
    for row in range(rows):
        low, high = base + row * height / rows, base + (row + 1) * height / rows
        spread = out * (row + 0.5) / rows
        parts.append(_ring_wall(half_x + spread, half_y + spread, low, high, row))
    return joined(parts)


def _ring_wall(x: float, y: float, low: float, high: float, row: int) -> Mesh:
    corners = [(-x, -y), (x, -y), (x, y), (-x, y)]
    parts = []
    for i in range(4):
        (ax, ay), (bx, by) = corners[i], corners[(i + 1) % 4]
        length = np.hypot(bx - ax, by - ay)
        points = np.array([[(ax, ay, low), (bx, by, low)], [(ax, ay, high), (bx, by, high)]])
        uv = np.array(
            [
                [(0, row * 0.42), (length, row * 0.42)],
                [(0, row * 0.42 + 0.41), (length, row * 0.42 + 0.41)],
            ]
        )
        parts.append(surface(points, "brackets", "#ffffff", uv, smooth=False))
    lid = [(cx, cy, high) for cx, cy in corners]
    floor = [(cx, cy, low) for cx, cy in corners]
    return joined(
        parts + [quad(np.array(lid), "plain", "#3d4a3c"), quad(np.array(floor), "plain", "#6a2f22")]
    )


def storey(
    half_x: float,
    half_y: float,
    base: float,
    height: float,
    bays: tuple[int, int],
    wall: str = "lattice",
    wall_tint: Colour = "#4c6b4e",
    set_back: float = 0.25,
) -> Mesh:
    """Red columns, walls between them and a painted lintel on top; bays: along x and y."""
    parts = [
        lathe([(0.34, 0), (0.3, height)], 10, "plain", COLUMN, (x, y, base))
        for x, y in _posts(half_x, half_y, bays)
    ]
    if wall:
        size = (2 * (half_x - set_back), 2 * (half_y - set_back), height)
        parts.append(box(size, (0, 0, base), wall, wall_tint))
    beam = (2 * half_x + 0.3, 2 * half_y + 0.3, 0.72)
    parts.append(_lintel(beam, base + height - 0.72))
    return joined(parts)


def _lintel(size: tuple[float, float, float], base: float) -> Mesh:
    """A painted frame with nothing inside, so that open pavilions stay open."""
    x, y, height = size
    bars = [
        box((x, 0.5, height), (0, sign * (y / 2 - 0.25), base), "painted beam") for sign in (-1, 1)
    ] + [
        box((0.5, y, height), (sign * (x / 2 - 0.25), 0, base), "painted beam") for sign in (-1, 1)
    ]
    return joined(bars)


def _posts(half_x: float, half_y: float, bays: tuple[int, int]) -> list[tuple[float, float]]:
    xs, ys = np.linspace(-half_x, half_x, bays[0] + 1), np.linspace(-half_y, half_y, bays[1] + 1)
    posts = {(x, y) for x in xs for y in (-half_y, half_y)} | {
        (x, y) for x in (-half_x, half_x) for y in ys
    }
    return sorted(posts)
