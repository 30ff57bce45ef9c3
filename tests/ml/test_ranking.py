import numpy as np
import pytest

from ml.inference.calibration import Calibration
from ml.inference.ranking import (
    SURE,
    UNKNOWN,
    UNSURE,
    Evidence,
    confidence_of,
    place_prior,
    rank_landmarks,
    score_landmarks,
    softmax,
)

CALIBRATION = Calibration(
    temperature=10.0, unknown_slope=20.0, unknown_middle=0.2, sure_from=0.8, penalty_weight=1.0
)


def evidence(references, prototypes=(), background=(), head=()):
    """references: (label, similarity) falling; prototypes: (label, similarity, count)."""
    return Evidence(
        np.array([label for label, _ in references], np.int64),
        np.array([similarity for _, similarity in references], np.float32),
        np.array([label for label, _, _ in prototypes], np.int64),
        np.array([similarity for _, similarity, _ in prototypes], np.float32),
        np.array([count for _, _, count in prototypes], np.int64),
        np.array(background, np.float32),
        np.array([label for label, _ in head], np.int64),
        np.array([score for _, score in head], np.float32),
    )


def test_score_is_half_best_three_and_half_prototype():
    found = evidence([(7, 0.9), (7, 0.6), (7, 0.3), (7, 0.1)], [(7, 0.5, 4)])

    scores = score_landmarks(found)

    assert scores.scores[0] == pytest.approx((0.6 + 0.5) / 2, abs=1e-6)
    assert scores.similarities[0] == pytest.approx(0.9, abs=1e-6)


def test_a_landmark_with_two_references_is_scored_by_two():
    found = evidence([(7, 0.8), (7, 0.6), (3, 0.1)], [(7, 0.7, 2), (3, 0.1, 1)])

    scores = score_landmarks(found)

    assert scores.labels.tolist() == [7, 3]
    assert scores.scores == pytest.approx([0.7, 0.1], abs=1e-6)


def test_references_that_were_not_among_the_nearest_count_as_the_farthest():
    found = evidence([(7, 0.8), (3, 0.5), (3, 0.4), (3, 0.2)], [(7, 0.6, 9), (3, 0.3, 9)])

    scores = score_landmarks(found)

    assert scores.scores[0] == pytest.approx(((0.8 + 0.2 + 0.2) / 3 + 0.6) / 2, abs=1e-6)


def test_a_landmark_without_prototype_is_scored_by_its_references():
    scores = score_landmarks(evidence([(7, 0.8), (7, 0.6)]))

    assert scores.scores[0] == pytest.approx(0.7, abs=1e-6)


def test_equal_scores_put_the_lower_label_first():
    scores = score_landmarks(evidence([(9, 0.5), (2, 0.5)]))

    assert scores.labels.tolist() == [2, 9]


def test_the_head_joins_in_the_same_scale():
    found = evidence([(7, 0.4)], [(7, 0.4, 1)], head=[(7, 0.6), (8, 0.3)])

    ranking = rank_landmarks(found, CALIBRATION)

    assert [entry.label for entry in ranking.candidates] == [7, 8]
    assert [entry.source for entry in ranking.candidates] == ["head", "head"]
    assert score_landmarks(found).scores == pytest.approx([0.5, 0.3], abs=1e-6)


def test_closeness_to_other_pictures_counts_against_a_photo():
    background = [0.1] * 12 + [0.5] * 5
    found = evidence([(7, 0.6)], background=background)

    confidence = confidence_of(score_landmarks(found), found, penalty_weight=0.5)

    assert confidence == pytest.approx(0.6 - 0.5 * (5 * 0.5 + 5 * 0.1) / 10, abs=1e-6)


def test_probabilities_fall_and_leave_room_for_unknown():
    references = [(label, 0.9 - 0.1 * label) for label in range(8)]

    ranking = rank_landmarks(evidence(references), CALIBRATION)

    probabilities = [entry.probability for entry in ranking.candidates]
    assert len(probabilities) == 5
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) + ranking.unknown_probability <= 1


@pytest.mark.parametrize(
    ("references", "certainty"),
    [
        ([(1, 0.9), (2, 0.1)], SURE),
        ([(1, 0.9), (2, 0.88)], UNSURE),
        ([(1, 0.1), (2, 0.05)], UNKNOWN),
    ],
)
def test_certainty(references, certainty):
    assert rank_landmarks(evidence(references), CALIBRATION).certainty == certainty


def test_nothing_to_compare_with_is_unknown():
    ranking = rank_landmarks(evidence([]), CALIBRATION)

    assert ranking == ((), 1.0, UNKNOWN)


def test_a_position_puts_the_near_one_first():
    found = evidence([(1, 0.50), (2, 0.49)])

    ranking = rank_landmarks(found, CALIBRATION, distances_km={1: 300.0, 2: 0.2})
    without = rank_landmarks(found, CALIBRATION)

    assert [entry.label for entry in ranking.candidates] == [2, 1]
    assert [entry.label for entry in without.candidates] == [1, 2]
    assert ranking.unknown_probability == without.unknown_probability


def test_place_prior_by_hand():
    shares = place_prior(np.array([0.5, 0.5]), np.array([1, 2]), {1: 0.0, 2: 2.0})

    assert shares == pytest.approx([2 / 3, 1 / 3])


def test_softmax_takes_large_numbers():
    assert softmax(np.array([5000.0, 0.0])) == pytest.approx([1, 0])
