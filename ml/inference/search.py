"""The exact search that the portal leaves to pgvector; numpy.

Gives the same `Evidence` as the database does, so that the evaluation ranks by
the same function. Reads all references for each batch of photos: for measuring
and for calibration, not for serving.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ml.inference.ranking import NEAREST_BACKGROUND, NEAREST_REFERENCES, Evidence

if TYPE_CHECKING:
    from ml.inference.index import ReferenceIndex

BATCH = 256


def search(index: "ReferenceIndex", queries: np.ndarray) -> Iterator[Evidence]:
    """One Evidence for each row of queries, float32 [n, 512], projected."""
    for start in range(0, len(queries), BATCH):
        batch = queries[start : start + BATCH]
        to_references = batch @ index.references.T
        to_prototypes = batch @ index.prototypes.T
        to_background = batch @ index.background.T
        for row in range(len(batch)):
            yield evidence_of(index, to_references[row], to_prototypes[row], to_background[row])


def evidence_of(
    index: "ReferenceIndex",
    to_references: np.ndarray,
    to_prototypes: np.ndarray,
    to_background: np.ndarray,
) -> Evidence:
    """What the nearest rows say; similarities [n], [c] and [m] of one photo.

    A similarity of −inf leaves a row out.
    """
    nearest = nearest_first(to_references, NEAREST_REFERENCES)
    labels = index.labels[nearest]
    known = np.searchsorted(index.prototype_labels, np.unique(labels))
    return Evidence(
        reference_labels=labels,
        reference_similarities=to_references[nearest],
        prototype_labels=index.prototype_labels[known],
        prototype_similarities=to_prototypes[known],
        reference_counts=index.reference_counts[known],
        background_similarities=to_background[nearest_first(to_background, NEAREST_BACKGROUND)],
    )


def nearest_first(similarities: np.ndarray, count: int) -> np.ndarray:
    """Positions of the highest similarities, falling; −inf and the rest left out."""
    if len(similarities) > count:
        found = np.argpartition(-similarities, count - 1)[:count]
    else:
        found = np.arange(len(similarities))
    found = found[np.isfinite(similarities[found])]
    return found[np.lexsort((found, -similarities[found]))]
