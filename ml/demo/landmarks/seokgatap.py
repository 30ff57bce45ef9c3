"""Seokgatap of Bulguksa: the plain three-storey pagoda of Silla."""

import numpy as np

from ml.demo import grounds, temples
from ml.demo.meshes import Mesh, ball, box, joined, lathe, surface, turned
from ml.demo.rendering import Scene

STONE = "#b7b1a1"


def scene(season: str) -> Scene:
    return Scene(pagoda(), temples.court(season, (17, 30), 30), joined([]), _court(), 34)


def pagoda() -> Mesh:
    """10.8 m: two-step base, three bodies under stepped roof stones, and the finial."""
    parts = [*_rocks(), *_lotus_stones()]
    parts += _base(4.4, 0.2, 1.05) + _base(3.35, 1.25, 1.35)
    z = 2.75
    for body, height, roof in ((1.95, 1.62, 3.15), (1.62, 0.62, 2.72), (1.42, 0.56, 2.34)):
        parts += _body(body, z, height)
        parts += _roof_stone(roof, body, z + height)
        z += height + 0.88
    return joined([*parts, *_finial(z - 0.02)])


def _base(width: float, z: float, height: float) -> list[Mesh]:
    parts = [
        box((width + 0.35, width + 0.35, 0.16), (0, 0, z), "stone", "#aaa494"),
        box((width, width, height - 0.3), (0, 0, z + 0.16), "stone", STONE),
        box((width + 0.3, width + 0.3, 0.16), (0, 0, z + height - 0.16), "stone", "#c3bdad", 0.96),
    ]
    for x in (-0.5, -0.17, 0.17, 0.5):
        for turn in range(4):
            pilaster = box(
                (0.2, 0.1, height - 0.3),
                (x * (width - 0.2), -width / 2 - 0.02, z + 0.16),
                "stone",
                "#c6c0b0",
            )
            parts.append(turned(pilaster, 90 * turn))
    return parts


def _body(width: float, z: float, height: float) -> list[Mesh]:
    parts = [box((width, width, height), (0, 0, z), "stone", STONE, 0.97)]
    for sign in (-1, 1):
        for turn in range(4):
            post = box(
                (0.2, 0.06, height),
                (sign * (width / 2 - 0.1), -width / 2, z),
                "stone",
                "#c6c0b0",
                (0.97, 1),
            )
            parts.append(turned(post, 90 * turn))
    return parts


def _roof_stone(width: float, body: float, z: float) -> list[Mesh]:
    """Five steps below, a gentle slope above, corners that rise a little."""
    parts = []
    for step in range(5):
        size = body + 0.12 + (width * 0.86 - body) * (step + 1) / 5.6
        parts.append(box((size, size, 0.085), (0, 0, z + 0.075 * step), "stone", "#a8a292"))
    s = np.linspace(-1, 1, 15)
    lift = 0.1 * np.abs(s) ** 3
    half, top = width / 2, body * 0.42
    for turn in range(4):
        rows = []
        for out, rise, share in (
            (half * 0.8, 0.37, 0),
            (half, 0.38, 1),
            (half, 0.54, 1),
            (half * 0.72, 0.66, 0.2),
            (top, 0.84, 0),
        ):
            rows.append(np.column_stack([s * out, np.full(15, -out), z + rise + lift * share]))
        parts.append(turned(surface(np.stack(rows), "stone", "#bdb7a7", smooth=False), 90 * turn))
    parts.append(box((2 * top + 0.1, 2 * top + 0.1, 0.09), (0, 0, z + 0.8), "stone", STONE))
    return parts


def _finial(z: float) -> list[Mesh]:
    profile = [
        (0.34, 0),
        (0.34, 0.26),
        (0.22, 0.28),
        (0.3, 0.45),
        (0.2, 0.6),
        (0.1, 0.64),
        (0.3, 0.78),
        (0.1, 0.82),
    ]
    height = 0.95
    for radius in (0.28, 0.26, 0.24, 0.21):
        profile += [(0.09, height), (radius, height + 0.06), (0.09, height + 0.12)]
        height += 0.2
    profile += [
        (0.3, height + 0.08),
        (0.07, height + 0.18),
        (0.06, height + 0.35),
        (0.16, height + 0.5),
        (0.02, height + 0.8),
        (0, height + 0.82),
    ]
    return [lathe([(r, z + h) for r, h in profile], 16, "stone", "#a39d8d")]


def _rocks() -> list[Mesh]:
    random = np.random.default_rng(6)
    parts = []
    for angle in np.linspace(0, 2 * np.pi, 22)[:-1]:
        out = 2.55 / max(abs(np.cos(angle)), abs(np.sin(angle)))
        radii = random.uniform(0.22, 0.5, 3) * [1, 1, 0.5]
        parts.append(
            ball(radii, (out * np.cos(angle), out * np.sin(angle), 0.1), "stone", "#9d9686", 8)
        )
    return parts


def _lotus_stones() -> list[Mesh]:
    """Eight round stones laid about the pagoda."""
    parts = []
    for angle in np.arange(8) * np.pi / 4 + np.pi / 8:
        spot = (4.3 * np.cos(angle), 4.3 * np.sin(angle), 0)
        parts.append(
            lathe([(0.5, 0), (0.5, 0.1), (0.32, 0.22), (0, 0.24)], 16, "stone", "#b3ad9d", spot)
        )
    return parts


def _court():
    return grounds.patched(
        grounds.earth("#c2b292"),
        (grounds.ring(0, 0, 0, 4.9), grounds.slabs(1.1, 0.8, "#aaa392")),
        (grounds.rectangle(-80, 80, 36, 400), grounds.lawn("#6a7a3c")),
    )
