"""Hwaseong Fortress Hwaseomun: the west gate, its half-moon bastion and the watchtower."""

import numpy as np

from ml.demo import greenery, grounds, roofs
from ml.demo.meshes import Mesh, arched_wall, box, joined, moved, surface, turned
from ml.demo.rendering import Scene
from ml.demo.roofs import Roof

GRANITE = "#b9af9b"
BRICK = "#8a7468"
MIDDLE = (8.0, 0.0, 0.0)  # of the gate; the origin lies between gate and watchtower


def scene(season: str) -> Scene:
    return Scene(gate(), surroundings(season), joined([]), _meadow(season), 62)


def gate() -> Mesh:
    return moved(joined([_gatehouse(), *_bastion(), moved(_watchtower(), (-23, -1, 0))]), MIDDLE)


def _gatehouse() -> Mesh:
    base = 6.2
    return joined(
        [
            arched_wall(17, base, 10, 4.0, 2.8, "blocks", GRANITE, "#8c8372", 0.95),
            box((16, 0.5, 1.0), (0, -4.6, base), "bricks", BRICK),
            roofs.storey(6.2, 3.6, base + 0.2, 3.4, (3, 2), ""),
            roofs.brackets(6.4, 3.8, base + 3.6, 1.1, 1.0),
            roofs.roof(Roof(9.2, 6.6, 5.8, 0, 4.4, 1.1, 0.5, plaster=False), base + 4.6),
        ]
    )


def _bastion() -> list[Mesh]:
    """A brick half-moon in front of the gate, open on its right."""
    angle = np.linspace(np.pi * 0.97, np.pi * 1.72, 40)
    ring = np.column_stack([11.5 * np.cos(angle), 9.5 * np.sin(angle) - 4.2])
    inner = ring * [0.88, 0.9] - [0, 0.4]
    parts = []
    for number, (low, high, material, tint) in enumerate(
        ((0, 1.4, "blocks", GRANITE), (1.4, 4.0, "bricks", BRICK))
    ):
        for line in (ring, inner):
            sheet = np.stack(
                [np.column_stack([line * (1 - 0.01 * number), np.full(40, z)]) for z in (low, high)]
            )
            parts.append(surface(sheet, material, tint))
    lid = np.stack([np.column_stack([line, np.full(40, 4.0)]) for line in (ring, inner)])
    parts.append(surface(lid, "plain", "#a09484"))
    parts += _merlons(ring * 0.985, 4.0)
    end = np.stack([[(*ring[-1], 0), (*inner[-1], 0)], [(*ring[-1], 4.0), (*inner[-1], 4.0)]])
    parts.append(surface(end, "bricks", BRICK))
    return parts


def _merlons(path: np.ndarray, base: float, width: float = 1.35, tint: str = BRICK) -> list[Mesh]:
    """A breastwork of short walls with loopholes, capped in grey. path: [k, 2]."""
    lengths = np.concatenate([[0], np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum()])
    parts = []
    for place in np.arange(0.7, lengths[-1] - 0.5, width + 0.3):
        x, y = (np.interp(place, lengths, path[:, i]) for i in (0, 1))
        ahead = [np.interp(place + 0.3, lengths, path[:, i]) for i in (0, 1)]
        turn = np.degrees(np.arctan2(ahead[1] - y, ahead[0] - x))
        parts.append(moved(_turned_block(width, turn, tint), (x, y, base)))
    return parts


def _turned_block(width: float, degrees: float, tint: str) -> Mesh:
    wall = box((width, 0.55, 1.15), (0, 0, 0), "bricks", tint)
    cap = box((width + 0.1, 0.75, 0.2), (0, 0, 1.15), "plain", "#5f5d5b", (1, 0.5))
    hole = box((0.22, 0.6, 0.3), (0, 0, 0.5), "plain", "#1c1916")
    return turned(joined([wall, cap, hole]), degrees)


def _watchtower() -> Mesh:
    """Seobuk Gongsimdon: stone foot, brick storeys with gun holes, a small roofed hut on top."""
    parts = [
        box((9.2, 9.2, 4.4), (0, 0, 0), "blocks", GRANITE, 0.93),
        box((8.5, 8.5, 6.6), (0, 0, 4.4), "bricks", BRICK, 0.9),
        box((7.9, 7.9, 0.3), (0, 0, 11.0), "plain", "#6f6a66"),
    ]
    square = 3.75 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
    parts += _merlons(square, 11.3, 1.1)
    for z in (6.0, 8.2, 9.9):
        half = 4.25 - 0.425 * (z - 4.4) / 6.6
        for x in (-2.4, -0.8, 0.8, 2.4):
            parts.append(box((0.32, 0.1, 0.42), (x, -half, z), "plain", "#15120f"))
            parts.append(box((0.1, 0.32, 0.42), (half, x, z), "plain", "#15120f"))
    hut = [
        roofs.storey(2.4, 2.0, 11.3, 2.6, (2, 2), "boards", "#6a3a2a", 0.5),
        roofs.roof(Roof(3.9, 3.4, 2.4, 0, 2.4, 0.6, 0.5, plaster=False), 14.0),
    ]
    return joined(parts + hut)


def _walls() -> list[Mesh]:
    """The fortress wall on both sides, with merlons on its crest."""
    parts = []
    for start, end in (
        ((-62, 9), (-27, 1)),
        ((-19, 1), (-8, 0)),
        ((8, 0), (34, 4)),
        ((34, 4), (64, 15)),
    ):
        start, end = np.array(start, float), np.array(end, float)
        side = np.array([start[1] - end[1], end[0] - start[0]])
        side = side / np.linalg.norm(side) * 1.6
        for low, high in ((start - side, end - side), (start + side, end + side)):
            sheet = np.array(
                [[(*low, 0), (*high, 0)], [(*(low * 0.99), 4.6), (*(high * 0.99), 4.6)]]
            )
            parts.append(surface(sheet, "blocks", GRANITE, smooth=False))
        lid = np.array(
            [
                [(*(start - side), 4.6), (*(end - side), 4.6)],
                [(*(start + side), 4.6), (*(end + side), 4.6)],
            ]
        )
        parts.append(surface(lid, "plain", "#a59c8a", smooth=False))
        parts += _merlons(np.array([start - side, end - side]), 4.6, 1.7, "#a89c8a")
    return parts


def surroundings(season: str) -> Mesh:
    """Lawns with pines, the town behind and Paldalsan."""
    parts = [
        moved(joined(_walls()), MIDDLE),
        greenery.mountain(1400, 420, 95, 13, season, [(-220, 90, 150)]),
    ]
    random = np.random.default_rng(5)
    spots = np.column_stack(
        [random.uniform(-130, 130, 110), random.uniform(26, 80, 110), np.zeros(110)]
    )
    parts.append(greenery.wood(4, spots, season, 10, 150))
    kinds = [greenery.pine(i, 8, 1000) for i in range(2)] + [greenery.broadleaf(4, season, 7, 1000)]
    near = np.array([(-41, -9), (-36, -3), (29, -6), (38, -3), (47, 2), (-50, -2)])
    parts.append(greenery.scattered(kinds, near, 3))
    return joined(parts)


def _meadow(season: str):
    green = {"spring": "#7d9a44", "summer": "#64883a", "autumn": "#9c8a4a", "winter": "#968b66"}[
        season
    ]
    return grounds.patched(
        grounds.lawn(green),
        (grounds.winding_path(5, 3, 18, 18), grounds.earth("#c0ab84")),
        (grounds.disc(8, -4, 13, 13), grounds.earth("#bda987")),
    )
