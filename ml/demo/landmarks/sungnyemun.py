"""Sungnyemun: the two-storey gate of the old city on its arched stone base."""

import numpy as np

from ml.demo import greenery, grounds, roofs, townscapes
from ml.demo.meshes import Mesh, arched_wall, box, joined, moved, quad
from ml.demo.rendering import Scene
from ml.demo.roofs import Roof

GRANITE = "#c6bba4"


def scene(season: str) -> Scene:
    return Scene(gate(), surroundings(season), joined([]), _square(), 70)


def gate() -> Mesh:
    """Base 34 m by 17 m and 8 m high; pavilion of five by two bays under hipped roofs."""
    base = 8.2
    return joined(
        [
            arched_wall(34, base, 17, 5.2, 3.4, "large blocks", GRANITE, "#8f8674", 0.955),
            _arch_ring(2.6, 3.4, -8.55),
            _doors(),
            *_parapet(16.1, 7.9, base),
            roofs.storey(12.3, 5.4, base, 4.2, (5, 2), "boards", "#5c3527", 0.9),
            roofs.brackets(12.5, 5.6, base + 4.2, 1.5, 1.3),
            roofs.roof(Roof(16.4, 9.4, 11.8, 5.0, 2.7, 1.3), base + 5.6),
            roofs.storey(11.4, 4.6, base + 7.6, 2.9, (5, 2), "boards", "#55402e", 0.4),
            roofs.brackets(11.6, 4.8, base + 10.5, 1.6, 1.4),
            roofs.roof(Roof(15.6, 8.7, 7.6, 0, 5.6, 1.5), base + 12.0),
        ]
    )


def _arch_ring(radius: float, spring: float, y: float) -> Mesh:
    """The wedge stones around the arch, standing out a little."""
    parts = []
    for angle in np.linspace(0, np.pi, 16):
        out = radius + 0.38
        spot = (out * np.cos(angle), y, spring + out * np.sin(angle) - 0.25)
        parts.append(box((0.5, 0.18, 0.5), spot, "stone", "#d0c6b0"))
    return joined(parts)


def _doors() -> Mesh:
    leaf = quad(
        np.array([(-2.6, 0, 0), (2.6, 0, 0), (2.6, 0, 6), (-2.6, 0, 6)]), "boards", "#4a2a22"
    )
    return moved(leaf, (0, 1.5, 0))


def _parapet(half_x: float, half_y: float, base: float) -> list[Mesh]:
    """A brick breastwork with a tiled coping."""
    parts = []
    for size, spot in (
        ((2 * half_x, 0.6), (0, -half_y)),
        ((2 * half_x, 0.6), (0, half_y)),
        ((0.6, 2 * half_y), (-half_x, 0)),
        ((0.6, 2 * half_y), (half_x, 0)),
    ):
        parts.append(box((*size, 1.2), (*spot, base), "bricks", "#8f8a82"))
        parts.append(
            box(
                (size[0] + 0.3, size[1] + 0.3, 0.3),
                (*spot, base + 1.2),
                "plain",
                roofs.TILE,
                (1, 0.6),
            )
        )
    return parts


def _wings() -> list[Mesh]:
    """The rebuilt ends of the city wall on both sides."""
    parts = []
    for side, length in ((-1, 9), (1, 26)):
        spot = (side * (16.5 + length / 2), 1, 0)
        parts.append(box((length, 5, 6.2), spot, "blocks", "#bdb39d", (1, 0.8)))
        parts.append(box((length, 0.7, 1.3), (spot[0], -0.9, 6.2), "blocks", "#d3cab6"))
    return parts


def surroundings(season: str) -> Mesh:
    """Office towers, lawns with trees and lamps."""
    parts = [
        *_wings(),
        townscapes.blocks(5, (-260, -80, 120, 260), 12, (45, 110), (24, 40), 0.5),
        townscapes.blocks(9, (60, 280, 110, 260), 13, (40, 120), (24, 40), 0.55),
        townscapes.blocks(14, (-90, 90, 210, 330), 8, (35, 75), (24, 40), 0.5),
    ]
    kinds = [greenery.broadleaf(i, season, 8, 900) for i in range(3)] + [greenery.pine(7, 9, 900)]
    spots = [(x, y) for x in (-46, -38, -31, 47, 55, 62) for y in (16, 26, 36)]
    parts.append(greenery.scattered(kinds, np.array(spots), 2))
    parts.append(
        greenery.wood(
            3, np.array([(x, 70 + 6 * (x % 7) / 7, 0) for x in range(-120, 121, 7)]), season, 9, 200
        )
    )
    for x in (-14, 14):
        parts.append(moved(townscapes.street_lamp(5), (x, -26, 0)))
    return joined(parts)


def _square():
    return grounds.patched(
        grounds.slabs(1.0, 1.0, "#a9a298", 0.1),
        (grounds.rectangle(-60, -5, -34, -9), grounds.lawn("#66843c")),
        (grounds.rectangle(5, 60, -34, -9), grounds.lawn("#66843c")),
        (grounds.rectangle(-300, 300, -80, -44), grounds.street(along_y=False)),
        (grounds.rectangle(-300, 300, 60, 400), grounds.street()),
    )
