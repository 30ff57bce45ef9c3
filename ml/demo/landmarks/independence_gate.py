"""Independence Gate: a granite triumphal arch in Seodaemun park."""

import numpy as np

from ml.demo import greenery, grounds, townscapes
from ml.demo.meshes import Mesh, arched_wall, box, joined, lathe, moved, quad, tube, turned
from ml.demo.rendering import Scene

GRANITE = "#c3baa6"


def scene(season: str) -> Scene:
    return Scene(gate(), surroundings(season), joined([]), _park(season), 44)


def gate() -> Mesh:
    """14.3 m high, 11.5 m wide, 6.3 m deep; two old stone posts stand before it."""
    parts = [
        box((12.1, 6.9, 0.7), (0, 0, 0), "large blocks", "#b0a793"),
        moved(arched_wall(11.5, 10.9, 6.25, 4.9, 5.0, "blocks", GRANITE, "#958c7a"), (0, 0, 0.0)),
        _passage(),
        *_arch_stones(),
        *_pilasters(),
        box((11.9, 6.65, 0.32), (0, 0, 7.7), "stone", "#d2c9b6"),
        box((12.3, 7.05, 0.4), (0, 0, 10.7), "stone", "#d2c9b6"),
        box((11.7, 6.4, 0.75), (0, 0, 11.1), "blocks", GRANITE),
        box((12.6, 7.3, 0.38), (0, 0, 11.85), "stone", "#d8cfbc", 1.02),
        *_balustrade(),
        *_name_plate(),
        *_old_posts(),
    ]
    return joined(parts)


def _passage() -> Mesh:
    """Paving inside the arch hides the plinth there."""
    return box((4.9, 7.0, 0.72), (0, 0, 0), "paving", "#a39b89")


def _arch_stones() -> list[Mesh]:
    parts = []
    for y in (-3.2, 3.2):
        for number, angle in enumerate(np.linspace(0.05, np.pi - 0.05, 15)):
            stone = turned(
                box(
                    (0.95, 0.22, 0.52),
                    (0, 0, -0.26),
                    "stone",
                    "#d2c9b6" if number % 2 else "#c7bea9",
                ),
                -np.degrees(angle),
                "y",
            )
            parts.append(moved(stone, (2.92 * np.cos(angle), y, 5.0 + 2.92 * np.sin(angle))))
        parts.append(box((0.8, 0.4, 1.3), (0, y, 7.3), "stone", "#d8cfbc", (1.25, 1)))
    return parts


def _pilasters() -> list[Mesh]:
    parts = []
    for x in (-5.45, -3.15, 3.15, 5.45):
        for y in (-3.15, 3.15):
            parts.append(box((0.9, 0.3, 7.0), (x, y, 0.7), "blocks", "#cdc4b0"))
            parts.append(box((1.05, 0.4, 0.35), (x, y, 7.4), "stone", "#d8cfbc"))
            parts.append(box((1.05, 0.45, 0.7), (x, y, 0.7), "stone", "#bdb49f"))
    return parts


def _balustrade() -> list[Mesh]:
    parts = []
    for x in (-5.7, -1.95, 1.95, 5.7):
        for y in (-3.0, 3.0):
            parts.append(box((0.8, 0.6, 1.75), (x, y, 12.2), "stone", "#cfc6b2", 0.95))
    for y in (-3.0, 3.0):
        parts.append(box((11.4, 0.4, 0.3), (0, y, 13.4), "stone", "#d2c9b6"))
        parts.append(box((11.4, 0.4, 0.25), (0, y, 12.2), "stone", "#d2c9b6"))
        for x in np.arange(-5.1, 5.2, 0.5):
            parts.append(
                lathe(
                    [(0.1, 0), (0.16, 0.35), (0.09, 0.7), (0.12, 0.98)],
                    8,
                    "stone",
                    "#cfc6b2",
                    (x, y, 12.44),
                )
            )
    for x in (-5.7, 5.7):
        parts.append(box((0.4, 5.6, 1.5), (x, 0, 12.2), "blocks", "#cfc6b2"))
    return parts


def _name_plate() -> list[Mesh]:
    """The framed tablet above the arch, with three carved signs and two flags."""
    y = -3.25
    parts = [
        box((3.9, 0.24, 1.35), (0, y, 8.75), "stone", "#ddd5c4"),
        box((3.5, 0.3, 1.0), (0, y, 8.92), "stone", "#8a8170"),
    ]
    for x in (-1.1, 0, 1.1):
        strokes = [
            ((-0.28, 0.75), (0.28, 0.75)),
            ((0, 0.9), (0, 0.4)),
            ((-0.3, 0.4), (0.3, 0.4)),
            ((-0.22, 0.15), (0.22, 0.15)),
            ((0.22, 0.4), (0.22, 0.15)),
        ]
        for (x0, z0), (x1, z1) in strokes:
            line = [(x + x0, y - 0.17, 8.92 + z0), (x + x1, y - 0.17, 8.92 + z1)]
            parts.append(tube(line, 0.05, 4, "stone", "#efe8d8"))
    for x in (-3.15, 3.15):
        parts.append(box((1.3, 0.2, 0.95), (x, y, 8.95), "stone", "#d8cfbc"))
        parts.append(
            quad(
                np.array(
                    [
                        (x - 0.5, y - 0.12, 9.1),
                        (x + 0.5, y - 0.12, 9.1),
                        (x + 0.5, y - 0.12, 9.75),
                        (x - 0.5, y - 0.12, 9.75),
                    ]
                ),
                "stone",
                "#a79e8b",
            )
        )
    return parts


def _old_posts() -> list[Mesh]:
    """The two footing stones of the older Yeongeunmun, in front of the arch."""
    parts = []
    for x in (-3.6, 3.6):
        parts.append(box((1.5, 1.5, 0.6), (x, -12.5, 0), "stone", "#a89f8c"))
        parts.append(
            lathe(
                [(0.62, 0.6), (0.6, 2.6), (0.5, 3.2)],
                8,
                "stone",
                "#bdb39d",
                (x, -12.5, 0),
                flat=True,
            )
        )
        parts.append(box((0.85, 0.85, 0.6), (x, -12.5, 3.2), "stone", "#c7bda8", 0.8))
    return parts


def surroundings(season: str) -> Mesh:
    """Park trees, the hills of Ansan and Inwangsan, flats beyond."""
    parts = [
        greenery.mountain(1900, 900, 210, 8, season, [(-330, 190, 260), (380, 240, 240)]),
        townscapes.apartments([(-150, 190), (-100, 200), (110, 195), (160, 188), (210, 200)], 58),
    ]
    kinds = [greenery.broadleaf(i, season, 9, 1000) for i in range(3)] + [greenery.pine(2, 9, 1000)]
    spots = np.array(
        [
            (-18, 14),
            (-25, 8),
            (-30, 20),
            (-21, 26),
            (19, 13),
            (26, 9),
            (31, 20),
            (22, 27),
            (-12, 34),
            (12, 36),
            (-36, 4),
            (38, 3),
        ]
    )
    parts.append(greenery.scattered(kinds, spots, 4))
    row = np.array([(x, 60 + (x * 7) % 13, 0) for x in range(-130, 131, 6)])
    parts.append(greenery.wood(5, row, season, 10, 170))
    hedge = np.array([(x, y) for x in (-9.5, 9.5) for y in np.arange(-26, 8, 1.5)])
    parts.append(greenery.scattered([greenery.shrub(2, season, 0.75)], hedge, 3))
    return joined(parts)


def _park(season: str):
    green = {"spring": "#7d9a44", "summer": "#64883a", "autumn": "#93884a", "winter": "#938968"}[
        season
    ]
    return grounds.patched(
        grounds.lawn(green),
        (grounds.rectangle(-8.7, 8.7, -200, 40), grounds.slabs(1.2, 0.9, "#b5ac9b", 0.12)),
    )
