"""Triangles and the shapes built from them.

Lengths are metres, x points right, y away from the usual viewer, z up.
Surface coordinates (uv) are metres along the surface unless a function says otherwise.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ml.demo.colours import Colour, linear


class Mesh(NamedTuple):
    """A heap of triangles; every array has one row a triangle.

    corners, normals: [n, 3, 3]; uv: [n, 3, 2]; tint: [n, 3] linear colour;
    material: [n] name index of `ml.demo.materials.MATERIALS`.
    """

    corners: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    tint: np.ndarray
    material: np.ndarray


MATERIAL_NAMES: list[str] = []


def material_index(name: str) -> int:
    if name not in MATERIAL_NAMES:
        MATERIAL_NAMES.append(name)
    return MATERIAL_NAMES.index(name)


def empty() -> Mesh:
    return triangles(np.zeros((0, 3, 3)))


def triangles(
    corners: np.ndarray,
    material: str = "plain",
    tint: Colour = "#ffffff",
    normals: np.ndarray | None = None,
    uv: np.ndarray | None = None,
) -> Mesh:
    """corners: [n, 3, 3]; without normals the triangles are flat; without uv, x and z are taken."""
    corners = np.asarray(corners, np.float32)
    count = len(corners)
    if normals is None:
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-12
        normals = np.repeat(flat[:, None], 3, axis=1)
    if uv is None:
        uv = corners[:, :, [0, 2]]
    return Mesh(
        corners,
        np.asarray(normals, np.float32),
        np.asarray(uv, np.float32),
        np.broadcast_to(linear(tint), (count, 3)).astype(np.float32),
        np.full(count, material_index(material), np.int16),
    )


def surface(
    points: np.ndarray,
    material: str = "plain",
    tint: Colour = "#ffffff",
    uv: np.ndarray | None = None,
    smooth: bool = True,
) -> Mesh:
    """A curved sheet. points: [a, b, 3]; uv: [a, b, 2], by default lengths along the sheet."""
    points = np.asarray(points, np.float32)
    if uv is None:
        uv = sheet_lengths(points)
    normals = None
    if smooth:
        normals = _split(_sheet_normals(points))
    return triangles(_split(points), material, tint, normals, _split(uv))


def sheet_lengths(points: np.ndarray) -> np.ndarray:
    """Return the lengths along both directions of a sheet. points: [a, b, 3] → [a, b, 2]."""
    rows, columns = points.shape[:2]
    middle = points[:, columns // 2]
    down = np.concatenate([[0], np.linalg.norm(np.diff(middle, axis=0), axis=1).cumsum()])
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    across = np.concatenate([np.zeros((rows, 1)), steps.cumsum(axis=1)], axis=1)
    across -= across[:, -1:] / 2
    return np.stack([across, np.broadcast_to(down[:, None], (rows, columns))], axis=2)


def _sheet_normals(points: np.ndarray) -> np.ndarray:
    normals = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    return normals / (np.linalg.norm(normals, axis=2, keepdims=True) + 1e-12)


def _split(grid: np.ndarray) -> np.ndarray:
    """Two triangles for every cell of a grid. grid: [a, b, k] → [2(a-1)(b-1), 3, k]."""
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    first, second = np.stack([a, b, c], axis=2), np.stack([a, c, d], axis=2)
    return np.concatenate([part.reshape(-1, 3, grid.shape[2]) for part in (first, second)])


def box(
    size: Sequence[float],
    base: Sequence[float] = (0, 0, 0),
    material: str = "plain",
    tint: Colour = "#ffffff",
    top_scale: float | Sequence[float] = 1.0,
    piece: float = 1e9,
) -> Mesh:
    """A block standing on `base` (middle of its underside).

    size: width, depth, height. top_scale narrows the top, one number or (x, y).
    piece: longest edge of the quads it is made of, for walls that pass the viewer.
    """
    width, depth, height = size
    half = np.array([width / 2, depth / 2])
    top = half * top_scale
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    lower = np.column_stack([signs * half, np.zeros(4)]) + base
    upper = np.column_stack([signs * top, np.full(4, height)]) + base
    faces = [(lower[i], lower[(i + 1) % 4], upper[(i + 1) % 4], upper[i]) for i in range(4)]
    faces += [tuple(upper), tuple(lower)]
    return joined(
        quad(face, material, tint, piece, turned_uv=index % 2 == 1 and index < 4)
        for index, face in enumerate(faces)
    )


def quad(
    corners: Sequence[np.ndarray],
    material: str = "plain",
    tint: Colour = "#ffffff",
    piece: float = 1e9,
    turned_uv: bool = False,
) -> Mesh:
    """A flat four-cornered sheet; uv is the world: (x or y, z) upright, (x, y) lying."""
    a, b, c, d = (np.asarray(corner, np.float32) for corner in corners)
    across = max(1, int(np.ceil(np.linalg.norm(b - a) / piece)))
    up = max(1, int(np.ceil(np.linalg.norm(d - a) / piece)))
    s = np.linspace(0, 1, across + 1)[None, :, None]
    t = np.linspace(0, 1, up + 1)[:, None, None]
    points = (a * (1 - s) + b * s) * (1 - t) + (d * (1 - s) + c * s) * t
    lying = abs(np.cross(b - a, d - a)[2]) > 0.7 * np.linalg.norm(np.cross(b - a, d - a))
    axes = [0, 1] if lying else [1 if turned_uv else 0, 2]
    return surface(points, material, tint, points[:, :, axes], smooth=False)


def lathe(
    profile: Sequence[tuple[float, float]],
    sides: int = 24,
    material: str = "plain",
    tint: Colour = "#ffffff",
    base: Sequence[float] = (0, 0, 0),
    flat: bool = False,
    turn: float = 0.0,
) -> Mesh:
    """A profile of (radius, height) turned about the upright axis.

    flat: facets stay flat, for square and eight-sided pillars; the radius then
    reaches the corners. turn: radians. uv: metres around and along the profile.
    """
    profile_array = np.asarray(profile, float)
    angle = np.linspace(0, 2 * np.pi, sides + 1) + turn
    radius, height = profile_array[:, 0], profile_array[:, 1]
    points = np.stack(
        [
            radius[:, None] * np.cos(angle),
            radius[:, None] * np.sin(angle),
            np.broadcast_to(height[:, None], (len(radius), sides + 1)),
        ],
        axis=2,
    ) + np.asarray(base)
    along = np.concatenate([[0], np.hypot(np.diff(radius), np.diff(height)).cumsum()])
    around = (angle - turn) * radius.max()
    uv = np.stack(np.broadcast_arrays(around[None, :], along[:, None]), axis=2)
    return surface(points, material, tint, uv, smooth=not flat)


def ball(
    radii: Sequence[float] | float,
    centre: Sequence[float] = (0, 0, 0),
    material: str = "plain",
    tint: Colour = "#ffffff",
    sides: int = 14,
) -> Mesh:
    """An ellipsoid. radii: one number, or x, y, z."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, max(4, sides // 2) + 1)
    shape = lathe(np.column_stack([np.cos(angle), np.sin(angle)]), sides, material, tint)
    return moved(scaled(shape, np.broadcast_to(radii, 3)), centre)


def tube(
    path: Sequence[Sequence[float]],
    radius: float | Sequence[float],
    sides: int = 6,
    material: str = "plain",
    tint: Colour = "#ffffff",
) -> Mesh:
    """A round bar along a path. path: [k, 3]; radius: one, or one a point."""
    line = np.asarray(path, float)
    radii = np.broadcast_to(radius, len(line))
    direction = np.gradient(line, axis=0)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True) + 1e-12
    helper = np.where(np.abs(direction[:, 2:]) > 0.9, [[1.0, 0, 0]], [[0, 0, 1.0]])
    side = np.cross(direction, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-12
    other = np.cross(direction, side)
    angle = np.linspace(0, 2 * np.pi, sides + 1)[None, :, None]
    around = np.cos(angle) * side[:, None] + np.sin(angle) * other[:, None]
    return surface(line[:, None] + around * radii[:, None, None], material, tint)


def band(
    path: Sequence[Sequence[float]],
    width: float,
    height: float,
    material: str = "plain",
    tint: Colour = "#ffffff",
) -> Mesh:
    """A bar with a rectangular section that stands on a path, as a roof ridge does."""
    line = np.asarray(path, float)
    direction = np.gradient(line, axis=0)
    side = np.column_stack([-direction[:, 1], direction[:, 0], np.zeros(len(line))])
    side *= width / 2 / (np.linalg.norm(side, axis=1, keepdims=True) + 1e-12)
    up = np.array([0, 0, height])
    ring = np.stack([line - side, line - side + up, line + side + up, line + side], axis=1)
    sheets = [surface(ring[:, i : i + 2], material, tint, smooth=False) for i in range(3)]
    ends = [quad(ring[0], material, tint), quad(ring[-1], material, tint)]
    return joined(sheets + ends)


def slab(
    outline: Sequence[Sequence[float]],
    bottom: float,
    top: float,
    material: str = "plain",
    tint: Colour = "#ffffff",
    top_material: str | None = None,
    top_tint: Colour | None = None,
) -> Mesh:
    """An upright prism over an outline that is star-shaped about its mean. outline: [k, 2]."""
    ring = np.asarray(outline, float)
    closed = np.concatenate([ring, ring[:1]])
    low = np.column_stack([closed, np.full(len(closed), bottom)])
    high = np.column_stack([closed, np.full(len(closed), top)])
    middle = np.append(ring.mean(axis=0), top)
    fan = np.stack([np.broadcast_to(middle, high[1:].shape), high[:-1], high[1:]], axis=1)
    lid = triangles(fan, top_material or material, top_tint or tint, uv=fan[:, :, :2])
    return joined([surface(np.stack([low, high]), material, tint, smooth=False), lid])


def arched_wall(
    width: float,
    height: float,
    depth: float,
    opening: float,
    spring: float,
    material: str = "plain",
    tint: Colour = "#ffffff",
    inside: Colour | None = None,
    top_scale: float = 1.0,
) -> Mesh:
    """A wall across x, centred on the origin, with a round-arched passage along y.

    opening: width of the passage; spring: height at which its arch begins.
    top_scale: how much narrower the wall is at the top.
    """
    radius = opening / 2
    angle = np.linspace(np.pi, 0, 25)
    arch = np.column_stack([radius * np.cos(angle), spring + radius * np.sin(angle)])
    arch = np.concatenate([[[-radius, 0]], arch, [[radius, 0]]])
    outer_x = np.interp(np.arange(len(arch)), [0, len(arch) - 1], [-1, 1]) * width / 2
    outer = np.column_stack([outer_x * top_scale, np.full(len(arch), height)])
    outer[0], outer[-1] = (-width / 2, 0), (width / 2, 0)
    outer[1], outer[-2] = (-width / 2 * top_scale, height), (width / 2 * top_scale, height)
    parts = []
    for y in (-depth / 2, depth / 2):
        lean = y * (1 - outer[:, 1] / height * (1 - top_scale))
        front = np.column_stack([outer[:, 0], lean, outer[:, 1]])
        back = np.column_stack([arch[:, 0], np.full(len(arch), y), arch[:, 1]])
        steps = np.linspace(0, 1, 6)[:, None, None]
        sheet = front[None] * (1 - steps) + back[None] * steps
        parts.append(surface(sheet, material, tint, sheet[:, :, [0, 2]], smooth=False))
    tunnel = np.stack(
        [
            np.column_stack([arch[:, 0], np.full(len(arch), y), arch[:, 1]])
            for y in (-depth / 2, depth / 2)
        ]
    )
    parts.append(surface(tunnel, material, inside or tint, smooth=False))
    for sign in (-1, 1):
        x, narrow = sign * width / 2, sign * width / 2 * top_scale
        half, less = depth / 2, depth / 2 * top_scale
        side = [(x, -half, 0), (x, half, 0), (narrow, less, height), (narrow, -less, height)]
        parts.append(quad(np.array(side), material, tint, turned_uv=True))
    lid = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * [width / 2, depth / 2] * top_scale
    parts.append(quad(np.column_stack([lid, np.full(4, height)]), material, tint))
    return joined(parts)


def joined(parts: Iterable[Mesh]) -> Mesh:
    """One mesh of many, in their order."""
    parts = list(parts)
    if not parts:
        return empty()
    return Mesh(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def moved(mesh: Mesh, by: Sequence[float]) -> Mesh:
    return mesh._replace(corners=mesh.corners + np.asarray(by, np.float32))


def scaled(mesh: Mesh, by: Sequence[float] | float) -> Mesh:
    """Stretch about the origin; by: one number, or x, y, z."""
    factor = np.broadcast_to(np.asarray(by, np.float32), 3)
    normals = mesh.normals / factor
    normals /= np.linalg.norm(normals, axis=2, keepdims=True) + 1e-12
    return mesh._replace(corners=mesh.corners * factor, normals=normals)


def turned(mesh: Mesh, degrees: float, axis: str = "z") -> Mesh:
    """Rotate about an axis through the origin, counter-clockwise seen from its tip."""
    angle = np.radians(degrees)
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3, dtype=np.float32)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
    return mesh._replace(corners=mesh.corners @ matrix.T, normals=mesh.normals @ matrix.T)


def placed(
    mesh: Mesh, spots: Sequence[Sequence[float]], turns: Sequence[float], sizes: Sequence[float]
) -> Mesh:
    """A copy of the mesh at every spot. spots: [k, 3]; turns: degrees; sizes: factors."""
    return joined(
        moved(turned(scaled(mesh, float(size)), float(turn)), spot)
        for spot, turn, size in zip(spots, turns, sizes, strict=True)
    )
