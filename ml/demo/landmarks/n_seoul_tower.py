"""N Seoul Tower: the observation tower on wooded Namsan."""

from itertools import pairwise

import numpy as np

from ml.demo import greenery, grounds, roofs, townscapes
from ml.demo.meshes import Mesh, ball, box, joined, lathe, moved, surface, tube
from ml.demo.noise import fractal_noise
from ml.demo.rendering import Scene
from ml.demo.roofs import Roof

CONCRETE = "#d9d6cd"
HILL = 62.0


def scene(season: str) -> Scene:
    return Scene(tower(), surroundings(season), joined([]), _ground(season), 260)


def tower() -> Mesh:
    """237 m above the hill top: shaft, observation drum, white mast, red and white lattice."""
    parts = [
        lathe([(19, 0), (19, 9), (17, 9.5), (17, 14), (9, 15)], 32, "curtain wall", "#8fa3ad"),
        lathe([(7.6, 10), (5.8, 60), (5.5, 102)], 28, "stone", CONCRETE),
        *_ribs(),
        *_drum(),
        lathe([(5.0, 139), (4.2, 141), (3.6, 152), (3.0, 168)], 20, "paint", "#e9e7e2"),
        *_mast(),
    ]
    return moved(joined(parts), (0, 0, HILL - 3))


def _ribs() -> list[Mesh]:
    ribs = []
    for angle in np.linspace(0, 2 * np.pi, 9)[:-1]:
        x, y = np.cos(angle), np.sin(angle)
        path = [(7.7 * x, 7.7 * y, 12), (5.9 * x, 5.9 * y, 60), (5.6 * x, 5.6 * y, 101)]
        ribs.append(tube(path, 0.55, 6, "stone", "#c5c2b8"))
    return ribs


def _drum() -> list[Mesh]:
    """Stacked decks: white rims with dark glass between."""
    white, glass = "#efeeea", "#33485a"
    rings = [
        ([(5.5, 96), (11.5, 102), (12.2, 103.5)], "paint", "#d4d2cc"),
        ([(12.2, 103.5), (12.2, 107)], "curtain wall", glass),
        ([(12.6, 107), (15.6, 108.2), (15.6, 109.4)], "paint", white),
        ([(15.0, 109.4), (15.0, 113.6)], "curtain wall", glass),
        ([(15.8, 113.6), (16.4, 114.4), (16.4, 115.8), (15.8, 116.2)], "paint", white),
        ([(15.0, 116.2), (15.0, 120.2)], "curtain wall", glass),
        ([(15.8, 120.2), (16.2, 121), (16.2, 122.2), (14, 122.8)], "paint", white),
        ([(13.2, 122.8), (13.2, 126.6)], "curtain wall", glass),
        ([(13.8, 126.6), (14, 127.8), (11, 128.6)], "paint", white),
        ([(10, 128.6), (10, 133)], "paint", "#dcdad4"),
        ([(10.6, 133), (10.6, 134.4), (6.5, 135.4)], "paint", white),
        ([(6.5, 135.4), (6.0, 139), (4.6, 139.4)], "paint", "#c9c7c0"),
    ]
    return [lathe(profile, 40, material, tint) for profile, material, tint in rings]


def _mast() -> list[Mesh]:
    """A square steel lattice in red and white bands."""
    parts = []
    bands = np.linspace(160, 236, 10)
    for number, (low, high) in enumerate(pairwise(bands)):
        tint = "#c8321f" if number % 2 == 0 else "#f1efe9"
        wide, narrow = 2.7 - 2.1 * (low - 160) / 76, 2.7 - 2.1 * (high - 160) / 76
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        for i, (x, y) in enumerate(corners):
            u, v = corners[(i + 1) % 4]
            parts.append(
                tube(
                    [(x * wide, y * wide, low), (x * narrow, y * narrow, high)],
                    0.42,
                    4,
                    "paint",
                    tint,
                )
            )
            for start, end in (((x, y), (u, v)), ((u, v), (x, y))):
                parts.append(
                    tube(
                        [
                            (start[0] * wide, start[1] * wide, low),
                            (end[0] * narrow, end[1] * narrow, high),
                        ],
                        0.22,
                        4,
                        "paint",
                        tint,
                    )
                )
        parts.append(box((2.1 * wide, 2.1 * wide, 0.7), (0, 0, low), "paint", tint))
        parts.append(lathe([(wide * 0.55, low), (narrow * 0.55, high)], 8, "paint", tint))
    for height in (170, 186):
        parts.append(ball((2.2, 2.2, 1.2), (0, -2.6, height), "paint", "#e6e4de", 10))
    return parts


def _height(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    points = np.column_stack([x / 90, y / 90, np.zeros(len(x))]).astype(np.float32)
    away = np.hypot(x / 1.5, y)
    return HILL * np.exp(-((away / 150) ** 2)) * (0.86 + 0.28 * fractal_noise(points, 3)) - 2


def surroundings(season: str) -> Mesh:
    """The hill with its woods, a pavilion, the old beacon wall and the town below."""
    x, y = np.meshgrid(np.linspace(-520, 520, 60), np.linspace(-330, 330, 44))
    z = np.minimum(_height(x.ravel(), y.ravel()), HILL - 2).reshape(x.shape)
    hill = surface(np.stack([x, y, z], axis=2), "grass", "#3f4d29")
    random = np.random.default_rng(21)
    spots = random.uniform((-480, -300), (480, 300), (7000, 2))
    level = _height(spots[:, 0], spots[:, 1])
    keep = (np.hypot(*spots.T) > 24) & (level > 0)
    feet = np.column_stack([spots, np.minimum(level, HILL - 2)])[keep]
    woods = greenery.wood(6, feet, season, 12, 48)
    pavilion = moved(_pavilion(), (-33, -6, HILL - 5))
    town = [
        townscapes.blocks(2, (-900, 900, 420, 1000), 90, (15, 90), (22, 50)),
        townscapes.blocks(8, (-900, -560, -100, 400), 16, (15, 60)),
        townscapes.blocks(9, (560, 900, -100, 400), 16, (15, 60)),
    ]
    return joined([hill, woods, pavilion, *town, greenery.mountain(5000, 3200, 420, 11, season)])


def _pavilion() -> Mesh:
    return joined(
        [
            box((15, 15, 5), (0, 0, -3), "blocks", "#b5ae9f"),
            roofs.storey(5, 5, 2, 4.5, (2, 2), ""),
            roofs.roof(Roof(7.5, 7.5, 0.4, 0, 4.2, 1.0, plaster=False), 6.5),
        ]
    )


def _ground(season: str):
    tint = {"spring": "#66743c", "summer": "#47602c", "autumn": "#7a5f30", "winter": "#66604e"}[
        season
    ]
    return grounds.lawn(tint)
