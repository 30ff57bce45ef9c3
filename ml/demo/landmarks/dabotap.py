"""Dabotap of Bulguksa: stairs, four pillars, square roof, eight-sided storeys and finial."""

import numpy as np

from ml.demo import grounds, temples
from ml.demo.meshes import Mesh, ball, box, joined, lathe, surface, turned
from ml.demo.rendering import Scene

STONE = "#c9bda2"
EIGHTH = np.pi / 8


def scene(season: str) -> Scene:
    return Scene(pagoda(), temples.court(season, (-15, 22), 24), joined([]), _court(), 34)


def pagoda() -> Mesh:
    """10.3 m high on a platform of 4.6 m."""
    return joined(
        [
            box((5.6, 5.6, 0.25), (0, 0, 0), "small blocks", "#b3a78c"),
            box((4.7, 4.7, 1.15), (0, 0, 0.2), "large blocks", STONE),
            box((5.0, 5.0, 0.2), (0, 0, 1.25), "stone", "#d3c8ae"),
            *(turned(_stairs(), 90 * i) for i in range(4)),
            *_pillars(),
            *_square_roof(),
            *_square_rail(),
            *_octagon(),
            *_finial(),
        ]
    )


def _stairs() -> Mesh:
    parts = []
    for step in range(7):
        parts.append(
            box((1.35, 0.28, 1.4 * (7 - step) / 7), (0, -2.5 - 0.24 * step, 0), "stone", "#c2b69a")
        )
    for x in (-0.82, 0.82):
        parts.append(_ramp(x))
        parts.append(box((0.3, 0.3, 1.3), (x, -4.1, 0), "stone", "#d3c8ae", 0.85))
        parts.append(box((0.3, 0.3, 0.95), (x, -2.35, 1.4), "stone", "#d3c8ae", 0.85))
    return joined(parts)


def _ramp(x: float) -> Mesh:
    side = np.array(
        [
            [(x - 0.12, -4.1, 0), (x - 0.12, -2.3, 0)],
            [(x - 0.12, -4.1, 0.28), (x - 0.12, -2.3, 1.62)],
        ]
    )
    top = np.array(
        [
            [(x - 0.12, -4.1, 0.28), (x - 0.12, -2.3, 1.62)],
            [(x + 0.12, -4.1, 0.28), (x + 0.12, -2.3, 1.62)],
        ]
    )
    faces = [side, side + [0.24, 0, 0], top]
    return joined(surface(face, "stone", "#d3c8ae", smooth=False) for face in faces)


def _pillars() -> list[Mesh]:
    parts = [box((0.75, 0.75, 2.1), (0, 0, 1.45), "stone", STONE)]
    for x in (-1.35, 1.35):
        for y in (-1.35, 1.35):
            parts.append(box((0.62, 0.62, 1.75), (x, y, 1.45), "stone", STONE, 0.92))
            parts.append(box((0.7, 0.7, 0.4), (x, y, 3.1), "stone", "#d0c5ab", 1.5))
    parts.append(box((3.7, 3.7, 0.28), (0, 0, 3.45), "stone", "#b7ab90", 1.04))
    return parts


def _square_roof() -> list[Mesh]:
    s = np.linspace(-1, 1, 21)
    edge, inner = 2.75, 1.9
    parts = []
    for turn in range(4):
        lift = 0.16 * np.abs(s) ** 3
        rows = [
            np.column_stack([s * inner, np.full(21, -inner), np.full(21, 3.72)]),
            np.column_stack([s * edge, np.full(21, -edge), 3.74 + lift]),
            np.column_stack([s * edge, np.full(21, -edge), 3.98 + lift]),
            np.column_stack([s * inner * 0.8, np.full(21, -inner * 0.8), np.full(21, 4.3)]),
        ]
        parts.append(turned(surface(np.stack(rows), "stone", "#cfc4aa", smooth=False), 90 * turn))
    parts.append(box((3.0, 3.0, 0.12), (0, 0, 4.24), "stone", STONE))
    return parts


def _square_rail() -> list[Mesh]:
    parts = [lathe([(1.05, 4.3), (1.05, 5.0)], 8, "stone", "#b0a48a", flat=True, turn=EIGHTH)]
    for turn in range(4):
        bars = [box((2.9, 0.13, 0.12), (0, -1.42, z), "stone", "#d3c8ae") for z in (4.42, 4.86)]
        posts = [
            box((0.2, 0.2, 0.72), (x, -1.42, 4.33), "stone", "#d3c8ae")
            for x in (-1.42, -0.47, 0.47)
        ]
        parts.append(turned(joined(bars + posts), 90 * turn))
    return parts


def _octagon() -> list[Mesh]:
    """Railing, bamboo columns, lotus plate, slender columns and roof, all eight-sided."""

    def ring(profile, tint=STONE):
        return lathe(profile, 8, "stone", tint, flat=True, turn=EIGHTH)

    parts = [
        ring([(0.0, 5.0), (1.5, 5.0), (1.5, 5.14), (0.6, 5.16)], "#d0c5ab"),
        ring([(0.62, 5.1), (0.62, 7.4)], "#a89c82"),
    ]
    parts += [ring([(1.38, z), (1.38, z + 0.1), (1.24, z + 0.1), (1.24, z)]) for z in (5.28, 5.58)]
    for angle in np.arange(8) * np.pi / 4 + EIGHTH:
        x, y = np.cos(angle), np.sin(angle)
        parts.append(box((0.15, 0.15, 0.62), (1.32 * x, 1.32 * y, 5.12), "stone", "#d3c8ae"))
        bamboo = [
            (0.11, 5.15),
            (0.11, 5.4),
            (0.14, 5.44),
            (0.11, 5.48),
            (0.11, 5.75),
            (0.14, 5.79),
            (0.11, 5.83),
            (0.11, 6.1),
        ]
        parts.append(lathe(bamboo, 8, "stone", "#d3c8ae", (0.82 * x, 0.82 * y, 0)))
        stylus = [(0.15, 6.42), (0.09, 6.6), (0.1, 7.0), (0.2, 7.36)]
        parts.append(lathe(stylus, 8, "stone", "#d3c8ae", (0.86 * x, 0.86 * y, 0)))
        parts.append(ball((0.3, 0.3, 0.14), (1.0 * x, 1.0 * y, 6.22), "stone", STONE, 8))
    parts.append(
        lathe(
            [(0.6, 6.08), (1.15, 6.2), (1.28, 6.36), (1.1, 6.42), (0, 6.44)], 24, "stone", "#d0c5ab"
        )
    )
    parts.append(ring([(0.9, 7.34), (1.2, 7.42), (1.2, 7.5)], "#c0b498"))
    parts.append(_eight_roof())
    return parts


def _eight_roof() -> Mesh:
    parts = []
    s = np.linspace(-1, 1, 9)
    for number in range(8):
        corner = np.tan(EIGHTH)
        lift = 0.14 * np.abs(s) ** 3
        rows = []
        for out, z, share in (
            (1.1, 7.5, 0),
            (1.72, 7.52, 1),
            (1.72, 7.68, 1),
            (1.1, 7.9, 0.3),
            (0.45, 8.1, 0),
        ):
            rows.append(np.column_stack([s * out * corner, np.full(9, -out), z + lift * share]))
        parts.append(turned(surface(np.stack(rows), "stone", "#cfc4aa", smooth=False), 45 * number))
    return joined(parts)


def _finial() -> list[Mesh]:
    profile = [
        (0.42, 8.05),
        (0.42, 8.3),
        (0.3, 8.32),
        (0.36, 8.5),
        (0.3, 8.68),
        (0.16, 8.72),
        (0.4, 8.86),
        (0.14, 8.9),
        (0.12, 9.0),
        (0.3, 9.05),
        (0.12, 9.12),
        (0.27, 9.24),
        (0.12, 9.3),
        (0.24, 9.42),
        (0.1, 9.48),
        (0.34, 9.62),
        (0.1, 9.72),
        (0.08, 9.85),
        (0.16, 9.98),
        (0.14, 10.1),
        (0.03, 10.3),
        (0, 10.32),
    ]
    return [lathe(profile, 16, "stone", "#bfb398")]


def _court():
    return grounds.patched(
        grounds.earth("#c6b28c"),
        (grounds.rectangle(-2, 2, -60, -4), grounds.slabs(1.2, 0.8, "#b3a88f")),
        (grounds.rectangle(-80, 80, 30, 400), grounds.lawn("#6a7a3c")),
    )
