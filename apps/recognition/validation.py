"""What a new landmark costs the known ones, asked before it joins: nothing is written.

References of other landmarks are asked as if they were visitors' photos, each without itself, by
the index as it is and by the index with the new references in it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from apps.recognition import reference_index
from apps.recognition.models import Prototype, ReferenceEmbedding, ReferenceIndex
from ml.inference.projection import normalized
from ml.inference.ranking import NEAREST_REFERENCES, Evidence, score_landmarks

# A share of these is off by at most three points; asking takes some seconds.
MOST_ASKED = 200


class Validation(NamedTuple):
    """asked: photos of other landmarks; right_before, right_after: how many named right.
    found_again: how many of the new photos the others of them find."""

    asked: int
    right_before: int
    right_after: int
    found_again: int


class Newcomer(NamedTuple):
    """A landmark's references that are not in the index, with what it has of it already.

    vectors float32 [n, 512]; total float32 [512]: the sum of all its references; count of them.
    """

    landmark: int
    vectors: np.ndarray
    total: np.ndarray
    count: int

    def without(self, position: int) -> Newcomer:
        others = np.delete(self.vectors, position, axis=0)
        return Newcomer(self.landmark, others, self.total - self.vectors[position], self.count - 1)


def validate(index: ReferenceIndex, landmark: int, vectors: np.ndarray) -> Validation:
    """Ask photos of other landmarks, and the new ones of each other; vectors: [n, 512]."""
    present = _vectors_of(index, landmark)
    newcomer = Newcomer(
        landmark, vectors, vectors.sum(axis=0) + present.sum(axis=0), len(vectors) + len(present)
    )
    asked = right_before = right_after = 0
    for truth, query, own in _photos_of_others(index, landmark):
        before = _without_itself(reference_index.gather_evidence(index, query), query, truth, own)
        if before is None:
            continue
        asked += 1
        right_before += _first(before) == truth
        right_after += _first(joined(before, query, newcomer)) == truth
    found_again = sum(
        _first(
            joined(
                reference_index.gather_evidence(index, vector),
                vector,
                newcomer.without(position),
            )
        )
        == landmark
        for position, vector in enumerate(vectors)
    )
    return Validation(asked, right_before, right_after, found_again)


def joined(evidence: Evidence, query: np.ndarray, newcomer: Newcomer) -> Evidence:
    """The evidence as it would be with a newcomer's references in the index."""
    if not newcomer.count:
        return evidence
    labels = np.concatenate(
        [evidence.reference_labels, np.full(len(newcomer.vectors), newcomer.landmark)]
    )
    similarities = np.concatenate([evidence.reference_similarities, newcomer.vectors @ query])
    order = np.argsort(-similarities, kind="stable")[:NEAREST_REFERENCES]
    others = evidence.prototype_labels != newcomer.landmark
    prototype = float(normalized(newcomer.total[np.newaxis])[0] @ query)
    return evidence._replace(
        reference_labels=labels[order],
        reference_similarities=similarities[order],
        prototype_labels=np.append(evidence.prototype_labels[others], newcomer.landmark),
        prototype_similarities=np.append(evidence.prototype_similarities[others], prototype),
        reference_counts=np.append(evidence.reference_counts[others], newcomer.count),
    )


def _photos_of_others(index: ReferenceIndex, landmark: int):
    """Yield landmark, vector [512] and all its landmark's vectors for a seeded draw of photos."""
    rows = ReferenceEmbedding.objects.filter(
        index=index, photo__reference=True, landmark__state="published"
    ).exclude(landmark=landmark)
    keys = np.array(rows.order_by("photo_id").values_list("pk", flat=True), dtype=np.int64)
    if len(keys) > MOST_ASKED:
        keys = np.random.default_rng(0).choice(keys, MOST_ASKED, replace=False)
    held: dict[int, np.ndarray] = {}
    for row in ReferenceEmbedding.objects.filter(pk__in=keys.tolist()).order_by("landmark", "pk"):
        if row.landmark_id not in held:
            held = {row.landmark_id: _vectors_of(index, row.landmark_id)}
        vector = np.asarray(row.embedding, dtype=np.float32)
        yield row.landmark_id, vector, held[row.landmark_id]


def _vectors_of(index: ReferenceIndex, landmark: int) -> np.ndarray:
    rows = ReferenceEmbedding.objects.filter(index=index, landmark=landmark).order_by("pk")
    vectors = list(rows.values_list("embedding", flat=True))
    size = Prototype._meta.get_field("embedding").dimensions
    return np.array(vectors, dtype=np.float32).reshape(-1, size)


def _without_itself(
    evidence: Evidence, query: np.ndarray, truth: int, own: np.ndarray
) -> Evidence | None:
    """Take a reference out of what the index says about it; None where it is the only one."""
    if len(own) < 2 or not len(evidence.reference_labels):
        return None
    # It is the nearest to itself; of the same picture twice, one of both goes.
    rest = normalized((own.sum(axis=0) - query)[np.newaxis])[0]
    prototypes = evidence.prototype_similarities.copy()
    prototypes[evidence.prototype_labels == truth] = float(rest @ query)
    counts = evidence.reference_counts.copy()
    counts[evidence.prototype_labels == truth] = len(own) - 1
    return evidence._replace(
        reference_labels=evidence.reference_labels[1:],
        reference_similarities=evidence.reference_similarities[1:],
        prototype_similarities=prototypes,
        reference_counts=counts,
    )


def _first(evidence: Evidence) -> int | None:
    labels = score_landmarks(evidence).labels
    return int(labels[0]) if len(labels) else None
