"""The reference index as arrays: built here for the portal and the evaluation."""

from typing import NamedTuple

import numpy as np

from ml.inference.calibration import UNFITTED, Calibration
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


def assemble_index(
    projection: Projection,
    embeddings: np.ndarray,
    labels: np.ndarray,
    nonlandmarks: np.ndarray,
    calibration: Calibration = UNFITTED,
) -> ReferenceIndex:
    """An index of embeddings [n, D] with labels [n] under a fitted projection.

    Also how a landmark joins between two builds: its references are projected
    and get a prototype, nothing is fitted again.
    """
    references = projection.apply(embeddings)
    labels = np.asarray(labels, dtype=np.int64)
    prototypes, prototype_labels, counts = prototypes_of(references, labels)
    return ReferenceIndex(
        projection,
        references,
        labels,
        prototypes,
        prototype_labels,
        counts,
        projection.apply(nonlandmarks),
        calibration,
    )


def fit_index(
    embeddings: np.ndarray, labels: np.ndarray, nonlandmarks: np.ndarray
) -> ReferenceIndex:
    """Projection and prototypes; the calibration is left UNFITTED."""
    projection = fit_projection(embeddings, nonlandmarks)
    return assemble_index(projection, embeddings, labels, nonlandmarks)


def prototypes_of(
    references: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prototypes float32 [c, 512], their labels int64 [c] rising, counts int64 [c]."""
    names, positions, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(names), references.shape[1]), dtype=np.float64)
    np.add.at(sums, positions, references)
    return normalized(sums), names.astype(np.int64), counts.astype(np.int64)
