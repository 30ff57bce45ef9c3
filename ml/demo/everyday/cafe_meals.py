"""What a café serves."""

import numpy as np

from ml.demo import greenery
from ml.demo.everyday.tableware import bowl, heap, plate, spoon
from ml.demo.meshes import Mesh, ball, box, joined, lathe, moved, tube, turned


def pizza(random) -> Mesh:
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
        heap(
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


def fruit(random) -> Mesh:
    parts = [bowl(0.17, 0.06, "#7f9aa8")]
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


def cake(random) -> Mesh:
    parts = [
        plate(0.17),
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
                        plate(0.08),
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


def coffee(random) -> Mesh:
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
            plate(0.085),
            cup,
            *drink,
            handle,
            moved(plate(0.09, "#8fa8a0"), (0.21, 0.01, 0)),
            *cookies,
            turned(book, 12),
            spoon(0.1),
        ]
    )


def salad(random) -> Mesh:
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
    return joined([bowl(0.14, 0.07, "#b98a58", "boards"), leaves, *tomatoes, *rings, fork])
