"""The statue of Admiral Yi Sun-sin in the middle of Sejong-daero."""

import numpy as np

from ml.demo import greenery, grounds, roofs, townscapes
from ml.demo.meshes import (
    Mesh,
    arched_wall,
    ball,
    box,
    joined,
    lathe,
    moved,
    scaled,
    surface,
    tube,
    turned,
)
from ml.demo.rendering import Scene
from ml.demo.roofs import Roof

BRONZE = "#57503c"
GRANITE = "#c3bfb4"


def scene(season: str) -> Scene:
    return Scene(monument(), surroundings(season), joined([]), _boulevard(), 46)


def monument() -> Mesh:
    """17 m: stepped pedestal of 10.5 m with a small turtle ship, and the admiral of 6.5 m."""
    return joined([*_pedestal(), _turtle_ship(), *_drums(), moved(admiral(), (0, 0, 10.5))])


def _pedestal() -> list[Mesh]:
    return [
        box((11, 13, 0.5), (0, 0, 0), "large blocks", "#b3aea2"),
        box((8.6, 10.4, 0.6), (0, 0, 0.5), "large blocks", GRANITE),
        box((6.2, 7.4, 2.4), (0, 0, 1.1), "large blocks", "#aaa59a", 0.94),
        box((4.6, 5.0, 6.2), (0, 0, 3.5), "large blocks", GRANITE, 0.86),
        box((4.5, 4.8, 0.5), (0, 0, 9.3), "stone", "#d0cbc0", 1.06),
        box((3.7, 3.9, 0.7), (0, 0, 9.8), "bronze", BRONZE, 0.9),
        box((1.5, 0.1, 3.4), (0, -2.38, 4.6), "bronze", "#4a4434"),
        box((4.4, 0.12, 1.3), (0, -3.66, 1.6), "bronze", BRONZE),
    ]


def _turtle_ship() -> Mesh:
    """The bronze turtle ship in front of the pedestal."""
    t = np.linspace(0, 1, 15)[:, None]
    angle = np.linspace(0, np.pi, 13)[None]
    half = 0.95 * np.sin(np.pi * (0.12 + 0.8 * t)) ** 0.7
    shell = np.stack(
        np.broadcast_arrays(
            half * np.cos(angle), -6.0 + 3.2 * (t - 0.5), 1.5 + 0.7 * half * np.sin(angle)
        ),
        axis=-1,
    )
    hull = np.stack(
        np.broadcast_arrays(
            half * np.cos(angle), -6.0 + 3.0 * (t - 0.5), 1.5 - 0.5 * np.sin(angle)
        ),
        axis=-1,
    )
    neck = tube(
        [(0, -7.4, 1.5), (0, -7.9, 1.9), (0, -8.1, 2.3)], [0.22, 0.2, 0.14], 8, "bronze", BRONZE
    )
    head = ball((0.2, 0.34, 0.2), (0, -8.3, 2.4), "bronze", BRONZE, 10)
    masts = [tube([(0, y, 1.9), (0, y, 3.5)], 0.05, 5, "bronze", BRONZE) for y in (-6.6, -5.4)]
    rest = box((1.4, 3.4, 0.9), (0, -6, 0.5), "stone", "#aaa59a", 0.9)
    return joined(
        [
            surface(shell, "bronze", BRONZE),
            surface(hull, "bronze", BRONZE),
            neck,
            head,
            rest,
            *masts,
        ]
    )


def _drums() -> list[Mesh]:
    parts = []
    for x in (-3.3, 3.3):
        drum = turned(
            lathe(
                [(0, -0.6), (0.62, -0.6), (0.75, 0), (0.62, 0.6), (0, 0.6)], 18, "bronze", BRONZE
            ),
            90,
            "y",
        )
        parts.append(moved(drum, (x, -4.7, 1.85)))
    return parts


def admiral() -> Mesh:
    """A standing figure 6.5 m tall in armour, sword in his right hand, facing -y."""
    robe = [(1.18, 0.0), (1.2, 0.2), (1.1, 0.9), (0.98, 1.8), (0.9, 2.6), (0.82, 3.1)]
    chest = [(0.8, 3.0), (0.86, 3.5), (0.98, 4.1), (1.02, 4.6), (0.85, 5.0), (0.35, 5.2)]
    parts = [
        scaled(lathe(robe, 22, "bronze", BRONZE), (1, 0.72, 1)),
        scaled(lathe(chest, 22, "bronze", BRONZE), (1, 0.68, 1)),
        scaled(
            lathe([(0.9, 2.95), (0.96, 3.02), (0.96, 3.22), (0.88, 3.3)], 22, "bronze", "#4c4635"),
            (1, 0.72, 1),
        ),
        *_armour_plates(),
        *_arms(),
        *_head(),
        *_sword(),
        *_boots(),
    ]
    return joined(parts)


def _armour_plates() -> list[Mesh]:
    """Rows of plates on skirt and chest, and the shoulder guards."""
    parts = []
    for row, (z, radius) in enumerate(((2.5, 0.93), (2.05, 0.98), (1.6, 1.03), (1.15, 1.09))):
        for angle in np.linspace(0, 2 * np.pi, 17)[:-1] + 0.1 * row:
            spot = (radius * np.cos(angle), 0.74 * radius * np.sin(angle), z)
            plate = turned(
                box((0.1, 0.33, 0.42), (0, 0, 0), "bronze", "#5f5843", (1, 0.8)), np.degrees(angle)
            )
            parts.append(moved(plate, spot))
    for side in (-1, 1):
        parts.append(ball((0.42, 0.44, 0.3), (side * 1.0, 0, 4.85), "bronze", "#5f5843", 12))
        parts.append(
            turned(
                moved(
                    box((0.2, 0.8, 0.9), (side * 1.22, 0, 3.95), "bronze", "#5f5843", 0.8),
                    (0, 0, 0),
                ),
                0,
            )
        )
    return parts


def _arms() -> list[Mesh]:
    right = tube(
        [(-1.0, 0, 4.8), (-1.32, -0.05, 4.0), (-1.22, -0.45, 3.2), (-1.05, -0.72, 2.85)],
        [0.34, 0.36, 0.3, 0.2],
        10,
        "bronze",
        BRONZE,
    )
    left = tube(
        [(1.0, 0, 4.8), (1.36, 0.05, 4.0), (1.4, -0.05, 3.2), (1.3, -0.2, 2.7)],
        [0.34, 0.36, 0.32, 0.2],
        10,
        "bronze",
        BRONZE,
    )
    hands = [
        ball((0.22, 0.22, 0.25), (-1.03, -0.76, 2.72), "bronze", BRONZE, 8),
        ball((0.2, 0.22, 0.28), (1.3, -0.22, 2.5), "bronze", BRONZE, 8),
    ]
    return [right, left, *hands]


def _head() -> list[Mesh]:
    """Face with a beard under a helmet with a plume and neck guard."""
    helmet = [
        (0.62, 5.72),
        (0.5, 5.8),
        (0.5, 6.0),
        (0.42, 6.25),
        (0.22, 6.45),
        (0.08, 6.55),
        (0.06, 7.0),
        (0.0, 7.05),
    ]
    return [
        lathe([(0.32, 5.0), (0.28, 5.35)], 12, "bronze", BRONZE),
        ball((0.36, 0.4, 0.48), (0, -0.05, 5.6), "bronze", "#6a6249", 16),
        ball((0.2, 0.14, 0.34), (0, -0.34, 5.22), "bronze", "#4c4635", 10),
        ball((0.07, 0.1, 0.12), (0, -0.45, 5.62), "bronze", "#6a6249", 6),
        lathe(helmet, 18, "bronze", BRONZE),
        lathe([(0.66, 5.05), (0.52, 5.4), (0.5, 5.8)], 18, "bronze", "#4c4635", (0, 0.14, 0)),
        ball((0.1, 0.1, 0.2), (0, 0, 7.05), "bronze", "#4c4635", 8),
    ]


def _sword() -> list[Mesh]:
    return [
        tube(
            [(-1.02, -0.82, 3.4), (-1.06, -0.8, 2.5), (-1.2, -0.62, 0.15)],
            [0.09, 0.1, 0.07],
            7,
            "bronze",
            "#6a6249",
        ),
        moved(
            lathe([(0, 0), (0.24, 0.02), (0.24, 0.08), (0, 0.1)], 12, "bronze", "#6a6249"),
            (-1.05, -0.8, 2.95),
        ),
    ]


def _boots() -> list[Mesh]:
    return [ball((0.28, 0.5, 0.2), (x, -0.55, 0.12), "bronze", "#4c4635", 10) for x in (-0.4, 0.4)]


def surroundings(season: str) -> Mesh:
    """The boulevard with offices, ginkgo rows, traffic, the far gate and the mountain."""
    towers = [
        (-56, 20, 30, 26, 46, "windows", "#cfc6b6"),
        (-54, 62, 34, 34, 78, "curtain wall", "#6d8798"),
        (-52, 108, 30, 40, 58, "windows", "#b9b2a6"),
        (-56, 160, 36, 42, 84, "curtain wall", "#7f97a5"),
        (56, 26, 34, 34, 48, "curtain wall", "#64808f"),
        (53, 72, 30, 36, 52, "windows", "#d3c9b8"),
        (55, 120, 34, 40, 76, "windows", "#a9a49c"),
        (56, 170, 34, 40, 60, "curtain wall", "#7a93a3"),
        (-60, -34, 34, 40, 38, "windows", "#c9c0b2"),
        (60, -32, 34, 44, 42, "curtain wall", "#72899a"),
    ]
    parts = [
        box((w, d, h), (x * 1.35, y, 0), material, tint) for x, y, w, d, h, material, tint in towers
    ]
    leaf = "ginkgo" if season == "autumn" else season
    kinds = [greenery.broadleaf(i, leaf, 9, 800) for i in range(3)]
    spots = np.array([(x, y) for x in (-31, 31) for y in range(-50, 200, 12)])
    parts.append(greenery.scattered(kinds, spots, 4, 0.85, 1.15))
    parts.append(moved(_far_gate(), (0, 330, 0)))
    parts.append(greenery.mountain(2600, 1500, 330, 4, season, [(-60, 480, 260), (520, 300, 320)]))
    parts.append(townscapes.traffic(5, (-25, -21.7, -18.4, 18.4, 21.7, 25), (8, 190), 26))
    parts.append(
        greenery.wood(
            3, np.array([(x, 300, 0) for x in range(-140, 141, 8) if abs(x) > 26]), season, 11, 160
        )
    )
    return joined(parts)


def _far_gate() -> Mesh:
    return joined(
        [
            arched_wall(36, 8, 12, 5.5, 3.4, "large blocks", "#c6bba4", "#807766", 0.96),
            roofs.storey(12, 4.6, 8, 4, (3, 2), "boards", "#6a3527", 0.6),
            roofs.roof(Roof(16, 8.6, 11.4, 4.6, 2.6, 1.2), 13),
            roofs.storey(11, 4.2, 15.2, 2.6, (3, 2), "boards", "#6a3527", 0.4),
            roofs.roof(Roof(14.5, 7.8, 7, 0, 5, 1.3), 18.5),
        ]
    )


def _boulevard():
    return grounds.patched(
        grounds.slabs(1.2, 1.2, "#b0aba2", 0.08),
        (grounds.rectangle(-28, -15, -300, 300), grounds.street()),
        (grounds.rectangle(15, 28, -300, 300), grounds.street()),
        (grounds.rectangle(-9, 9, 14, 260), grounds.lawn("#6d8a40")),
    )
