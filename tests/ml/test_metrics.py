"""Answers worked by hand, or by a second route."""

import numpy as np
import pytest

from ml import metrics


def test_gap_is_that_of_the_competitions_worked_case():
    truth = {1: 123, 2: None, 3: 999, 4: 123, 5: 999, 6: 888, 7: 666, 8: 666, 9: None, 10: 666}
    predictions = {
        1: (123, 0.15),
        2: (123, 0.10),
        3: (999, 0.30),
        5: (999, 0.40),
        7: (555, 0.60),
        8: (666, 0.70),
        10: (666, 0.99),
    }
    confidences = np.array([confidence for _, confidence in predictions.values()])
    correct = np.array([truth[query] == label for query, (label, _) in predictions.items()])
    landmarks = sum(label is not None for label in truth.values())

    value = metrics.gap(confidences, correct, landmarks)

    assert value == pytest.approx(0.5479166666)


def test_gap_without_landmarks_has_no_value():
    with pytest.raises(ValueError, match="known landmark"):
        metrics.gap(np.array([0.5]), np.array([False]), 0)


def test_share_within_counts_unlisted_answers_as_wrong():
    places = np.array([0, 2, -1, 0])

    assert metrics.share_within(places, 1) == 0.5
    assert metrics.share_within(places, 5) == 0.75


def test_auroc_counts_every_pair():
    random = np.random.default_rng(0)
    positives, negatives = random.integers(0, 9, 40) + 1.0, random.integers(0, 9, 50) + 0.0

    pairs = positives[:, None] - negatives[None, :]

    expected = np.mean((pairs > 0) + 0.5 * (pairs == 0))
    assert metrics.auroc(positives, negatives) == pytest.approx(expected)


def test_auroc_needs_both_kinds():
    with pytest.raises(ValueError, match="each kind"):
        metrics.auroc(np.array([1.0]), np.array([]))


def test_calibration_error_by_hand():
    probabilities = np.array([0.95, 0.95, 0.55, 0.15])
    correct = np.array([True, False, True, False])

    value = metrics.expected_calibration_error(probabilities, correct)

    assert value == pytest.approx((2 * 0.45 + 0.45 + 0.15) / 4)


def test_calibration_error_takes_the_ends():
    value = metrics.expected_calibration_error(np.array([0.0, 1.0]), np.array([False, True]))

    assert value == 0


def test_mean_average_precision_by_hand():
    first = np.array([True, False, True])  # (1 + 2/3) / 2
    second = np.array([False, True, False])  # (1/2) / 4

    value = metrics.mean_average_precision([first, second], np.array([2, 4]), depth=3)

    assert value == pytest.approx(((1 + 2 / 3) / 2 + (1 / 2) / 3) / 2)


def test_interval_is_the_normal_one_of_a_mean():
    hits = np.arange(400) < 320

    low, high = metrics.interval(lambda drawn: float(hits[drawn].mean()), 400)

    assert low == pytest.approx(0.8 - 1.96 * 0.02, abs=0.008)
    assert high == pytest.approx(0.8 + 1.96 * 0.02, abs=0.008)
    assert (low, high) == metrics.interval(lambda drawn: float(hits[drawn].mean()), 400)
