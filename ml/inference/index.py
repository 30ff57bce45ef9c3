"""The reference index as arrays: built here for the portal and the evaluation."""

from typing import NamedTuple

import numpy as np

from ml.inference.calibration import Calibration
from ml.inference.projection import Projection, fit_projection, normalized


class ReferenceIndex(NamedTuple):
    """All that ranking needs, in rows that a database can hold.

    references float32 [n, 512], labels int64 [n]: projected, in the order given.
    prototypes float32 [c, 512], prototype_labels int64 [c] rising,
    reference_counts int64 [c]: the normalized mean of each landmark.
    background float32 [m, 512]: projected non-landmark pictures.
    """

    projection: Projection
    references: np.ndarray
    labels: np.ndarray
    prototypes: np.ndarray
    prototype_labels: np.ndarray
    reference_counts: np.ndarray
    background: np.ndarray
    calibration: Calibration


def prototypes_of(
    references: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prototypes float32 [c, 512], their labels int64 [c] rising, counts int64 [c]."""
    names, positions, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(names), references.shape[1]), dtype=np.float64)
    np.add.at(sums, positions, references)
    return normalized(sums), names.astype(np.int64), counts.astype(np.int64)
