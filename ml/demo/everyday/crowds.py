"""Crowds: streets, parks, queues and rain."""

import numpy as np

from ml.demo import figures, greenery, grounds, townscapes
from ml.demo.everyday.stages import chance, stage
from ml.demo.meshes import joined
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import SKIES

WEATHER = [
    "noon",
    "overcast",
    "golden",
    "rain",
    "clear",
    "morning",
    "snow",
    "sunset",
    "rain",
    "noon",
]
HEIGHTS = [1.7, 4.5, 2.2, 3.0, 6.0, 1.7, 3.5, 2.4, 1.8, 8.0]


def take(number: int) -> tuple[Scene, Shot]:
    random = chance("crowds", number)
    wet = WEATHER[number] == "rain"
    people = figures.group(number + 40, 70, (-9, 9, -4, 22), 0, 0.7 if wet else 0.0)
    near = figures.group(number + 80, 9, (-3.5, 3.5, -6.4, -4), 0, 0.7 if wet else 0.0)
    if number % 2:
        town = [
            townscapes.blocks(number, side, 8, (8, 26), (9, 14), 0.2)
            for side in ((-26, -17, 0, 70), (17, 26, 0, 70))
        ]
        around, ground = (
            joined([*town, townscapes.blocks(number + 5, (-30, 30, 60, 90), 9, (15, 40))]),
            grounds.slabs(0.8, 0.8, "#99948c", 0.08),
        )
    else:
        spots = random.uniform((-30, 24), (30, 44), (26, 2))
        season = (
            "winter"
            if WEATHER[number] == "snow"
            else ["spring", "summer", "autumn"][number // 2 % 3]
        )
        kinds = [greenery.broadleaf(i, season, 8, 600) for i in range(3)]
        around, ground = greenery.scattered(kinds, spots, number), grounds.lawn("#6d8a40")
    height = HEIGHTS[number]
    eye = (random.uniform(-1, 1), -9.5, height)
    target = (0, 4, max(0.9, 1.5 - 0.1 * height))
    return stage(
        joined([people, near, around]),
        ground,
        26,
        eye,
        target,
        56,
        SKIES[WEATHER[number]],
        random.uniform(-60, 60),
        number + int(np.sign(number)),
    )
