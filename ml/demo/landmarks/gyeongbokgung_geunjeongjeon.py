"""Gyeongbokgung Geunjeongjeon: the throne hall on its two stone terraces."""

import numpy as np

from ml.demo import greenery, grounds, roofs
from ml.demo.meshes import Mesh, box, joined, lathe, moved, tube, turned
from ml.demo.rendering import Scene
from ml.demo.roofs import Roof

STONE = "#b9b4a6"


def scene(season: str) -> Scene:
    return Scene(hall(), surroundings(season), joined([]), _courtyard(), 75)


def hall() -> Mesh:
    """30 m by 21 m, two roofs, 22 m high above 3.6 m of terraces."""
    terraces = [_terrace(50, 42, 0, 1.7), _terrace(41, 33, 1.7, 1.7)]
    floor = 3.4
    upper = roofs.storey(12.2, 8.0, floor + 9.6, 3.0, (5, 5), "lattice", "#49684c")
    return joined(
        terraces
        + [
            box((32, 23, 0.7), (0, 0, floor), "large blocks", STONE),
            roofs.storey(14.6, 10.2, floor + 0.7, 5.2, (5, 5), "lattice", "#49684c"),
            roofs.brackets(14.8, 10.4, floor + 5.9, 1.7, 1.5),
            roofs.roof(Roof(19.2, 14.6, 12.6, 8.3, 3.4, 1.5), floor + 7.4),
            upper,
            roofs.brackets(12.4, 8.2, floor + 12.3, 1.7, 1.5),
            roofs.roof(Roof(16.8, 12.4, 10.6, 0, 7.0, 1.6, gable_from=0.52), floor + 13.9),
        ]
    )


def _terrace(width: float, depth: float, base: float, height: float) -> Mesh:
    """A stone platform with a balustrade and steps in the middle of its front."""
    parts = [box((width, depth, height), (0, 0, base), "large blocks", STONE)]
    parts.append(
        box((width + 0.6, depth + 0.6, 0.25), (0, 0, base + height - 0.25), "stone", "#c8c3b6")
    )
    half_x, half_y, top = width / 2, depth / 2, base + height
    for x0, y0, x1, y1 in (
        (-half_x, -half_y, -3.6, -half_y),
        (3.6, -half_y, half_x, -half_y),
        (-half_x, half_y, half_x, half_y),
        (-half_x, -half_y, -half_x, half_y),
        (half_x, -half_y, half_x, half_y),
    ):
        parts.append(_balustrade((x0, y0), (x1, y1), top))
    steps = 8
    for step in range(steps):
        rise = height * (steps - step) / steps
        parts.append(
            box((6.8, 0.42, rise), (0, -half_y - 0.2 - 0.4 * step, base), "stone", "#c4bfb2")
        )
    parts.append(
        box((1.8, 3.4, height * 0.75), (0, -half_y - 1.5, base), "stone", "#d2cdc0", (1, 0.3))
    )
    for x in (-3.6, 3.6):
        parts.append(
            box((0.5, 3.4, height * 0.9), (x, -half_y - 1.6, base), "stone", "#c8c3b6", (1, 0.25))
        )
    return joined(parts)


def _balustrade(start, end, base: float) -> Mesh:
    start, end = np.array(start), np.array(end)
    count = max(2, int(np.linalg.norm(end - start) / 2.1) + 1)
    parts = []
    for x, y in np.linspace(start, end, count):
        profile = [(0.2, 0), (0.2, 0.9), (0.26, 1.0), (0.26, 1.15), (0.12, 1.3), (0, 1.35)]
        parts.append(lathe(profile, 8, "stone", "#cbc6b8", (x, y, base)))
    for height in (0.25, 0.82):
        rail = [
            (*start, base + height),
            (*((start + end) / 2), base + height),
            (*end, base + height),
        ]
        parts.append(tube(rail, 0.11, 6, "stone", "#cbc6b8"))
    return joined(parts)


def surroundings(season: str) -> Mesh:
    """The corridors around the court, rank stones and the mountain behind."""
    parts = []
    for x in (-48, 48):
        parts.append(moved(_corridor(110), (x, 5, 0)))
    for row in range(12):
        for x in (-7.5, 7.5):
            parts.append(box((0.45, 0.3, 0.9), (x, -30 - row * 3.2, 0), "stone", "#a9a498", 0.9))
    parts.append(greenery.mountain(1500, 900, 230, 4, season, [(-130, 300, 170), (330, 190, 200)]))
    random = np.random.default_rng(3)
    spots = np.column_stack(
        [random.uniform(-120, 120, 60), random.uniform(62, 110, 60), np.zeros(60)]
    )
    parts.append(greenery.wood(5, spots[:30], season, 11, 160))
    parts.append(
        greenery.scattered([greenery.pine(i, 10, 700) for i in range(3)], spots[30:, :2], 8)
    )
    return joined(parts)


def _corridor(length: float) -> Mesh:
    hall = joined(
        [
            box((length, 5.0, 0.5), (0, 0, 0), "large blocks", STONE),
            roofs.storey(length / 2 - 0.5, 2.1, 0.5, 3.4, (26, 1), "plain", "#b98a6a", 1.0),
            roofs.roof(Roof(length / 2 + 1, 4.2, length / 2 - 1.5, 0, 2.4, 0.2, 0.6), 4.4),
        ]
    )
    return turned(hall, 90)


def _courtyard():
    return grounds.patched(
        grounds.slabs(1.5, 0.9, "#aca596", 0.2),
        (grounds.rectangle(-3.2, 3.2, -400, -20), grounds.slabs(1.6, 1.1, "#beb8aa", 0.1)),
    )
