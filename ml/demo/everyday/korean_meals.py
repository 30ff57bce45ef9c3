"""Korean meals."""

import numpy as np

from ml.demo.everyday.tableware import bowl, chopsticks, heap, plate, spoon
from ml.demo.meshes import Mesh, ball, joined, lathe, moved, slab, tube, turned


def bibimbap(random) -> Mesh:
    parts = [
        bowl(0.13, 0.07, "#3a342e"),
        ball((0.118, 0.118, 0.035), (0, 0, 0.05), "grains", "#f2efe6", 24),
    ]
    fillings = [
        ("#4f7a34", "#6a9a44"),
        ("#e08a3a", "#d9752a"),
        ("#f0e8c8", "#e6dcb4"),
        ("#6a4a34", "#7d5a3c"),
        ("#c23a2a", "#a82f22"),
        ("#3f5f2c", "#567a3a"),
        ("#e9c75a", "#f0d67a"),
    ]
    for number, tints in enumerate(fillings):
        angle = number * 2 * np.pi / len(fillings)
        parts.append(
            heap(
                random,
                (0.075 * np.cos(angle), 0.075 * np.sin(angle), 0.07),
                (0.032, 0.03, 0.016),
                60,
                0.005,
                tints,
                3.0,
            )
        )
    egg = [
        ball((0.042, 0.04, 0.008), (0, 0, 0.09), "polished", "#faf7ee", 20),
        ball((0.019, 0.019, 0.014), (0.003, 0, 0.094), "polished", "#f0a01f", 18),
    ]
    return joined(
        [
            *parts,
            *egg,
            spoon(0.2),
            moved(
                joined(
                    [
                        bowl(0.055, 0.035, "#f2efe8"),
                        ball((0.045, 0.045, 0.005), (0, 0, 0.024), "paint", "#a8281c", 18),
                    ]
                ),
                (-0.21, 0.08, 0),
            ),
        ]
    )


def kimbap(random) -> Mesh:
    parts = [
        slab(
            np.array([(-0.2, -0.09), (0.2, -0.09), (0.2, 0.09), (-0.2, 0.09)]),
            0,
            0.014,
            "polished",
            "#e9e6de",
        )
    ]
    for row in (-0.04, 0.045):
        for x in np.linspace(-0.16, 0.16, 8):
            roll = [
                lathe(
                    [(0.0, 0), (0.032, 0), (0.033, 0.018), (0.03, 0.019)], 24, "plain", "#16201a"
                ),
                lathe([(0.03, 0.018), (0, 0.0195)], 24, "grains", "#f6f3ea"),
            ]
            for angle, tint in zip(
                np.arange(6) * np.pi / 3,
                ("#f0c23a", "#4f7a34", "#e0823a", "#d86a6a", "#7a4a2f", "#f0e2b0"),
                strict=True,
            ):
                roll.append(
                    ball(
                        (0.008, 0.008, 0.004),
                        (0.012 * np.cos(angle), 0.012 * np.sin(angle), 0.0195),
                        "plain",
                        tint,
                        8,
                    )
                )
            parts.append(
                moved(
                    turned(
                        turned(joined(roll), random.uniform(48, 62), "x"), random.uniform(-6, 6)
                    ),
                    (x, row - 0.012, 0.03),
                )
            )
    return joined([*parts, chopsticks(0.25)])


def noodles(random) -> Mesh:
    parts = [
        bowl(0.13, 0.075, "#5a7a9a"),
        lathe([(0.118, 0.058), (0, 0.0585)], 36, "paint", "#b5642a"),
    ]
    for _ in range(46):
        t = np.linspace(0, 1, 12)
        angle, out = (
            random.uniform(0, 7) + t * random.uniform(1, 4),
            random.uniform(0.02, 0.1) + 0.012 * np.sin(t * 9),
        )
        path = np.column_stack(
            [
                out * np.cos(angle),
                out * np.sin(angle),
                0.06 + 0.012 * np.sin(t * np.pi) * random.random(),
            ]
        )
        parts.append(tube(path, 0.0035, 6, "polished", "#efd68a"))
    for x, y in ((-0.05, 0.03), (-0.035, -0.045)):
        parts += [
            ball((0.03, 0.022, 0.012), (x, y, 0.07), "polished", "#faf6ea", 16),
            ball((0.014, 0.012, 0.006), (x, y, 0.08), "polished", "#f0a028", 14),
        ]
    parts.append(
        heap(
            random,
            (0.05, 0.03, 0.068),
            (0.035, 0.03, 0.012),
            50,
            0.005,
            ["#5f9a3a", "#88b85a"],
            1.6,
        )
    )
    parts.append(
        heap(
            random,
            (0.045, -0.05, 0.068),
            (0.03, 0.025, 0.012),
            14,
            0.013,
            ["#9a5a3a", "#b06a48"],
            1.5,
        )
    )
    return joined([*parts, chopsticks(0.19)])


def set_meal(random) -> Mesh:
    parts = [
        moved(
            joined(
                [
                    bowl(0.065, 0.05, "#d9dcdc", "chrome"),
                    ball((0.056, 0.056, 0.026), (0, 0, 0.042), "grains", "#f7f5ee", 20),
                ]
            ),
            (-0.1, -0.08, 0),
        )
    ]
    parts.append(
        moved(
            joined(
                [
                    bowl(0.07, 0.05, "#2f2a26"),
                    lathe([(0.06, 0.038), (0, 0.039)], 30, "paint", "#a8401f"),
                    heap(
                        random,
                        (0, 0, 0.038),
                        (0.04, 0.04, 0.008),
                        12,
                        0.012,
                        ["#f4efe0", "#6a9a3a"],
                        1.2,
                    ),
                ]
            ),
            (0.08, -0.08, 0),
        )
    )
    sides = [
        ("#c2341f", "#d8553a"),
        ("#4f7a34", "#6f9a48"),
        ("#f0d060", "#e6b83a"),
        ("#7a4a2f", "#5c3824"),
        ("#f2ead0", "#e6d8b0"),
        ("#2f4a2c", "#3f5f38"),
    ]
    for number, tints in enumerate(sides):
        spot = ((number % 3 - 1) * 0.135, 0.06 + 0.13 * (number // 3), 0)
        parts.append(
            moved(
                joined(
                    [
                        plate(0.058),
                        heap(random, (0, 0, 0.012), (0.035, 0.032, 0.018), 40, 0.008, tints, 2.0),
                    ]
                ),
                spot,
            )
        )
    return joined([*parts, spoon(0.2), chopsticks(0.23)])


def rice_cakes(random) -> Mesh:
    parts = [
        bowl(0.15, 0.05, "#f0ede4"),
        lathe([(0.13, 0.036), (0, 0.037)], 36, "paint", "#b5281a"),
    ]
    for _ in range(34):
        angle, out, turn = (
            random.uniform(0, 7),
            0.1 * np.sqrt(random.random()),
            random.uniform(0, np.pi),
        )
        x, y, along = (
            out * np.cos(angle),
            out * np.sin(angle),
            np.array([np.cos(turn), np.sin(turn)]) * 0.03,
        )
        z = 0.042 + 0.022 * (1 - out / 0.1) * random.random()
        parts.append(
            tube(
                [(x - along[0], y - along[1], z), (x, y, z), (x + along[0], y + along[1], z)],
                [0.009, 0.0105, 0.009],
                10,
                "paint",
                "#d8452a",
            )
        )
    parts.append(
        heap(random, (0, 0, 0.058), (0.1, 0.1, 0.01), 30, 0.006, ["#6a9a3a", "#f0e8d0"], 1.8)
    )
    parts += [ball((0.03, 0.024, 0.02), (0.04, 0.03, 0.07), "polished", "#f8f2e6", 16)]
    return joined([*parts, chopsticks(0.22)])
