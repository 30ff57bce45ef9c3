"""The court of Bulguksa, where both pagodas stand."""

import numpy as np

from ml.demo import greenery, roofs
from ml.demo.meshes import Mesh, box, joined, moved, turned
from ml.demo.roofs import Roof


def main_hall() -> Mesh:
    """A five-bay hall under a hipped-gable roof, its front towards -y."""
    return joined(
        [
            box((20, 16, 1.5), (0, 0, 0), "large blocks", "#b9b09e"),
            box((4, 2.4, 0.9), (0, -8.6, 0), "stone", "#c4bba9", (1, 0.5)),
            roofs.storey(8, 6, 1.5, 3.8, (5, 4), "lattice", "#5c5a3c"),
            roofs.brackets(8.2, 6.2, 5.3, 1.4, 1.2),
            roofs.roof(Roof(11.4, 9.2, 7.2, 0, 5.2, 1.1, 0.5, plaster=False), 6.6),
        ]
    )


def corridor(length: float) -> Mesh:
    """A covered walk along x."""
    return joined(
        [
            box((length, 4.2, 0.6), (0, 0, 0), "large blocks", "#b0a796"),
            roofs.storey(
                length / 2 - 0.6,
                1.7,
                0.6,
                2.9,
                (max(2, int(length / 3)), 1),
                "plain",
                "#c9b490",
                0.7,
            ),
            roofs.roof(
                Roof(length / 2 + 0.6, 3.2, length / 2 - 1.0, 0, 1.9, 0.15, 0.6, plaster=False), 3.8
            ),
        ]
    )


def court(season: str, hall_at: tuple[float, float], walk_at: float) -> Mesh:
    """Hall, corridors, pines, maples and the hill behind."""
    parts = [
        moved(main_hall(), (*hall_at, 0)),
        moved(corridor(60), (0, hall_at[1] + 16, 0)),
        moved(turned(corridor(54), 90), (walk_at, 4, 0)),
        moved(turned(corridor(54), 90), (-walk_at - 6, 4, 0)),
        greenery.mountain(1400, 420, 90, 6, season),
    ]
    random = np.random.default_rng(9)
    spots = np.column_stack(
        [random.uniform(-90, 90, 130), random.uniform(46, 90, 130), np.zeros(130)]
    )
    parts.append(greenery.wood(4, spots, season, 12, 150))
    edge = np.array([(-20, 20), (19, 22), (-24, 30), (25, 33), (-16, 33)])
    kinds = [greenery.pine(3, 9, 1300), greenery.broadleaf(5, season, 6.5, 1300)]
    parts.append(greenery.scattered(kinds, edge, 5))
    return joined(parts)
