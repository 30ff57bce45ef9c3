"""Do two photographs show the same thing? Local features, matched and verified by geometry.

DELF's way (Noh et al. 2017, arXiv 1612.06321; tensorflow/models research/delf): the strongest
features of an image pyramid, non-maximum suppression over scales, nearest neighbours below a
distance, RANSAC for an affine map; the inliers are the score. numpy, SciPy's k-d tree and
scikit-image's RANSAC; no network in here.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from skimage.measure import ransac
from skimage.transform import AffineTransform

MOST_FEATURES = 1000
OVERLAP = 0.8  # intersection over union above which the weaker of two features goes
NEAREST_DISTANCE = 0.8
RESIDUAL = 20.0  # pixels
TRIALS = 1000
SMALLEST_SAMPLE = 3
# With fewer pairs than this an affine map proves nothing.
FEWEST_PAIRS = 4


class LocalFeatures(NamedTuple):
    """locations float32 [M, 2], (y, x) in pixels of the described picture;
    descriptors float32 [M, 40], L2-normalized; attention float32 [M]; scales float32 [M]."""

    locations: np.ndarray
    descriptors: np.ndarray
    attention: np.ndarray
    scales: np.ndarray


class StoredFeatures(NamedTuple):
    """locations uint16 [M, 2] and descriptors uint8 [M, 40]: 44 bytes a feature."""

    locations: np.ndarray
    descriptors: np.ndarray


class Match(NamedTuple):
    """query and reference: float [k, 2], the places of the inliers in both pictures, (y, x)."""

    query: np.ndarray
    reference: np.ndarray

    @property
    def inliers(self) -> int:
        return len(self.query)


NO_MATCH = Match(np.empty((0, 2)), np.empty((0, 2)))


def strongest(
    features: LocalFeatures,
    *,
    receptive_side: float,
    least_attention: float,
    most: int = MOST_FEATURES,
) -> LocalFeatures:
    """Drop weak features, and of overlapping ones all but the strongest; best first.

    receptive_side: pixels a feature sees at scale 1; at scale s it sees receptive_side / s.
    """
    order = np.argsort(-features.attention, kind="stable")
    order = order[features.attention[order] >= least_attention]
    sides = receptive_side / features.scales[order]
    boxes = np.concatenate(
        [
            features.locations[order] - sides[:, None] / 2,
            features.locations[order] + sides[:, None] / 2,
        ],
        axis=1,
    )
    kept: list[int] = []
    for place in range(len(order)):
        if len(kept) == most:
            break
        if not kept or _overlaps(boxes[place], boxes[kept]).max() <= OVERLAP:
            kept.append(place)
    return LocalFeatures(*(values[order[kept]] for values in features))


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of one box with others; boxes: [n, 4], y1 x1 y2 x2."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return shared / ((box[2:] - box[:2]).prod() + areas - shared)


def stored(features: LocalFeatures) -> StoredFeatures:
    """Quantize for storage: descriptors to steps of 2/255, places to whole pixels."""
    return StoredFeatures(
        np.clip(np.round(features.locations), 0, 65535).astype(np.uint16),
        np.round((np.clip(features.descriptors, -1, 1) + 1) * 127.5).astype(np.uint8),
    )


def restored(features: StoredFeatures) -> tuple[np.ndarray, np.ndarray]:
    """Places float32 [M, 2] and unit descriptors float32 [M, 40] of stored features."""
    descriptors = features.descriptors.astype(np.float32) / 127.5 - 1
    lengths = np.linalg.norm(descriptors, axis=1, keepdims=True)
    return features.locations.astype(np.float32), descriptors / np.maximum(lengths, 1e-6)


def match(
    query: StoredFeatures,
    reference: StoredFeatures,
    *,
    nearest_distance: float = NEAREST_DISTANCE,
    residual: float = RESIDUAL,
    trials: int = TRIALS,
    seed: int = 0,
) -> Match:
    """The pairs of places that one affine map carries from query to reference.

    Each query feature is paired with its nearest reference feature where that lies within
    nearest_distance. The same arguments give the same pairs.
    """
    if len(query.locations) < FEWEST_PAIRS or len(reference.locations) < FEWEST_PAIRS:
        return NO_MATCH
    query_places, query_descriptors = restored(query)
    reference_places, reference_descriptors = restored(reference)
    distances, nearest = cKDTree(reference_descriptors).query(
        query_descriptors, distance_upper_bound=nearest_distance
    )
    paired = np.isfinite(distances)
    pairs = query_places[paired], reference_places[nearest[paired]]
    # An affine map needs three places that differ, in both pictures.
    if min(len(np.unique(places, axis=0)) for places in pairs) < FEWEST_PAIRS:
        return NO_MATCH
    _, agreeing = ransac(
        pairs,
        AffineTransform,
        min_samples=SMALLEST_SAMPLE,
        residual_threshold=residual,
        max_trials=trials,
        rng=seed,
    )
    if agreeing is None or agreeing.sum() < FEWEST_PAIRS:
        return NO_MATCH
    return Match(pairs[0][agreeing], pairs[1][agreeing])
