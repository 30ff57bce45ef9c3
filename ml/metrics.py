"""Measures of recognition; pure.

Each takes plain arrays, one entry for each query, so that `interval` can draw
them again.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

RESAMPLES = 1000


class Interval(NamedTuple):
    low: float
    high: float


def share_within(ranks: np.ndarray, k: int) -> float:
    """How many queries have the right answer among the first k.

    ranks: int [n], 0 for the first place, negative where it is not listed.
    """
    return float(np.mean((ranks >= 0) & (ranks < k)))


def gap(confidences: np.ndarray, correct: np.ndarray, landmarks: int) -> float:
    """Global average precision, or µAP, of each query's single best answer.

    confidences float [n], correct bool [n]; landmarks: the number of queries
    that show a known landmark, M in 1/M · Σ P(i) · rel(i). Queries without an
    answer are left out of the arrays, not out of M. Equal confidences keep
    their order. Perronnin et al. 2009; the metric of Google Landmark
    Recognition.
    """
    if landmarks < 1:
        raise ValueError("GAP needs at least one query that shows a known landmark")
    order = np.argsort(-confidences, kind="stable")
    right = correct[order].astype(np.float64)
    precisions = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float((precisions * right).sum() / landmarks)


def auroc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """How often a positive scores above a negative, equal scores counting half."""
    if not len(positives) or not len(negatives):
        raise ValueError("AUROC needs at least one of each kind")
    ranked = np.sort(negatives)
    below = np.searchsorted(ranked, positives, side="left")
    upto = np.searchsorted(ranked, positives, side="right")
    return float((below + upto).mean() / 2 / len(negatives))


def expected_calibration_error(
    probabilities: np.ndarray, correct: np.ndarray, bins: int = 10
) -> float:
    """Mean gap between probability and share right, in equally wide bins (Guo et al. 2017)."""
    bin_of = np.clip(np.ceil(probabilities * bins).astype(int) - 1, 0, bins - 1)
    errors = [
        abs(probabilities[bin_of == one].mean() - correct[bin_of == one].mean())
        * np.mean(bin_of == one)
        for one in range(bins)
        if np.any(bin_of == one)
    ]
    return float(sum(errors))


def mean_average_precision(
    relevant: list[np.ndarray], totals: np.ndarray, depth: int = 100
) -> float:
    """mAP@depth of retrieval.

    relevant: for each query bool [≤ depth], whether each result is of its
    landmark, best first; totals int [n]: how many there are in the index. As in
    Google Landmark Retrieval: Σ P(k) · rel(k) / min(total, depth), mean over queries.
    """
    scores = []
    for hits, total in zip(relevant, totals, strict=True):
        hits = np.asarray(hits[:depth], dtype=np.float64)
        precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        scores.append((precisions * hits).sum() / max(min(total, depth), 1))
    return float(np.mean(scores))


def interval(measure: Callable[[np.ndarray], float], queries: int, *, seed: int = 0) -> Interval:
    """95 % percentile bootstrap (Efron) of a measure over queries.

    measure: takes positions int [queries], drawn with replacement. A draw on
    which it has no value (ValueError) is drawn again.
    """
    random = np.random.default_rng(seed)
    values = []
    while len(values) < RESAMPLES:
        try:
            values.append(measure(random.integers(queries, size=queries)))
        except ValueError:
            continue
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high))
