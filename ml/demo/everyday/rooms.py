"""Rooms at home: living rooms, bedrooms, kitchens and studies."""

import numpy as np

from ml.demo import greenery
from ml.demo.colours import linear
from ml.demo.everyday.stages import chance, pick, stage
from ml.demo.materials import ceramic_tiles, floor_boards
from ml.demo.meshes import Mesh, ball, box, joined, lathe, moved, tube, turned
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import SKIES

WALLS = [
    "#e9e2d4",
    "#c9d4cf",
    "#e4cfc0",
    "#d5dbe2",
    "#efe9df",
    "#c7cdb8",
    "#e6dcc0",
    "#d9cfd6",
    "#dfe4e0",
    "#b9c6d0",
]
CLOTH = [
    "#5a7a8a",
    "#b5694a",
    "#7a8a5a",
    "#c9a24a",
    "#8a5a6a",
    "#3f5a7a",
    "#a89a84",
    "#6a6f78",
    "#c8c0b0",
    "#4f6a5a",
]
FLOORS = ["#a9794a", "#c79f6e", "#7d5636", "#d3b48a"]


def take(number: int) -> tuple[Scene, Shot]:
    random = chance("rooms", number)
    furnish = [_living, _bedroom, _kitchen, _study][number % 4]
    mesh = joined([_shell(number), *furnish(number, random)])
    sky = SKIES[pick(["noon", "morning", "overcast", "golden"], number)]
    # Light between walls is warmer than under the open sky.
    bright = sky._replace(
        ambient=1.5, haze=0.0, zenith=linear("#d9d4cb"), horizon=linear("#f2ead9"), clouds=0.0
    )
    tint = linear(pick(FLOORS, number * 3 + 1))
    cover = ceramic_tiles if furnish is _kitchen else floor_boards

    def ground(s):
        paint = np.array([0.62, 0.6, 0.56]) if cover is ceramic_tiles else tint
        return cover(s._replace(tint=np.broadcast_to(paint.astype(np.float32), s.tint.shape)))

    eye = (random.uniform(-2.0, 2.0), random.uniform(-2.9, -1.9), random.uniform(1.2, 1.8))
    return stage(
        mesh,
        ground,
        6,
        eye,
        (random.uniform(-0.5, 0.5), 2.4, 0.95),
        72,
        bright,
        -120 if number % 2 else 115,
        number + 2 * (number % 4 == 2),
    )


def _shell(number: int) -> Mesh:
    """Walls of 5.6 m by 5.6 m, 2.7 m high; a window in one side wall and one in the far wall."""
    tint = WALLS[number]
    side = 1 if number % 2 else -1
    x = side * 2.8
    holed = [
        (x, 0.2, 1.4, 0.0, 2.7),
        (x, 3.0, 0.6, 0.0, 2.7),
        (x, 1.7, 2.0, 0.0, 0.9),
        (x, 1.7, 2.0, 2.3, 0.4),
    ]
    parts = [box((0.1, depth, tall), (px, y, z), "plain", tint) for px, y, depth, z, tall in holed]
    parts.append(box((0.1, 6.2, 2.7), (x, -3.6, 0), "plain", tint, piece=0.5))
    parts.append(box((0.1, 9.6, 2.7), (-x, -1.6, 0), "plain", tint, piece=0.5))
    parts.append(box((5.6, 0.1, 2.7), (0, 3.2, 0), "plain", tint))
    parts.append(box((5.8, 10, 0.1), (0, -1.6, 2.7), "plain", "#f4f1ea", piece=0.5))
    for y in (0.7, 1.7, 2.7):
        parts.append(box((0.08, 0.08, 1.4), (x, y, 0.9), "plain", "#f6f4ef"))
    parts.append(box((5.6, 0.04, 0.12), (0, 3.14, 0), "plain", "#f6f4ef"))
    return joined(parts)


def _picture(x: float, z: float, width: float, height: float, tint: str) -> Mesh:
    frame = box((width, 0.05, height), (x, 3.12, z), "plain", "#3f3428")
    return joined(
        [frame, box((width - 0.1, 0.06, height - 0.1), (x, 3.11, z + 0.05), "marble", tint)]
    )


def _plant(x: float, y: float, seed: int) -> Mesh:
    pot = lathe([(0.14, 0), (0.19, 0.3), (0.0, 0.29)], 16, "plain", "#b5694a")
    leaves = greenery.leaf_cloud(
        np.random.default_rng(seed),
        np.array([[0, 0, 0.75, 0.35, 0.35, 0.45]]),
        240,
        0.11,
        ["#3f6a34", "#4f7d3c"],
    )
    return moved(joined([pot, leaves]), (x, y, 0))


def _floor_lamp(x: float, y: float) -> Mesh:
    pole = tube([(0, 0, 0), (0, 0, 0.8), (0, 0, 1.5)], 0.015, 6, "chrome", "#8a8478")
    return moved(
        joined(
            [
                pole,
                lathe([(0.22, 1.4), (0.13, 1.75)], 20, "woven", "#efe2c4"),
                lathe([(0.16, 0), (0.15, 0.03), (0, 0.03)], 16, "plain", "#4a453c"),
            ]
        ),
        (x, y, 0),
    )


def _rug(tint: str) -> Mesh:
    return joined(
        [
            box((2.6, 1.8, 0.015), (0, 0.6, 0), "woven", tint),
            box((2.3, 1.5, 0.02), (0, 0.6, 0), "woven", "#d9cfbc"),
        ]
    )


def _cushioned(width: float, tint: str) -> Mesh:
    """A sofa along x with its back at +y."""
    seats = max(1, round(width / 0.8))
    parts = [
        box((width, 0.85, 0.32), (0, 0, 0.1), "woven", tint),
        box((width, 0.25, 0.75), (0, 0.36, 0.1), "woven", tint, (1, 0.7)),
    ]
    for side in (-1, 1):
        parts.append(
            box((0.2, 0.85, 0.55), (side * (width / 2 + 0.08), 0, 0.1), "woven", tint, 0.94)
        )
    for seat in range(seats):
        x = (seat - (seats - 1) / 2) * width / seats
        parts.append(box((width / seats - 0.05, 0.7, 0.16), (x, -0.06, 0.42), "woven", tint, 0.94))
        parts.append(
            turned(
                ball(
                    (0.24, 0.09, 0.22),
                    (x, 0.14, 0.75),
                    "woven",
                    pick(CLOTH, seat + len(tint) + seats),
                    12,
                ),
                0,
            )
        )
    return joined(parts)


def _low_table(tint: str) -> Mesh:
    legs = [
        box((0.06, 0.06, 0.38), (x, y, 0), "boards", tint)
        for x in (-0.5, 0.5)
        for y in (-0.25, 0.25)
    ]
    vase = lathe([(0.05, 0.42), (0.09, 0.5), (0.04, 0.62), (0.05, 0.66)], 14, "polished", "#5a7a8a")
    return joined(
        [
            box((1.2, 0.65, 0.05), (0, 0, 0.38), "boards", tint),
            *legs,
            vase,
            box((0.28, 0.2, 0.04), (0.3, 0.05, 0.43), "plain", "#b5443a"),
        ]
    )


def _living(number: int, random) -> list[Mesh]:
    sofa = moved(_cushioned(2.3, CLOTH[number]), (0.2, 2.5, 0))
    parts = [
        _rug(pick(CLOTH, number + 3)),
        sofa,
        moved(_low_table("#8a6238"), (0.1, 0.9, 0)),
        _floor_lamp(1.9, 2.6),
        _plant(-1.9, 2.5, number),
    ]
    parts += [
        _picture(-0.5, 1.45, 0.9, 0.65, pick(CLOTH, number + 1)),
        _picture(0.65, 1.5, 0.5, 0.6, pick(CLOTH, number + 5)),
    ]
    armchair = moved(turned(_cushioned(0.8, pick(CLOTH, number + 4)), -75), (1.7, 0.7, 0))
    return [*parts, armchair]


def _bedroom(number: int, random) -> list[Mesh]:
    tint = CLOTH[number]
    bed = [
        box((1.7, 2.1, 0.3), (0, 2.0, 0.05), "boards", "#8a6a48"),
        box((1.64, 2.0, 0.22), (0, 2.0, 0.35), "woven", "#f2efe8"),
        box((1.72, 1.35, 0.26), (0, 1.62, 0.36), "woven", tint, 0.97),
        box((1.8, 0.1, 1.15), (0, 3.08, 0), "boards", "#7a5a3a"),
    ]
    pillows = [
        ball((0.34, 0.2, 0.11), (x, 2.72, 0.68), "woven", "#fbf8f2", 14) for x in (-0.4, 0.4)
    ]
    tables = [box((0.45, 0.4, 0.5), (x, 2.8, 0), "boards", "#7a5a3a") for x in (-1.25, 1.25)]
    lamps = [
        moved(
            joined(
                [
                    tube([(0, 0, 0.5), (0, 0, 0.65), (0, 0, 0.8)], 0.02, 6, "chrome", "#b0a890"),
                    lathe([(0.16, 0.74), (0.09, 0.98)], 18, "woven", "#f4e6c4"),
                ]
            ),
            (x, 2.8, 0),
        )
        for x in (-1.25, 1.25)
    ]
    wardrobe = box(
        (0.7, 1.4, 2.2), (2.35 if number % 2 == 0 else -2.35, 1.0, 0), "boards", "#c9b08a"
    )
    return [
        _rug(pick(CLOTH, number + 2)),
        *bed,
        *pillows,
        *tables,
        *lamps,
        wardrobe,
        _picture(0, 1.6, 1.1, 0.7, pick(CLOTH, number + 6)),
    ]


def _kitchen(number: int, random) -> list[Mesh]:
    front = pick(["#f0ede6", "#5f7d72", "#3f4f5c"], number // 4)
    parts = [
        box((5.4, 0.65, 0.86), (0, 2.8, 0), "boards", front),
        box((5.5, 0.7, 0.05), (0, 2.8, 0.86), "marble", "#d8d4cc"),
        box((3.6, 0.38, 0.75), (-0.8, 2.95, 1.6), "boards", front),
    ]
    parts.append(box((5.5, 0.02, 0.7), (0, 3.13, 0.9), "ceramic", "#dfe6e4"))
    parts.append(box((0.8, 0.72, 2.0), (2.2, 2.75, 0), "polished", "#c4c8cc"))
    parts.append(box((0.6, 0.03, 0.5), (-0.7, 2.46, 0.2), "glass", "#22262a"))
    island = [
        box((1.7, 0.8, 0.86), (0, 0.7, 0), "boards", "#a9794a"),
        box((1.9, 0.95, 0.06), (0, 0.7, 0.86), "marble", "#efece6"),
    ]
    stools = [
        moved(
            joined(
                [
                    lathe(
                        [(0, 0.62), (0.19, 0.62), (0.19, 0.68), (0, 0.68)], 16, "woven", "#b5694a"
                    ),
                    *[
                        tube([(a, b, 0), (a * 0.6, b * 0.6, 0.62)], 0.02, 5, "chrome", "#8a8f94")
                        for a in (-0.18, 0.18)
                        for b in (-0.18, 0.18)
                    ],
                ]
            ),
            (x, -0.1, 0),
        )
        for x in (-0.5, 0.5)
    ]
    fruit = [
        ball(0.05, (x, y, 0.98), "plain", tint, 10)
        for x, y, tint in ((-0.06, 0.7, "#d9902a"), (0.05, 0.72, "#c23a2a"), (0.0, 0.64, "#8fae3a"))
    ]
    bowl = moved(lathe([(0.06, 0.92), (0.16, 1.0)], 18, "polished", "#f2f2ee"), (0, 0.68, 0))
    pots = [
        lathe([(0.13, 0.91), (0.13, 1.06), (0.0, 1.07)], 18, "chrome", "#b0b4b8", (x, 2.75, 0))
        for x in (-0.85, -0.5)
    ]
    lights = [
        moved(lathe([(0.16, 1.85), (0.05, 2.0), (0.01, 2.7)], 16, "plain", "#2f3338"), (x, 0.7, 0))
        for x in (-0.45, 0.45)
    ]
    return [*parts, *island, *stools, *fruit, bowl, *pots, *lights]


def _study(number: int, random) -> list[Mesh]:
    shelf = [box((0.04, 0.35, 2.2), (x, 2.95, 0), "boards", "#7a5636") for x in (-2.4, -1.4, -0.4)]
    for z in np.linspace(0.05, 2.15, 6):
        shelf.append(box((2.0, 0.35, 0.03), (-1.4, 2.95, z), "boards", "#7a5636"))
        for x in np.arange(-2.33, -0.45, 0.055):
            if z < 2 and random.random() < 0.85 and abs(x + 1.4) > 0.03:
                shelf.append(
                    box(
                        (0.045, 0.22, random.uniform(0.2, 0.33)),
                        (x, 2.9, z + 0.03),
                        "plain",
                        pick(CLOTH, int(random.integers(10))),
                    )
                )
    desk = [box((1.6, 0.75, 0.05), (0.9, 2.6, 0.7), "boards", "#a9794a")] + [
        box((0.06, 0.06, 0.7), (x, y, 0), "boards", "#a9794a")
        for x in (0.15, 1.65)
        for y in (2.3, 2.9)
    ]
    monitor = [
        box((0.75, 0.04, 0.44), (0.9, 2.8, 0.95), "plain", "#1f2226"),
        box((0.7, 0.05, 0.39), (0.9, 2.79, 0.975), "screen", "#4a7aa8"),
        box((0.06, 0.06, 0.25), (0.9, 2.82, 0.73), "chrome", "#8a8f94"),
    ]
    keys = box((0.45, 0.15, 0.025), (0.9, 2.42, 0.75), "plain", "#e6e4de")
    chair = [
        box((0.5, 0.5, 0.1), (0.9, 1.7, 0.45), "woven", CLOTH[number]),
        box((0.5, 0.08, 0.6), (0.9, 1.45, 0.6), "woven", CLOTH[number], 0.9),
        tube([(0.9, 1.7, 0.05), (0.9, 1.7, 0.25), (0.9, 1.7, 0.45)], 0.03, 6, "chrome", "#8a8f94"),
    ]
    return [
        _rug(pick(CLOTH, number + 1)),
        *shelf,
        *desk,
        *monitor,
        keys,
        *chair,
        _plant(2.2, 2.3, number),
        _picture(0.9, 1.75, 0.9, 0.5, pick(CLOTH, number + 3)),
    ]
