"""From an everyday scene's parts to what the renderer takes."""

import numpy as np

from ml.demo.materials import Material
from ml.demo.meshes import Mesh, empty
from ml.demo.rasterizing import look_at
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import Sky


def stage(
    mesh: Mesh,
    ground: Material,
    reach: float,
    eye: tuple[float, float, float],
    target: tuple[float, float, float],
    degrees: float,
    sky: Sky,
    sun_azimuth: float,
    seed: int,
) -> tuple[Scene, Shot]:
    """eye, target, reach of shadows: metres; degrees: view angle across the longer side."""
    width, height = [(480, 360), (480, 320), (360, 480), (480, 360)][seed % 4]
    camera = look_at(eye, target, degrees, width, height)
    return Scene(empty(), mesh, empty(), ground, reach), Shot(camera, sky, sun_azimuth, 0.0, seed)


def pick(options: list, number: int):
    """Return one of the options, going round."""
    return options[number % len(options)]


def chance(kind: str, number: int) -> np.random.Generator:
    """Return the random numbers of one picture, the same on every run."""
    return np.random.default_rng([sum(kind.encode()), number])
