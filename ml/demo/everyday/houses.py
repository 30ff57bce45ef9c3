"""Plain modern houses: gables, flat roofs, terraces and blocks of flats."""

import numpy as np

from ml.demo import greenery, grounds, townscapes
from ml.demo.everyday.stages import chance, pick, stage
from ml.demo.meshes import Mesh, box, joined, moved, quad, triangles, turned
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import SKIES

WEATHER = [
    "noon",
    "clear",
    "golden",
    "overcast",
    "morning",
    "winter",
    "clear",
    "dusk",
    "after rain",
    "noon",
]
WALLS = [
    ("bricks", "#a65f48"),
    ("plain", "#ece6da"),
    ("plain", "#dcc89c"),
    ("plain", "#f2f0ea"),
    ("bricks", "#8a5a4a"),
    ("boards", "#a9bccb"),
    ("plain", "#b8c4b0"),
    ("plain", "#e8d8cc"),
    ("boards", "#c9b48c"),
    ("plain", "#d0d4d8"),
]
ROOFS = ["#7a3a2c", "#4a4d52", "#8a4a34", "#5c6066", "#3f4a55"]


def take(number: int) -> tuple[Scene, Shot]:
    random = chance("houses", number)
    build = [_gabled, _flat, _gabled, _flats, _terrace][number % 5]
    house = turned(build(number), random.uniform(-28, 28))
    season = (
        "winter" if WEATHER[number] == "winter" else pick(["summer", "spring", "autumn"], number)
    )
    parts = [house, _garden(season, random)]
    far = 24 if build in (_flats, _terrace) else 17
    eye, target = (random.uniform(-4, 4), -far, 1.8), (0, 0, 3.6 if far < 20 else 6)
    ground = grounds.patched(
        grounds.lawn("#6f8c42"),
        (grounds.rectangle(-60, 60, -80, -8.5), grounds.street("#67686a", 4, False)),
        (grounds.rectangle(1.5, 4.4, -9, 0), grounds.slabs(0.6, 0.6, "#aaa59c", 0.06)),
    )
    return stage(
        joined(parts),
        ground,
        34,
        eye,
        target,
        56,
        SKIES[WEATHER[number]],
        random.uniform(-45, 45),
        number + number % 2,
    )


def _window(x: float, y: float, z: float, width: float = 1.5, height: float = 1.3) -> Mesh:
    frame = box((width + 0.2, 0.1, height + 0.2), (x, y - 0.03, z - 0.1), "plain", "#f4f2ee")
    panes = [
        box(
            (width / 2 - 0.06, 0.06, height - 0.06),
            (x + side * width / 4, y - 0.08, z + 0.03),
            "glass",
            "#7f95a4",
        )
        for side in (-1, 1)
    ]
    return joined([frame, *panes])


def _door(x: float, y: float, tint: str) -> Mesh:
    return joined(
        [
            box((1.1, 0.12, 2.2), (x, y - 0.04, 0.15), "boards", tint),
            box((1.6, 1.2, 0.15), (x, y - 0.6, 0), "plain", "#b0aaa0"),
        ]
    )


def _gable_roof(width: float, depth: float, base: float, rise: float, tint: str) -> Mesh:
    x, y = width / 2 + 0.5, depth / 2 + 0.5
    slopes = [
        quad(
            np.array(
                [
                    (-x, s * y, base - 0.2),
                    (x, s * y, base - 0.2),
                    (x, 0, base + rise),
                    (-x, 0, base + rise),
                ]
            ),
            "bricks",
            tint,
        )
        for s in (-1, 1)
    ]
    ends = np.array(
        [
            [
                (s * (x - 0.5), -y + 0.5, base),
                (s * (x - 0.5), y - 0.5, base),
                (s * (x - 0.5), 0, base + rise - 0.15),
            ]
            for s in (-1, 1)
        ]
    )
    return joined(
        [
            *slopes,
            triangles(ends, "plain", "#e8e2d6"),
            box((0.7, 0.7, 2.2), (width * 0.25, 0.8, base + rise * 0.5), "bricks", "#8a5a4a"),
        ]
    )


def _gabled(number: int) -> Mesh:
    material, tint = WALLS[number]
    windows = [_window(x, -4, z) for x in (-3.4, 0) for z in (1.0, 3.8)] + [_window(3.0, -4, 3.8)]
    return joined(
        [
            box((10, 8, 5.6), (0, 0, 0), material, tint),
            *windows,
            _door(3.0, -4, "#4a6a5a"),
            _gable_roof(10, 8, 5.6, 3.4, pick(ROOFS, number)),
        ]
    )


def _flat(number: int) -> Mesh:
    material, tint = WALLS[number]
    upper = box((7, 7, 3), (-2, 0.5, 3.2), "boards" if number % 2 else material, "#8f7354")
    garage = box((3.2, 0.12, 2.4), (3.6, -4.03, 0.05), "boards", "#5c6064")
    return joined(
        [
            box((12, 8, 3.2), (0, 0, 0), material, tint),
            upper,
            box((12.5, 8.5, 0.25), (0, 0, 3.2), "plain", "#55585c"),
            box((7.6, 7.6, 0.25), (-2, 0.5, 6.2), "plain", "#55585c"),
            _window(-3.4, -4, 0.6, 3.4, 2.0),
            _window(-2.4, -3, 4.0, 4.2, 1.5),
            garage,
            _door(0.6, -4, "#7a4a2c"),
        ]
    )


def _flats(number: int) -> Mesh:
    parts = [box((22, 11, 15.5), (0, 4, 0), "plain", WALLS[number][1])]
    for floor in range(5):
        for x in (-8.4, -2.8, 2.8, 8.4):
            parts.append(_window(x, -1.5, 0.9 + 3.05 * floor, 2.2, 1.5))
            parts.append(
                box(
                    (3.6, 1.2, 0.9),
                    (x, -2.1, 0.2 + 3.05 * floor),
                    "plain",
                    pick(["#c98a5a", "#8fa0a8", "#d8d4cc"], number + floor),
                )
            )
    return joined([*parts, box((22.6, 11.6, 0.5), (0, 4, 15.5), "plain", "#8a857c")])


def _terrace(number: int) -> Mesh:
    parts = []
    for place in range(4):
        material, tint = WALLS[(number + place) % 10]
        house = [
            box((5.6, 8, 6), (0, 0, 0), material, tint),
            _window(-1.2, -4, 3.9),
            _window(1.4, -4, 3.9, 1.0),
            _window(-1.2, -4, 1.0),
            _door(1.5, -4, pick(["#3a5a7a", "#7a2f2a", "#3f5f44"], place)),
            _gable_roof(5.0, 8, 6, 2.8, pick(ROOFS, place)),
        ]
        parts.append(moved(joined(house), (5.7 * (place - 1.5), 0, 0)))
    return joined(parts)


def _garden(season: str, random: np.random.Generator) -> Mesh:
    kinds = [greenery.broadleaf(int(random.integers(99)), season, 6.5, 900) for _ in range(2)]
    trees = greenery.scattered(
        kinds, np.array([(-13, 2), (13, 4), (-16, 12), (17, 14), (-5, 16), (6, 18)]), 3
    )
    hedge = greenery.scattered(
        [greenery.shrub(2, season, 0.7)], np.array([(x, -7.2) for x in np.arange(-14, 1, 1.0)]), 4
    )
    return joined(
        [
            trees,
            hedge,
            townscapes.blocks(
                int(random.integers(50)), (-60, 60, 50, 90), 8, (8, 20), (12, 20), 0.0
            ),
        ]
    )
