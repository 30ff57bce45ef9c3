"""People, simply shaped: enough to give scale and life."""

import numpy as np

from ml.demo.colours import Colour
from ml.demo.meshes import Mesh, ball, joined, lathe, moved, scaled, tube, turned

SKIN = "#d8a988"
HAIR = ["#1d1714", "#2b211b", "#14110f", "#4a3626"]
CLOTHES = [
    "#b5443a",
    "#2f4f7a",
    "#d8d2c4",
    "#3a3d42",
    "#5e7d5a",
    "#c9a24a",
    "#7d5a7a",
    "#4a8aa0",
    "#e6e2da",
    "#8a4a3a",
]
TROUSERS = ["#2a2f3a", "#3d3a36", "#55606e", "#c2b79c", "#20242a"]
HANBOK = [
    ("#d8506a", "#f3ead8"),
    ("#3a6ea8", "#f0e6ee"),
    ("#7a4a9a", "#f2d8dc"),
    ("#c23a3a", "#f0d070"),
    ("#2f8a7a", "#f6efe0"),
]


def person(seed: int) -> Mesh:
    """One visitor of about 1.7 m at the origin, facing -y."""
    random = np.random.default_rng(seed)
    top, trousers = random.choice(CLOTHES), random.choice(TROUSERS)
    stride = random.uniform(-0.16, 0.16)
    parts = [_leg(-0.09, stride, trousers), _leg(0.09, -stride, trousers)]
    parts.append(_torso(top))
    parts += [_arm(-1, random.uniform(-0.3, 0.3), top), _arm(1, random.uniform(-0.3, 0.3), top)]
    parts += _head(random.choice(HAIR))
    if random.random() < 0.35:
        parts.append(ball((0.15, 0.09, 0.2), (0, 0.17, 1.2), "plain", random.choice(CLOTHES), 8))
    return scaled(joined(parts), random.uniform(0.92, 1.06))


def hanbok_visitor(seed: int) -> Mesh:
    """A visitor in a wide skirt and a short jacket."""
    random = np.random.default_rng(seed)
    skirt, jacket = HANBOK[random.integers(len(HANBOK))]
    bell = [(0.46, 0.02), (0.44, 0.25), (0.36, 0.6), (0.22, 0.98), (0.15, 1.2)]
    parts = [
        lathe(bell, 18, "plain", skirt),
        lathe([(0.17, 1.12), (0.19, 1.3), (0.13, 1.42), (0.05, 1.47)], 12, "plain", jacket),
    ]
    parts += [_arm(-1, 0.35, jacket, 0.075), _arm(1, 0.3, jacket, 0.075)]
    return joined(parts + _head("#191412"))


def _leg(x: float, stride: float, tint: Colour) -> Mesh:
    trouser = tube(
        [(x, 0, 0.85), (x, stride * 0.4, 0.45), (x, stride, 0.06)],
        [0.1, 0.075, 0.06],
        7,
        "plain",
        tint,
    )
    return joined(
        [trouser, ball((0.06, 0.13, 0.05), (x, stride - 0.05, 0.05), "plain", "#2a2522", 8)]
    )


def _torso(tint: Colour) -> Mesh:
    shape = lathe(
        [(0.16, 0.78), (0.17, 0.95), (0.2, 1.25), (0.19, 1.36), (0.07, 1.45)], 12, "plain", tint
    )
    return scaled(shape, (1.05, 0.68, 1))


def _arm(side: int, swing: float, tint: Colour, thick: float = 0.055) -> Mesh:
    hand = np.array([side * 0.27, -swing * 0.5, 0.84])
    sleeve = tube(
        [(side * 0.19, 0, 1.36), (side * 0.26, -swing * 0.1, 1.1), hand],
        [thick, thick * 1.05, thick * 0.9],
        6,
        "plain",
        tint,
    )
    return joined([sleeve, ball(0.048, hand + [0, 0, -0.05], "plain", SKIN, 6)])


def _head(hair: Colour) -> list[Mesh]:
    return [
        lathe([(0.05, 1.4), (0.05, 1.52)], 8, "plain", SKIN),
        ball((0.085, 0.1, 0.12), (0, 0, 1.6), "plain", SKIN, 12),
        ball((0.098, 0.105, 0.11), (0, 0.025, 1.635), "plain", hair, 12),
    ]


def umbrella(tint: Colour) -> Mesh:
    """An open umbrella held above a person at the origin."""
    dome = [(0.62, 1.82), (0.45, 1.98), (0.2, 2.08), (0.0, 2.1)]
    return joined(
        [
            lathe(dome, 8, "plain", tint, flat=True),
            tube([(0.2, -0.1, 1.0), (0, 0, 2.1)], 0.012, 4, "plain", "#333333"),
        ]
    )


def group(
    seed: int,
    count: int,
    area: tuple[float, float, float, float],
    hanbok: float = 0.0,
    umbrellas: float = 0.0,
) -> Mesh:
    """People standing about. area: left, right, near, far; hanbok, umbrellas: shares."""
    random = np.random.default_rng(seed)
    parts = []
    for number in range(count):
        spot = (random.uniform(area[0], area[1]), random.uniform(area[2], area[3]), 0)
        one = (
            hanbok_visitor(seed * 77 + number)
            if random.random() < hanbok
            else person(seed * 77 + number)
        )
        if random.random() < umbrellas:
            one = joined([one, umbrella(random.choice(CLOTHES))])
        parts.append(moved(turned(one, random.uniform(0, 360)), spot))
    return joined(parts)
