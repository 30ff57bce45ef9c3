"""Building a whole reference index, calibration included.

The calibration needs photos that the index has not seen. Leaving one reference
out of the ranking is not enough: a picture that took part in the whitening is
pushed away from all others (best scores of 0.21 where new photos of the same
landmarks reach 0.30), and the probabilities come out too high. So the
projection is fitted again without each held-out tenth of the references.
"""

import numpy as np

from ml.inference.calibration import Outcomes, fit_calibration
from ml.inference.index import ReferenceIndex, fit_index
from ml.inference.ranking import confidence_of, score_landmarks
from ml.inference.search import search

FOLDS = 10
LANDMARK_GROUPS = 4
# More held-out photos than these do not change the fit, and each further fold
# of a large index costs a minute.
ENOUGH_PHOTOS = 2000


def build_index(
    embeddings: np.ndarray,
    labels: np.ndarray,
    nonlandmark_embeddings: np.ndarray,
    *,
    seed: int = 0,
) -> ReferenceIndex:
    """The index of these references: projection, prototypes, background, calibration.

    embeddings float32 [n, D] as the model gives them, labels int64 [n]
    (landmark ids), nonlandmark_embeddings float32 [m, D], possibly empty. The
    same input gives the same index.
    """
    embeddings = np.asarray(embeddings, dtype=np.float32)
    labels = np.asarray(labels, dtype=np.int64)
    nonlandmarks = np.asarray(nonlandmark_embeddings, dtype=np.float32)
    nonlandmarks = nonlandmarks.reshape(-1, embeddings.shape[1])
    random = np.random.default_rng(seed)
    known, nonlandmark = held_out_photos(embeddings, labels, nonlandmarks, random)
    unknown = held_out_landmarks(embeddings, labels, nonlandmarks, random)
    calibration = fit_calibration(known, nonlandmark, unknown)
    return fit_index(embeddings, labels, nonlandmarks)._replace(calibration=calibration)


def held_out_photos(
    embeddings: np.ndarray,
    labels: np.ndarray,
    nonlandmarks: np.ndarray,
    random: np.random.Generator,
) -> tuple[Outcomes, Outcomes]:
    """How references and non-landmark pictures score in indexes that lack them.

    A landmark's only reference is never held out: it would not be known.
    """
    folds = _spread(labels, random)
    background_folds = random.permutation(len(nonlandmarks)) % FOLDS
    known, nonlandmark = [], []
    for fold in range(FOLDS):
        held, held_background = folds == fold, background_folds == fold
        if not held.any() and not held_background.any():
            continue
        index = fit_index(embeddings[~held], labels[~held], nonlandmarks[~held_background])
        chosen = _some(np.flatnonzero(held), random)
        known += _scored(index, embeddings[chosen], labels[chosen])
        background = nonlandmarks[held_background]
        nonlandmark += _scored(index, background, np.full(len(background), -1))
        if len(known) >= ENOUGH_PHOTOS:
            break
    return _outcomes(known), _outcomes(nonlandmark)


def held_out_landmarks(
    embeddings: np.ndarray,
    labels: np.ndarray,
    nonlandmarks: np.ndarray,
    random: np.random.Generator,
) -> Outcomes:
    """How references score in indexes that lack their whole landmark."""
    names = np.unique(labels)
    if len(names) < 2:
        return _outcomes([])
    group_of_name = random.permutation(len(names)) % min(LANDMARK_GROUPS, len(names))
    groups = group_of_name[np.searchsorted(names, labels)]
    unknown = []
    for group in range(group_of_name.max() + 1):
        held = groups == group
        index = fit_index(embeddings[~held], labels[~held], nonlandmarks)
        chosen = _some(np.flatnonzero(held), random)
        unknown += _scored(index, embeddings[chosen], np.full(len(chosen), -1))
        if len(unknown) >= ENOUGH_PHOTOS:
            break
    return _outcomes(unknown)


def _spread(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A fold for each reference, a landmark's over as many folds as possible; −1 for none."""
    folds = np.full(len(labels), -1)
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=np.nan))
    for members in np.split(order, starts[1:]):
        if len(members) > 1:
            first = random.integers(FOLDS)
            folds[random.permutation(members)] = (first + np.arange(len(members))) % FOLDS
    return folds


def _some(positions: np.ndarray, random: np.random.Generator) -> np.ndarray:
    if len(positions) <= ENOUGH_PHOTOS:
        return positions
    return np.sort(random.choice(positions, ENOUGH_PHOTOS, replace=False))


def _scored(
    index: ReferenceIndex, embeddings: np.ndarray, truths: np.ndarray
) -> list[tuple[np.ndarray, float, bool]]:
    """(scores, confidence, correct) of each photo; none where the index is empty."""
    if not len(index.labels):
        return []
    rows = []
    found = search(index, index.projection.apply(embeddings))
    for evidence, truth in zip(found, truths, strict=True):
        scores = score_landmarks(evidence)
        confidence = confidence_of(scores, evidence, index.calibration.penalty_weight)
        rows.append((scores.scores, confidence, bool(scores.labels[0] == truth)))
    return rows


def _outcomes(rows: list[tuple[np.ndarray, float, bool]]) -> Outcomes:
    widest = max((len(scores) for scores, _, _ in rows), default=1)
    scores = np.full((len(rows), widest), -np.inf)
    for row, (found, _, _) in enumerate(rows):
        scores[row, : len(found)] = found
    return Outcomes(
        scores,
        np.array([confidence for _, confidence, _ in rows], dtype=np.float64),
        np.array([correct for _, _, correct in rows], dtype=bool),
    )
