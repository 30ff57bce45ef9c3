"""Trees and nothing else: meadows, woods, avenues, shores."""

import numpy as np

from ml.demo import greenery, grounds
from ml.demo.everyday.stages import chance, stage
from ml.demo.materials import Material
from ml.demo.meshes import Mesh, joined
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import SKIES

PICTURES = [  # season, weather, planting
    ("autumn", "golden", "one"),
    ("summer", "clear", "wood"),
    ("spring", "noon", "avenue"),
    ("winter", "snow", "one"),
    ("summer", "overcast", "pines"),
    ("autumn", "mist", "wood"),
    ("spring", "morning", "one"),
    ("winter", "winter", "avenue"),
    ("summer", "sunset", "lake"),
    ("autumn", "after rain", "avenue"),
]


def take(number: int) -> tuple[Scene, Shot]:
    season, weather, planting = PICTURES[number]
    random = chance("trees", number)
    mesh, ground = PLANTINGS[planting](season, random)
    eye = (random.uniform(-2, 2), -17, 1.8 if planting != "lake" else 3.0)
    return stage(
        mesh, ground, 40, eye, (0, 4, 4.2), 52, SKIES[weather], random.uniform(-70, 70), number
    )


def _leaf(season: str, random: np.random.Generator) -> str:
    return "ginkgo" if season == "autumn" and random.random() < 0.4 else season


def _one(season: str, random: np.random.Generator) -> tuple[Mesh, Material]:
    tree = greenery.broadleaf(int(random.integers(99)), _leaf(season, random), 10, 4200)
    hills = greenery.mountain(700, 260, 32, int(random.integers(20)), season)
    far = np.column_stack([random.uniform(-90, 90, 60), random.uniform(70, 110, 60), np.zeros(60)])
    return joined([tree, hills, greenery.wood(3, far, season, 8, 120)]), grounds.lawn("#7d9240")


def _wood(season: str, random: np.random.Generator) -> tuple[Mesh, Material]:
    kinds = [greenery.broadleaf(int(random.integers(99)), season, 12, 1500) for _ in range(4)]
    spots = random.uniform((-22, -6), (22, 40), (60, 2))
    spots = spots[np.abs(spots[:, 0] - 2 * np.sin(spots[:, 1] / 7)) > 2.2]
    ground = grounds.patched(
        grounds.lawn("#5f6f34"), (grounds.winding_path(2.4, 2, 7), grounds.earth("#a08a64"))
    )
    return greenery.scattered(kinds, spots, 4), ground


def _avenue(season: str, random: np.random.Generator) -> tuple[Mesh, Material]:
    kinds = [
        greenery.broadleaf(int(random.integers(99)), _leaf(season, random), 9, 1500)
        for _ in range(3)
    ]
    spots = np.array([(x, y) for x in (-5.5, 5.5) for y in range(-8, 70, 7)], float)
    ground = grounds.patched(
        grounds.lawn("#6d8a40"), (grounds.rectangle(-3, 3, -60, 300), grounds.earth("#b5a27c"))
    )
    return greenery.scattered(kinds, spots, 6), ground


def _pines(season: str, random: np.random.Generator) -> tuple[Mesh, Material]:
    kinds = [greenery.pine(int(random.integers(99)), 11, 1600) for _ in range(4)]
    spots = random.uniform((-20, -5), (20, 30), (30, 2))
    return greenery.scattered(kinds, spots, 2), grounds.earth("#8f7a55")


def _lake(season: str, random: np.random.Generator) -> tuple[Mesh, Material]:
    kinds = [greenery.broadleaf(int(random.integers(99)), season, 9, 1500) for _ in range(3)]
    spots = np.column_stack([np.linspace(-26, 26, 12), random.uniform(6, 12, 12)])
    hills = greenery.mountain(900, 300, 60, 5, season)
    ground = grounds.patched(
        grounds.lawn("#6d8a40"), (grounds.rectangle(-200, 200, -60, 3), grounds.water("#2a5358"))
    )
    return joined([greenery.scattered(kinds, spots, 3), hills]), ground


PLANTINGS = {"one": _one, "wood": _wood, "avenue": _avenue, "pines": _pines, "lake": _lake}
