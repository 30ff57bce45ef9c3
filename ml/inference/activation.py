"""Where a network looks: from its last feature maps to the box of what it saw; numpy only.

The map is a class activation without classes: each place is weighed by how much its channels
carry of the embedding. No training, and no box was ever shown to the network.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

# Share of the map's range that counts as seen, chosen on the drawn landmarks with exact boxes:
# 0.3 and 0.4 are as good within 0.01, 0.2 is worse by 0.06. `ml.check_boxes` measures it.
SEEN_FROM = 0.35
# The maps have a cell for 32 pixels; boxes are read off a finer one.
FINER = 8


class Shares(NamedTuple):
    """A box as shares of the picture's width and height, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float


def activation_map(features: Sequence[np.ndarray]) -> np.ndarray:
    """Return how much each place gives to the embedding: [h, w], 0 to 1.

    features: for each backbone its last map [channels, h, w], not negative, all of one h and w.
    """
    total = np.zeros(features[0].shape[1:], dtype=np.float32)
    for backbone in features:
        weights = np.sqrt(np.maximum(backbone.mean(axis=(1, 2)), 0))
        given = np.tensordot(weights, backbone, axes=1)
        total += given / max(float(given.max()), 1e-12)
    return scaled(total)


def scaled(values: np.ndarray) -> np.ndarray:
    """Stretch to 0 to 1; a flat map becomes zeros."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def box_of(seen: np.ndarray, *, seen_from: float = SEEN_FROM) -> Shares:
    """Return the smallest box around the places that a map sees; all of it where it sees none."""
    height, width = seen.shape
    size = (width * FINER, height * FINER)
    fine = np.asarray(Image.fromarray(seen.astype(np.float32)).resize(size, Image.BICUBIC))
    rows, columns = np.nonzero(scaled(fine) > seen_from)
    if not len(rows):
        return Shares(0.0, 0.0, 1.0, 1.0)
    return Shares(
        columns.min() / size[0],
        rows.min() / size[1],
        (columns.max() + 1) / size[0],
        (rows.max() + 1) / size[1],
    )


def in_pixels(box: Shares, width: int, height: int) -> list[int]:
    """Return [x, y, width, height] in whole pixels of a picture."""
    left, top = round(box.left * width), round(box.top * height)
    right, bottom = round(box.right * width), round(box.bottom * height)
    return [left, top, max(1, right - left), max(1, bottom - top)]
