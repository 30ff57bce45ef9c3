"""Sixty pictures without a landmark: for fitting and trying the rejection."""

import numpy as np

from ml.demo.everyday import cars, crowds, dishes, houses, rooms, trees
from ml.demo.rendering import render

KINDS = {
    "cars": cars.take,
    "crowds": crowds.take,
    "dishes": dishes.take,
    "houses": houses.take,
    "rooms": rooms.take,
    "trees": trees.take,
}
COUNTS = dict.fromkeys(KINDS, 10)


def picture(kind: str, number: int) -> np.ndarray:
    """Return the pixels of one everyday scene. → [height, width, 3]."""
    scene, shot = KINDS[kind](number)
    return render(scene, shot).pixels
