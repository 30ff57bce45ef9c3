"""Meals on a table, seen from a chair."""

import numpy as np

from ml.demo import greenery
from ml.demo.colours import Colour, linear
from ml.demo.everyday.stages import chance, pick, stage
from ml.demo.materials import Coat, Surface, boards, marbled, woven
from ml.demo.meshes import Mesh, ball, box, joined, lathe, moved, slab, tube, turned
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import SKIES


def take(number: int) -> tuple[Scene, Shot]:
    random = chance("dishes", number)
    meal = [
        _bibimbap,
        _kimbap,
        _noodles,
        _set_meal,
        _pizza,
        _fruit,
        _cake,
        _coffee,
        _rice_cakes,
        _salad,
    ][number](random)
    sky = SKIES[pick(["noon", "morning", "overcast"], number)]._replace(haze=0.0)
    height = random.uniform(0.34, 0.55)
    eye = (random.uniform(-0.1, 0.1), -random.uniform(0.26, 0.34), height * 0.88)
    return stage(
        meal,
        _table(number),
        0.7,
        eye,
        (0, 0.03, 0.02),
        52,
        sky._replace(height=40),
        random.uniform(-110, 110),
        number,
    )


def _table(number: int):
    tint = linear(pick(["#8a5a34", "#e6e0d4", "#b98a58", "#4f4a44", "#c9d0cf"], number))
    cover = pick([boards, marbled, boards, woven], number)

    def ground(s: Surface) -> Coat:
        # Patterns are made for rooms: a table shows them five times finer.
        scaled = s._replace(
            position=s.position * 5,
            uv=s.uv * 2.5,
            pixel=s.pixel * 2.5,
            tint=np.broadcast_to(tint, s.tint.shape),
        )
        return cover(scaled)

    return ground


def _bowl(radius: float, height: float, tint: Colour, material: str = "polished") -> Mesh:
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


def _plate(radius: float, tint: Colour = "#f4f2ec") -> Mesh:
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


def _chopsticks(x: float) -> Mesh:
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


def _spoon(x: float) -> Mesh:
    return joined(
        [
            tube(
                [(x, -0.12, 0.006), (x, 0, 0.006), (x, 0.06, 0.006)], 0.004, 6, "chrome", "#c9ccd0"
            ),
            ball((0.02, 0.028, 0.005), (x, 0.085, 0.006), "chrome", "#c9ccd0", 14),
        ]
    )


def _heap(random, centre, radii, count: int, size, tints, long: float = 1.0) -> Mesh:
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


def _bibimbap(random) -> Mesh:
    parts = [
        _bowl(0.13, 0.07, "#3a342e"),
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
            _heap(
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
            _spoon(0.2),
            moved(
                joined(
                    [
                        _bowl(0.055, 0.035, "#f2efe8"),
                        ball((0.045, 0.045, 0.005), (0, 0, 0.024), "paint", "#a8281c", 18),
                    ]
                ),
                (-0.21, 0.08, 0),
            ),
        ]
    )


def _kimbap(random) -> Mesh:
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
    return joined([*parts, _chopsticks(0.25)])


def _noodles(random) -> Mesh:
    parts = [
        _bowl(0.13, 0.075, "#5a7a9a"),
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
        _heap(
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
        _heap(
            random,
            (0.045, -0.05, 0.068),
            (0.03, 0.025, 0.012),
            14,
            0.013,
            ["#9a5a3a", "#b06a48"],
            1.5,
        )
    )
    return joined([*parts, _chopsticks(0.19)])


def _set_meal(random) -> Mesh:
    parts = [
        moved(
            joined(
                [
                    _bowl(0.065, 0.05, "#d9dcdc", "chrome"),
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
                    _bowl(0.07, 0.05, "#2f2a26"),
                    lathe([(0.06, 0.038), (0, 0.039)], 30, "paint", "#a8401f"),
                    _heap(
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
                        _plate(0.058),
                        _heap(random, (0, 0, 0.012), (0.035, 0.032, 0.018), 40, 0.008, tints, 2.0),
                    ]
                ),
                spot,
            )
        )
    return joined([*parts, _spoon(0.2), _chopsticks(0.23)])


def _pizza(random) -> Mesh:
    parts = [
        lathe([(0.19, 0), (0.19, 0.012), (0, 0.012)], 48, "boards", "#a9794a"),
        lathe(
            [(0.165, 0.012), (0.175, 0.022), (0.168, 0.034), (0.15, 0.03), (0.145, 0.024)],
            48,
            "grains",
            "#d9a05a",
        ),
        lathe([(0.15, 0.025), (0, 0.026)], 48, "grains", "#e8b84a"),
    ]
    for _ in range(17):
        angle, out = random.uniform(0, 7), 0.13 * np.sqrt(random.random())
        parts.append(
            lathe(
                [(0.021, 0.026), (0.02, 0.031), (0, 0.031)],
                16,
                "grains",
                "#b5321f",
                (out * np.cos(angle), out * np.sin(angle), 0),
            )
        )
    parts.append(
        _heap(
            random,
            (0, 0, 0.026),
            (0.14, 0.14, 0.004),
            60,
            0.007,
            ["#3f7a34", "#2a2420", "#f2e6b8"],
            1.5,
        )
    )
    return joined(parts)


def _fruit(random) -> Mesh:
    parts = [_bowl(0.17, 0.06, "#7f9aa8")]
    spots = [
        (-0.07, -0.04, "#e0852a", 0.045),
        (0.03, -0.07, "#b5241f", 0.042),
        (0.09, 0.0, "#9fbf3a", 0.043),
        (-0.02, 0.03, "#e0852a", 0.045),
        (-0.09, 0.05, "#c23a2a", 0.042),
        (0.05, 0.08, "#e8c23a", 0.043),
    ]
    for x, y, tint, radius in spots:
        parts.append(ball((radius, radius, radius * 0.92), (x, y, 0.075), "polished", tint, 22))
        parts.append(
            tube(
                [(x, y, 0.11), (x + 0.003, y, 0.12), (x + 0.008, y, 0.128)],
                0.002,
                5,
                "plain",
                "#4a3424",
            )
        )
    grapes = random.normal(size=(26, 3)) * [0.03, 0.03, 0.014] + [0.0, -0.01, 0.135]
    parts += [ball(0.0125, spot, "polished", "#4a2a5a", 12) for spot in grapes]
    banana = np.linspace(-1, 1, 12)
    parts.append(
        tube(
            np.column_stack([0.16 + 0.05 * banana**2, 0.12 * banana, 0.03 + 0 * banana]),
            0.019 * np.sqrt(1.05 - banana**2),
            10,
            "plain",
            "#ecc93a",
        )
    )
    return joined(parts)


def _cake(random) -> Mesh:
    parts = [
        _plate(0.17),
        lathe([(0.11, 0.01), (0.11, 0.09), (0.105, 0.096), (0, 0.097)], 48, "plain", "#f6e6e0"),
        lathe([(0.1105, 0.045), (0.111, 0.05), (0.1105, 0.055)], 48, "plain", "#d86a7a"),
    ]
    for angle in np.arange(10) * 2 * np.pi / 10:
        x, y = 0.085 * np.cos(angle), 0.085 * np.sin(angle)
        parts.append(
            lathe(
                [(0.02, 0.096), (0.017, 0.108), (0.006, 0.118), (0, 0.121)],
                12,
                "plain",
                "#fffaf2",
                (x, y, 0),
            )
        )
        parts.append(
            ball((0.013, 0.013, 0.016), (x * 0.6, y * 0.6, 0.106), "polished", "#c2242a", 12)
        )
    return joined(
        [
            *parts,
            moved(
                joined(
                    [
                        _plate(0.08),
                        tube(
                            [(-0.04, -0.05, 0.02), (0, 0, 0.018), (0.04, 0.05, 0.018)],
                            0.003,
                            6,
                            "chrome",
                            "#c9ccd0",
                        ),
                    ]
                ),
                (0.27, -0.02, 0),
            ),
        ]
    )


def _coffee(random) -> Mesh:
    cup = lathe(
        [(0.03, 0.012), (0.05, 0.03), (0.056, 0.075), (0.053, 0.075), (0.05, 0.06)],
        36,
        "polished",
        "#f4f1ea",
    )
    drink = [
        lathe([(0.0505, 0.062), (0, 0.0625)], 36, "paint", "#8a5a34"),
        lathe([(0.026, 0.0632), (0.012, 0.0635)], 24, "plain", "#f0dcc0"),
    ]
    angle = np.linspace(-1.3, 1.3, 9)
    handle = tube(
        np.column_stack([0.05 + 0.026 * np.cos(angle), 0 * angle, 0.046 + 0.022 * np.sin(angle)]),
        0.005,
        8,
        "polished",
        "#f4f1ea",
    )
    cookies = [
        lathe(
            [(0.036, 0), (0.034, 0.009), (0, 0.012)],
            24,
            "grains",
            "#b98248",
            (0.19 + 0.03 * i, 0.05 - 0.05 * i, 0.012 + 0.01 * i),
        )
        for i in range(3)
    ]
    book = box((0.17, 0.23, 0.022), (-0.22, 0.06, 0), "plain", "#3f5f7a")
    return joined(
        [
            _plate(0.085),
            cup,
            *drink,
            handle,
            moved(_plate(0.09, "#8fa8a0"), (0.21, 0.01, 0)),
            *cookies,
            turned(book, 12),
            _spoon(0.1),
        ]
    )


def _rice_cakes(random) -> Mesh:
    parts = [
        _bowl(0.15, 0.05, "#f0ede4"),
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
        _heap(random, (0, 0, 0.058), (0.1, 0.1, 0.01), 30, 0.006, ["#6a9a3a", "#f0e8d0"], 1.8)
    )
    parts += [ball((0.03, 0.024, 0.02), (0.04, 0.03, 0.07), "polished", "#f8f2e6", 16)]
    return joined([*parts, _chopsticks(0.22)])


def _salad(random) -> Mesh:
    leaves = greenery.leaf_cloud(
        random,
        np.array([[0, 0, 0.055, 0.105, 0.105, 0.035]]),
        420,
        0.026,
        ["#6a9a34", "#8ab84a", "#4f7a2c", "#a8c86a", "#7a3a4a"],
    )
    tomatoes = [
        ball(0.02, (0.08 * np.cos(a), 0.08 * np.sin(a), 0.085), "polished", "#c2281f", 16)
        for a in (0.3, 1.6, 2.9, 4.1, 5.2)
    ]
    rings = [
        tube(
            np.column_stack([0.02 * np.cos(t) + x, 0.02 * np.sin(t) + y, 0.1 + 0 * t]),
            0.003,
            6,
            "polished",
            "#e6dcec",
        )
        for x, y in ((0.01, 0.03), (-0.04, -0.02), (0.04, -0.04))
        for t in [np.linspace(0, 2 * np.pi, 18)]
    ]
    fork = tube(
        [(0.2, -0.12, 0.006), (0.2, 0, 0.006), (0.2, 0.1, 0.006)], 0.004, 6, "chrome", "#c9ccd0"
    )
    return joined([_bowl(0.14, 0.07, "#b98a58", "boards"), leaves, *tomatoes, *rings, fork])
