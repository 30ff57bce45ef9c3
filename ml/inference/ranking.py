"""From what the index says about a photo to ranked landmarks; pure.

One function for the portal (evidence from pgvector) and the evaluation
(evidence from `ml.inference.search`).

    score of a landmark  s = ½ · mean of its 3 best references + ½ · its prototype
    confidence           c = s₁ − λ · mean similarity to the 10 nearest non-landmarks
    unknown probability  u = 1 / (1 + exp(slope · (c − middle)))
    probability          p = (1 − u) · softmax(temperature · s)

All similarities are cosines after the projection.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ml.inference.calibration import Calibration

NEAREST_REFERENCES = 100
NEAREST_BACKGROUND = 10
BEST_REFERENCES = 3
TOP_K = 5

SURE = "sure"
UNSURE = "unsure"
UNKNOWN = "unknown"

# Place prior: a photo is taken within sight of its landmark, and positions of
# phones are off by streets, seldom by more.
SIGHT_KM = 2.0
FAR_WEIGHT = 0.02
UNPLACED_WEIGHT = 0.2

_NO_LABELS = np.empty(0, dtype=np.int64)
_NO_SCORES = np.empty(0, dtype=np.float32)


class Evidence(NamedTuple):
    """What the reference index and the model say about one photo.

    reference_labels int64 [n], reference_similarities float32 [n]: the 100
        nearest references, falling; fewer where there are fewer.
    prototype_labels int64 [p], prototype_similarities float32 [p],
    reference_counts int64 [p]: prototype and number of references of (at
        least) the landmarks among reference_labels and head_labels.
    background_similarities float32 [b]: the 10 nearest non-landmark pictures.
    head_labels int64 [k], head_scores float32 [k]: a trained head's cosines,
        its classes already turned into landmarks.
    """

    reference_labels: np.ndarray
    reference_similarities: np.ndarray
    prototype_labels: np.ndarray
    prototype_similarities: np.ndarray
    reference_counts: np.ndarray
    background_similarities: np.ndarray
    head_labels: np.ndarray = _NO_LABELS
    head_scores: np.ndarray = _NO_SCORES


class Candidate(NamedTuple):
    """similarity: cosine of the nearest reference, or of the head's class."""

    label: int
    probability: float
    similarity: float
    source: str  # "reference" or "head"


class Ranking(NamedTuple):
    """candidates: probabilities falling; with unknown_probability at most 1."""

    candidates: tuple[Candidate, ...]
    unknown_probability: float
    certainty: str  # "sure", "unsure" or "unknown"


class LandmarkScores(NamedTuple):
    """All landmarks of the evidence, best first (equal scores: lower label first).

    labels int64 [c], scores float64 [c], similarities float64 [c],
    from_head bool [c].
    """

    labels: np.ndarray
    scores: np.ndarray
    similarities: np.ndarray
    from_head: np.ndarray


def score_landmarks(evidence: Evidence) -> LandmarkScores:
    """The score of every landmark that the evidence names."""
    by_reference = _reference_scores(evidence)
    head = dict(zip(evidence.head_labels.tolist(), evidence.head_scores.tolist(), strict=True))
    rows = []
    for label in sorted(by_reference.keys() | head.keys()):
        score, similarity = by_reference.get(label, (None, None))
        if score is None:
            rows.append((label, head[label], head[label], True))
        elif label in head:
            rows.append((label, (score + head[label]) / 2, similarity, head[label] > score))
        else:
            rows.append((label, score, similarity, False))
    rows.sort(key=lambda row: -row[1])
    labels, scores, similarities, from_head = zip(*rows, strict=True) if rows else ([],) * 4
    return LandmarkScores(
        np.array(labels, dtype=np.int64),
        np.array(scores, dtype=np.float64),
        np.array(similarities, dtype=np.float64),
        np.array(from_head, dtype=bool),
    )


def confidence_of(scores: LandmarkScores, evidence: Evidence, penalty_weight: float) -> float:
    """The best score, less λ times the mean similarity to non-landmark pictures."""
    best = scores.scores[0] if len(scores.scores) else 0.0
    background = np.sort(evidence.background_similarities)[::-1][:NEAREST_BACKGROUND]
    return float(best - penalty_weight * background.mean()) if len(background) else float(best)


def rank_landmarks(
    evidence: Evidence,
    calibration: Calibration,
    *,
    top_k: int = TOP_K,
    distances_km: Mapping[int, float] | None = None,
) -> Ranking:
    """At most top_k candidates with calibrated probabilities, and the verdict.

    distances_km: how far the visitor stands from each landmark, where the
    visitor offered a position; landmarks without coordinates are left out of it.
    It re-orders the candidates and moves no probability to or from unknown.
    """
    scores = score_landmarks(evidence)
    if not len(scores.labels):
        return Ranking((), 1.0, UNKNOWN)
    confidence = confidence_of(scores, evidence, calibration.penalty_weight)
    unknown = float(calibration.unknown_probability(confidence))
    shares = softmax(calibration.temperature * scores.scores)
    if distances_km is not None:
        shares = place_prior(shares, scores.labels, distances_km)
    order = np.argsort(-shares, kind="stable")[:top_k]
    candidates = tuple(
        Candidate(
            label=int(scores.labels[index]),
            probability=float((1 - unknown) * shares[index]),
            similarity=float(scores.similarities[index]),
            source="head" if scores.from_head[index] else "reference",
        )
        for index in order
    )
    return Ranking(candidates, unknown, _certainty(candidates, unknown, calibration))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Shares that sum to 1, [c]."""
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def place_prior(
    shares: np.ndarray, labels: np.ndarray, distances_km: Mapping[int, float]
) -> np.ndarray:
    """Shares weighted by nearness, summing to 1 again; [c].

    Weight 1 at the landmark, ½ at 2 km, 0.02 far away, 0.2 where the landmark
    has no coordinates.
    """
    weights = np.array(
        [
            max(FAR_WEIGHT, 1 / (1 + (distances_km[label] / SIGHT_KM) ** 2))
            if label in distances_km
            else UNPLACED_WEIGHT
            for label in labels.tolist()
        ]
    )
    weighted = shares * weights
    return weighted / weighted.sum()


def _certainty(candidates: tuple[Candidate, ...], unknown: float, calibration: Calibration) -> str:
    if unknown >= calibration.unknown_from:
        return UNKNOWN
    if candidates[0].probability >= calibration.sure_from:
        return SURE
    return UNSURE


def _reference_scores(evidence: Evidence) -> dict[int, tuple[float, float]]:
    """label → (score, cosine of its nearest reference)."""
    similarities: dict[int, list[float]] = {}
    for label, similarity in zip(
        evidence.reference_labels.tolist(), evidence.reference_similarities.tolist(), strict=True
    ):
        similarities.setdefault(label, []).append(similarity)
    prototypes = {
        label: (similarity, count)
        for label, similarity, count in zip(
            evidence.prototype_labels.tolist(),
            evidence.prototype_similarities.tolist(),
            evidence.reference_counts.tolist(),
            strict=True,
        )
    }
    farthest = min((values[-1] for values in similarities.values()), default=0.0)
    scores = {}
    for label, values in similarities.items():
        prototype, count = prototypes.get(label, (None, len(values)))
        best = values[:BEST_REFERENCES]
        # References past the nearest 100 are no nearer than the farthest seen.
        missing = min(BEST_REFERENCES, count) - len(best)
        nearest = (sum(best) + max(missing, 0) * farthest) / (len(best) + max(missing, 0))
        score = nearest if prototype is None else (nearest + prototype) / 2
        scores[label] = (score, values[0])
    return scores
