"""Whether a picture is good enough to know a place by; pure."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 512
# Pixels of the shorter side; the models look at 224 and more.
SMALLEST_SIDE = 224
# Variance of the Laplacian at 512 pixels. Photographs and drawings in focus have 190 and more;
# blurred by two pixels they have 24 and less.
BLURRED_BELOW = 40.0


def is_small(width: int, height: int) -> bool:
    return min(width, height) < SMALLEST_SIDE


def sharpness(image: Image.Image) -> float:
    """Return the variance of the Laplacian of the grey picture, longest side 512."""
    image.draft("L", (2 * SIDE, 2 * SIDE))
    small = image.convert("L")
    small.thumbnail((SIDE, SIDE))
    grey = np.asarray(small, dtype=np.float32)
    if min(grey.shape) < 3:
        return 0.0
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((4 * grey[1:-1, 1:-1] - around).var())


def is_blurred(image: Image.Image) -> bool:
    return sharpness(image) < BLURRED_BELOW
