"""The index of made-up landmarks: clouds of points around centres."""

import numpy as np
import pytest

from ml.inference.building import build_index
from ml.inference.calibration import UNFITTED
from ml.inference.index import assemble_index, prototypes_of
from ml.inference.projection import normalized
from ml.inference.ranking import UNKNOWN, rank_landmarks, score_landmarks
from ml.inference.search import nearest_first, search

pytestmark = pytest.mark.slow
SIZE = 300


def clouds(landmarks, each, *, seed=0, spread=1.0):
    """Embeddings [landmarks · each, 300] and labels 100, 101, …"""
    centres = np.random.default_rng(42).standard_normal((landmarks, SIZE)) * 1.2
    noise = np.random.default_rng(seed).standard_normal((landmarks * each, SIZE)) * spread
    labels = np.repeat(np.arange(landmarks), each)
    return normalized(centres[labels] + noise + 2), labels + 100


def strangers(count, *, seed=7):
    """Pictures far from every centre."""
    noise = np.random.default_rng(seed).standard_normal((count, SIZE))
    return normalized(noise - 2 * np.sign(np.arange(SIZE) - 100) + 2)


def test_prototypes_are_normalized_means():
    rows = np.array([[1, 0], [0, 1], [0, 2]], np.float32)

    prototypes, labels, counts = prototypes_of(rows, np.array([5, 3, 3]))

    assert labels.tolist() == [3, 5]
    assert counts.tolist() == [2, 1]
    assert prototypes == pytest.approx(np.array([[0, 1], [1, 0]]))


def test_new_photos_find_their_landmark():
    index = build_index(*clouds(12, 8), strangers(30))
    photos, labels = clouds(12, 4, seed=1)

    rankings = [
        rank_landmarks(found, index.calibration)
        for found in search(index, index.projection.apply(photos))
    ]

    right = [
        ranking.candidates[0].label == label
        for ranking, label in zip(rankings, labels, strict=True)
    ]
    refused = [
        rank_landmarks(found, index.calibration).certainty == UNKNOWN
        for found in search(index, index.projection.apply(strangers(30, seed=8)))
    ]
    assert np.mean(right) > 0.95
    assert np.mean(refused) > 0.9
    assert index.calibration != UNFITTED


def test_the_same_input_gives_the_same_index():
    first = build_index(*clouds(6, 6), strangers(10))
    second = build_index(*clouds(6, 6), strangers(10))

    assert first.projection.version == second.projection.version
    assert first.calibration == second.calibration


@pytest.mark.parametrize(
    ("landmarks", "each", "others"), [(1, 1, 0), (1, 5, 0), (2, 1, 3), (3, 2, 0), (5, 1, 30)]
)
def test_a_handful_of_references_makes_an_index(landmarks, each, others):
    embeddings, labels = clouds(landmarks, each)

    index = build_index(embeddings, labels, strangers(others))

    (found,) = search(index, index.projection.apply(embeddings[:1]))
    ranking = rank_landmarks(found, index.calibration)
    assert ranking.candidates[0].label == labels[0]
    assert np.isfinite(ranking.candidates[0].probability)


def test_no_references_make_an_index_that_knows_nothing():
    index = build_index(np.empty((0, SIZE)), np.empty(0), strangers(5))

    (found,) = search(index, index.projection.apply(strangers(1)))

    assert rank_landmarks(found, index.calibration).candidates == ()


def test_a_landmark_joins_without_a_fit():
    embeddings, labels = clouds(12, 8)
    old, new = labels < 111, labels == 111
    index = build_index(embeddings[old], labels[old], strangers(30))

    joined = assemble_index(
        index.projection,
        np.vstack([embeddings[old], embeddings[new][:5]]),
        np.concatenate([labels[old], labels[new][:5]]),
        strangers(30),
        index.calibration,
    )

    (found,) = search(joined, joined.projection.apply(embeddings[new][7:]))
    assert score_landmarks(found).labels[0] == 111
    assert joined.projection.version == index.projection.version


def test_nearest_first_sorts_and_leaves_out():
    similarities = np.array([0.1, 0.9, -np.inf, 0.5, 0.9], np.float32)

    assert nearest_first(similarities, 3).tolist() == [1, 4, 3]
    assert nearest_first(similarities, 9).tolist() == [1, 4, 3, 0]


def test_search_brings_the_nearest_hundred_and_their_prototypes():
    embeddings, labels = clouds(30, 10)
    index = build_index(embeddings, labels, strangers(15))

    (found,) = search(index, index.projection.apply(embeddings[:1]))

    assert len(found.reference_labels) == 100
    assert (np.diff(found.reference_similarities) <= 0).all()
    assert set(found.prototype_labels) == set(found.reference_labels)
    assert found.reference_counts.tolist() == [10] * len(found.reference_counts)
    assert len(found.background_similarities) == 10
