"""What meals are served on and eaten with."""

import numpy as np

from ml.demo.colours import Colour
from ml.demo.meshes import Mesh, ball, joined, lathe, moved, tube, turned


def bowl(radius: float, height: float, tint: Colour, material: str = "polished") -> Mesh:
    profile = [
        (radius * 0.45, 0),
        (radius * 0.5, 0.006),
        (radius * 0.85, height * 0.5),
        (radius, height),
        (radius * 0.95, height),
        (radius * 0.8, height * 0.55),
        (0, height * 0.4),
    ]
    return lathe(profile, 40, material, tint)


def plate(radius: float, tint: Colour = "#f4f2ec") -> Mesh:
    return lathe(
        [
            (radius * 0.5, 0),
            (radius, 0.018),
            (radius * 0.98, 0.021),
            (radius * 0.66, 0.008),
            (0, 0.008),
        ],
        44,
        "polished",
        tint,
    )


def chopsticks(x: float) -> Mesh:
    return joined(
        tube(
            [(x + d, -0.12, 0.006), (x + d * 0.7, 0, 0.006), (x + d * 0.4, 0.13, 0.005)],
            [0.0045, 0.004, 0.0025],
            6,
            "chrome",
            "#c9ccd0",
        )
        for d in (0, 0.014)
    )


def spoon(x: float) -> Mesh:
    return joined(
        [
            tube(
                [(x, -0.12, 0.006), (x, 0, 0.006), (x, 0.06, 0.006)], 0.004, 6, "chrome", "#c9ccd0"
            ),
            ball((0.02, 0.028, 0.005), (x, 0.085, 0.006), "chrome", "#c9ccd0", 14),
        ]
    )


def heap(random, centre, radii, count: int, size, tints, long: float = 1.0) -> Mesh:
    """Small pieces of food heaped over an ellipse."""
    parts = []
    for _ in range(count):
        angle, out = random.uniform(0, 2 * np.pi), np.sqrt(random.random())
        spot = np.array(centre) + [
            radii[0] * out * np.cos(angle),
            radii[1] * out * np.sin(angle),
            radii[2] * (1 - out**2) * random.uniform(0.5, 1),
        ]
        piece = ball((size * long, size, size * 0.7), (0, 0, 0), "plain", random.choice(tints), 10)
        parts.append(moved(turned(piece, random.uniform(0, 180)), spot))
    return joined(parts)
