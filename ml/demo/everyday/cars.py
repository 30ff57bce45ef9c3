"""Cars close up: on streets, in car parks, before hedges and walls."""

import numpy as np

from ml.demo import greenery, grounds, townscapes
from ml.demo.everyday.stages import chance, pick, stage
from ml.demo.meshes import Mesh, box, joined, moved, turned
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import SKIES

PAINTS = [
    "#b5202a",
    "#e9e9e6",
    "#1f3f7a",
    "#2a2c30",
    "#d8a21f",
    "#6f8f9a",
    "#3f6a4a",
    "#c8ccd0",
    "#d0602a",
    "#5a2f5a",
]
WEATHER = [
    "noon",
    "golden",
    "overcast",
    "clear",
    "after rain",
    "morning",
    "snow",
    "dusk",
    "clear",
    "sunset",
]


def take(number: int) -> tuple[Scene, Shot]:
    random = chance("cars", number)
    hero = townscapes.car(PAINTS[number], random.uniform(4.1, 4.9), random.uniform(0.95, 1.5))
    turn = [35, -40, 150, 90, -25, 60, 205, -65, 20, 120][number]
    parts = [turned(hero, turn), _background(number)]
    if number % 3 == 1:
        for side in (-1, 1):
            neighbour = townscapes.car(pick(PAINTS, number + 3 + side))
            parts.append(turned(moved(neighbour, (side * 2.7, 0.3 * side, 0)), turn))
    eye = (random.uniform(-1.5, 1.5), -random.uniform(5.2, 6.6), random.uniform(1.0, 2.0))
    ground = (
        grounds.street("#5a5b5e", 2.9) if number % 2 else grounds.slabs(0.6, 0.6, "#9c978e", 0.08)
    )
    return stage(
        joined(parts),
        ground,
        16,
        eye,
        (0, 0, 0.75),
        52,
        SKIES[WEATHER[number]],
        random.uniform(-50, 50),
        number,
    )


def _background(number: int) -> Mesh:
    if number % 3 == 0:
        spots = np.array([(x, 7 + (x % 2) * 0.4) for x in np.arange(-16, 17, 1.1)])
        trees = greenery.scattered(
            [greenery.broadleaf(3, "summer", 6, 700)],
            np.array([(-9, 11), (-2, 12), (6, 11), (13, 12)]),
            2,
        )
        return joined([greenery.scattered([greenery.shrub(1, "summer", 0.9)], spots, 4), trees])
    if number % 3 == 1:
        wall = box((60, 0.4, 3.2), (0, 8, 0), "bricks", "#a0614a")
        return joined(
            [
                wall,
                box((60, 0.7, 0.25), (0, 8, 3.2), "plain", "#8a857c"),
                townscapes.blocks(number, (-40, 40, 24, 50), 9, (8, 22), (9, 16)),
            ]
        )
    return joined(
        [
            townscapes.blocks(number, (-45, 45, 20, 60), 14, (9, 30), (10, 18)),
            moved(townscapes.street_lamp(), (-5, 6, 0)),
        ]
    )
