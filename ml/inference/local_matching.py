"""Do two photographs show the same thing? Local features, matched and verified by geometry.

DELF's way (Noh et al. 2017, arXiv 1612.06321; tensorflow/models research/delf): the strongest
features of an image pyramid, non-maximum suppression over scales, mutual nearest neighbours below a
distance, RANSAC for an affine map; the inliers are the score. numpy, SciPy's k-d tree and
scikit-image's RANSAC; no network in here.
"""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from skimage.measure import ransac
from skimage.transform import AffineTransform

from ml.inference.local_features import LocalFeatures, StoredFeatures, restored

MOST_FEATURES = 1000
OVERLAP = 0.8  # intersection over union above which the weaker of two features goes
NEAREST_DISTANCE = 0.8
RESIDUAL = 20.0  # pixels
TRIALS = 1000
# With so much certainty that no better map was missed, fewer trials are enough.
CERTAINTY = 0.9999
# What two photographs of one place may do to each other; a map beyond it fits by chance.
MOST_SCALING = 10.0  # of areas, either way
MOST_STRETCH = 3.0  # of one direction against the other
SMALLEST_SAMPLE = 3
# With fewer pairs than this an affine map proves nothing.
FEWEST_PAIRS = 4


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

    Two features are a pair where each is the other's nearest, within nearest_distance. Maps that
    mirror, or scale and stretch beyond what a camera does, do not count. The same arguments
    give the same pairs.
    """
    if len(query.locations) < FEWEST_PAIRS or len(reference.locations) < FEWEST_PAIRS:
        return NO_MATCH
    query_places, query_descriptors = restored(query)
    reference_places, reference_descriptors = restored(reference)
    distances, nearest = cKDTree(reference_descriptors).query(
        query_descriptors, distance_upper_bound=nearest_distance
    )
    _, nearest_back = cKDTree(query_descriptors).query(reference_descriptors)
    paired = np.flatnonzero(np.isfinite(distances))
    paired = paired[nearest_back[nearest[paired]] == paired]
    pairs = query_places[paired], reference_places[nearest[paired]]
    # An affine map needs three places that differ, in both pictures.
    if min(len(np.unique(places, axis=0)) for places in pairs) < FEWEST_PAIRS:
        return NO_MATCH
    with warnings.catch_warnings():
        # That no map fits is an answer like any other.
        warnings.simplefilter("ignore", UserWarning)
        _, agreeing = ransac(
            pairs,
            AffineTransform,
            min_samples=SMALLEST_SAMPLE,
            residual_threshold=residual,
            max_trials=trials,
            is_model_valid=_is_plausible,
            stop_probability=CERTAINTY,
            rng=seed,
        )
    if agreeing is None or agreeing.sum() < FEWEST_PAIRS:
        return NO_MATCH
    return Match(pairs[0][agreeing], pairs[1][agreeing])


def _is_plausible(affine: AffineTransform, *pairs: np.ndarray) -> bool:
    linear = affine.params[:2, :2]
    if not np.isfinite(linear).all():
        return False
    scaling = np.linalg.det(linear)
    longest, shortest = np.linalg.svd(linear, compute_uv=False)
    return 1 / MOST_SCALING < scaling < MOST_SCALING and longest < MOST_STRETCH * shortest
