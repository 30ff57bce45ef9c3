"""The protocol of an evaluation, on embeddings; no pictures, no server.

Ranks by `ml.inference`, the code that the portal ranks by.

Known landmarks: the index is built from the references and the even
non-landmark pictures, calibration included; the queries and the odd ones are
only measured.

New landmarks: 13 landmarks (at most half of them) with at least five
references are taken out; projection and prototypes are made without them; five
references of each then join. All landmarks compete; the mean of 20 seeded draws.

Unknown landmarks, where no pictures of some are given: the landmarks are dealt
into five groups; each group in turn is taken out of the index, and its queries
are the unknown ones. The mean AUROC of the five.
"""

from typing import NamedTuple

import numpy as np

from ml import metrics
from ml.inference.building import build_index
from ml.inference.index import ReferenceIndex, assemble_index, fit_index
from ml.inference.ranking import (
    SURE,
    TOP_K,
    UNKNOWN,
    Ranking,
    confidence_of,
    rank_landmarks,
    score_landmarks,
)
from ml.inference.search import search

NEW_LANDMARKS = 13
NEW_REFERENCES = 5
DRAWS = 20
UNKNOWN_GROUPS = 5
RETRIEVED = 100

# What stands where nothing could be measured: no better than chance, and an
# interval that says nothing.
CHANCE = 0.5
NOTHING = metrics.Interval(0.0, 1.0)


class Pictures(NamedTuple):
    """embeddings float32 [n, D], labels int64 [n]."""

    embeddings: np.ndarray
    labels: np.ndarray


class Collection(NamedTuple):
    """All that an evaluation looks at; labels are numbers of landmarks.

    nonlandmarks float32 [m, D], in file order, possibly empty. unknown float32
    [u, D]: pictures of landmarks that the references do not show, or None.
    new_references and new_queries: further landmarks, or None.
    """

    references: Pictures
    queries: Pictures
    nonlandmarks: np.ndarray
    unknown: np.ndarray | None = None
    new_references: Pictures | None = None
    new_queries: Pictures | None = None


class Report(NamedTuple):
    """values: each measure's number; intervals: its 95 %; notes: what was not measured.
    known: the ranking of each query, in their order."""

    values: dict[str, float]
    intervals: dict[str, metrics.Interval]
    notes: list[str]
    known: tuple[Ranking, ...] = ()


def evaluate(collection: Collection) -> Report:
    """All measures of a collection."""
    report = Report({}, {}, [])
    index = build_index(*collection.references, collection.nonlandmarks[0::2])
    known = _rank(index, collection.queries.embeddings)
    _measure_known(report, collection, index, known)
    _measure_rejection(report, collection, index, known)
    _measure_unknown(report, collection, index, known)
    _measure_new(report, collection, index)
    report.values["n"] = len(collection.queries.labels)
    return report._replace(known=tuple(known))


def _rank(index: ReferenceIndex, embeddings: np.ndarray) -> list[Ranking]:
    queries = index.projection.apply(embeddings)
    return [rank_landmarks(evidence, index.calibration) for evidence in search(index, queries)]


def _places(rankings: list[Ranking], labels: np.ndarray) -> np.ndarray:
    """The place of the right landmark, 0 the first; −1 where it is not listed."""
    places = np.full(len(rankings), -1)
    for row, (ranking, label) in enumerate(zip(rankings, labels, strict=True)):
        for place, candidate in enumerate(ranking.candidates):
            if candidate.label == label:
                places[row] = place
    return places


def _top_probabilities(rankings: list[Ranking]) -> np.ndarray:
    return np.array([ranking.candidates[0].probability for ranking in rankings])


def _landmark_probabilities(rankings: list[Ranking]) -> np.ndarray:
    return np.array([1 - ranking.unknown_probability for ranking in rankings])


def _store(report: Report, name: str, queries: int, measure) -> None:
    report.values[name] = measure(np.arange(queries))
    report.intervals[name] = metrics.interval(measure, queries)


def _not_measured(report: Report, name: str, value: float, reason: str) -> None:
    report.values[name] = value
    report.intervals[name] = NOTHING
    report.notes.append(f"{name} was not measured: {reason}")


def _measure_known(
    report: Report, collection: Collection, index: ReferenceIndex, known: list[Ranking]
) -> None:
    places = _places(known, collection.queries.labels)
    chances = _top_probabilities(known)
    sure = np.array([ranking.certainty == SURE for ranking in known])
    unknown = np.array([ranking.certainty == UNKNOWN for ranking in known])
    count = len(known)
    _store(report, "top1", count, lambda drawn: metrics.share_within(places[drawn], 1))
    _store(report, "top5", count, lambda drawn: metrics.share_within(places[drawn], TOP_K))
    _store(
        report,
        "ece",
        count,
        lambda drawn: metrics.expected_calibration_error(chances[drawn], places[drawn] == 0),
    )
    report.values["map100"] = _retrieval(index, collection.queries)
    report.values["sure"] = float(sure.mean())
    report.values["sure_right"] = float((places[sure] == 0).mean()) if sure.any() else 0.0
    report.values["refused_known"] = float(unknown.mean())


def _measure_rejection(
    report: Report, collection: Collection, index: ReferenceIndex, known: list[Ranking]
) -> None:
    """GAP over queries and non-landmarks, and the AUROC between them."""
    others = _rank(index, collection.nonlandmarks[1::2])
    rankings = known + others
    is_known = np.arange(len(rankings)) < len(known)
    right = np.zeros(len(rankings), dtype=bool)
    right[: len(known)] = _places(known, collection.queries.labels) == 0
    chances = _top_probabilities(rankings)
    landmark = _landmark_probabilities(rankings)
    _store(
        report,
        "gap",
        len(rankings),
        lambda drawn: metrics.gap(chances[drawn], right[drawn], int(is_known[drawn].sum())),
    )
    if not others:
        _not_measured(report, "auroc_nonlandmark", CHANCE, "no non-landmark pictures")
        return
    refused = [ranking.certainty == UNKNOWN for ranking in others]
    report.values["refused_nonlandmark"] = float(np.mean(refused))
    _store(
        report,
        "auroc_nonlandmark",
        len(rankings),
        lambda drawn: metrics.auroc(
            landmark[drawn][is_known[drawn]], landmark[drawn][~is_known[drawn]]
        ),
    )


def _measure_unknown(
    report: Report, collection: Collection, index: ReferenceIndex, known: list[Ranking]
) -> None:
    if collection.unknown is not None:
        rankings = known + _rank(index, collection.unknown)
        confidences = _landmark_probabilities(rankings)[np.newaxis]
        unknown = (np.arange(len(rankings)) >= len(known))[np.newaxis]
    else:
        confidences, unknown = _leave_groups_out(collection)
    if not unknown.any():
        _not_measured(report, "auroc_unknown", CHANCE, "fewer than two landmarks")
        return
    _store(
        report,
        "auroc_unknown",
        unknown.shape[1],
        lambda drawn: float(
            np.mean(
                [
                    metrics.auroc(row[drawn][~left_out[drawn]], row[drawn][left_out[drawn]])
                    for row, left_out in zip(confidences, unknown, strict=True)
                ]
            )
        ),
    )


def _leave_groups_out(collection: Collection) -> tuple[np.ndarray, np.ndarray]:
    """confidences float [groups, n] and whether the query's landmark was left out, bool."""
    references, queries = collection.references, collection.queries
    names = np.unique(queries.labels)
    groups = min(UNKNOWN_GROUPS, len(names))
    group_of_name = np.random.default_rng(0).permutation(len(names)) % groups
    confidences, unknown = [], []
    for group in range(groups if groups > 1 else 0):
        left_out = names[group_of_name == group]
        stay = ~np.isin(references.labels, left_out)
        if not stay.any():
            continue
        index = fit_index(
            references.embeddings[stay], references.labels[stay], collection.nonlandmarks[0::2]
        )
        confidences.append(_confidences(index, queries.embeddings))
        unknown.append(np.isin(queries.labels, left_out))
    shape = (len(unknown), len(queries.labels))
    return np.reshape(confidences, shape), np.reshape(unknown, shape).astype(bool)


def _confidences(index: ReferenceIndex, embeddings: np.ndarray) -> np.ndarray:
    found = search(index, index.projection.apply(embeddings))
    return np.array(
        [
            confidence_of(score_landmarks(evidence), evidence, index.calibration.penalty_weight)
            for evidence in found
        ]
    )


def _measure_new(report: Report, collection: Collection, index: ReferenceIndex) -> None:
    if collection.new_references is not None and collection.new_queries is not None:
        joined = assemble_index(
            index.projection,
            np.vstack([collection.references.embeddings, collection.new_references.embeddings]),
            np.concatenate([collection.references.labels, collection.new_references.labels]),
            collection.nonlandmarks[0::2],
        )
        rankings = _rank(joined, collection.new_queries.embeddings)
        draws = _places(rankings, collection.new_queries.labels)[np.newaxis]
        asked = np.ones_like(draws, dtype=bool)
    else:
        draws, asked = _draw_new_landmarks(collection)
    for name, k in (("new_top1", 1), ("new_top5", TOP_K)):
        if not asked.any():
            _not_measured(report, name, 0.0, "no landmark to spare has five references")
            continue

        def measure(drawn: np.ndarray, k: int = k) -> float:
            shares = [
                metrics.share_within(row[drawn][is_asked[drawn]], k)
                for row, is_asked in zip(draws, asked, strict=True)
                if is_asked[drawn].any()
            ]
            return float(np.mean(shares))

        _store(report, name, draws.shape[1], measure)


def _draw_new_landmarks(collection: Collection) -> tuple[np.ndarray, np.ndarray]:
    """Places int [draws, n] of the queries, and which of them show a new landmark, bool."""
    references, queries = collection.references, collection.queries
    names, counts = np.unique(references.labels, return_counts=True)
    spare = names[(counts >= NEW_REFERENCES) & np.isin(names, queries.labels)]
    count = min(NEW_LANDMARKS, len(spare), len(names) // 2)
    draws = np.full((DRAWS, len(queries.labels)), -1)
    asked = np.zeros_like(draws, dtype=bool)
    if count == 0:
        return draws, asked
    random = np.random.default_rng(0)
    for draw in range(DRAWS):
        new = random.choice(spare, count, replace=False)
        stay = np.flatnonzero(~np.isin(references.labels, new))
        join = [
            random.choice(np.flatnonzero(references.labels == name), NEW_REFERENCES, replace=False)
            for name in new
        ]
        before = fit_index(
            references.embeddings[stay], references.labels[stay], collection.nonlandmarks[0::2]
        )
        after = np.concatenate([stay, *join])
        index = assemble_index(
            before.projection,
            references.embeddings[after],
            references.labels[after],
            collection.nonlandmarks[0::2],
        )
        asked[draw] = np.isin(queries.labels, new)
        rankings = _rank(index, queries.embeddings[asked[draw]])
        draws[draw, asked[draw]] = _places(rankings, queries.labels[asked[draw]])
    return draws, asked


def _retrieval(index: ReferenceIndex, queries: Pictures) -> float:
    """mAP@100 of the references themselves, by cosine after the projection."""
    similarities = index.projection.apply(queries.embeddings) @ index.references.T
    nearest = np.argsort(-similarities, axis=1, kind="stable")[:, :RETRIEVED]
    relevant = [
        index.labels[row] == label for row, label in zip(nearest, queries.labels, strict=True)
    ]
    totals = np.array([(index.labels == label).sum() for label in queries.labels])
    return metrics.mean_average_precision(relevant, totals, RETRIEVED)
