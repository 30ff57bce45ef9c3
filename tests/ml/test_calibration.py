import numpy as np
import pytest

from ml.inference.calibration import (
    UNFITTED,
    BadCalibration,
    Calibration,
    Outcomes,
    fit_calibration,
)


def outcomes(random, count, *, middle, right):
    """Photos whose best score lies around middle; a share of them right."""
    best = random.normal(middle, 0.08, count)
    rest = np.sort(random.normal(0.0, 0.03, (count, 20)), axis=1)[:, ::-1]
    scores = np.sort(np.column_stack([best, rest]), axis=1)[:, ::-1]
    return Outcomes(scores, scores[:, 0] - 0.1, random.random(count) < right)


NOBODY = Outcomes(np.empty((0, 1)), np.empty(0), np.empty(0, bool))


@pytest.fixture
def kinds():
    random = np.random.default_rng(0)
    return (
        outcomes(random, 400, middle=0.4, right=0.93),
        outcomes(random, 100, middle=0.0, right=0.0),
        outcomes(random, 100, middle=0.1, right=0.0),
    )


def test_probabilities_say_how_often_the_first_is_right(kinds):
    known = kinds[0]

    calibration = fit_calibration(*kinds)

    landmark = 1 - calibration.unknown_probability(known.confidences)
    chances = landmark * known.top_shares(calibration.temperature)
    assert chances.mean() == pytest.approx(known.correct.mean(), abs=0.05)


def test_other_pictures_are_more_likely_unknown(kinds):
    calibration = fit_calibration(*kinds)

    known, nonlandmark, _ = (calibration.unknown_probability(kind.confidences) for kind in kinds)
    assert known.mean() < 0.1
    assert nonlandmark.mean() > 0.8
    assert calibration.unknown_probability(calibration.unknown_middle) == 0.5


def test_sure_ones_are_right_19_times_in_20(kinds):
    known = kinds[0]

    calibration = fit_calibration(*kinds)

    landmark = 1 - calibration.unknown_probability(known.confidences)
    sure = landmark * known.top_shares(calibration.temperature) >= calibration.sure_from
    assert sure.any()
    assert known.correct[sure].mean() >= 0.93


@pytest.mark.parametrize("which", [0, 1])
def test_one_kind_alone_fits_nothing(kinds, which):
    known, nonlandmark, _ = kinds

    fitted = (
        fit_calibration(known, NOBODY, NOBODY)
        if which
        else fit_calibration(NOBODY, nonlandmark, NOBODY)
    )

    assert fitted == UNFITTED


def test_few_photos_move_little_from_the_usual():
    random = np.random.default_rng(0)

    calibration = fit_calibration(
        outcomes(random, 3, middle=0.4, right=1.0),
        outcomes(random, 2, middle=0.0, right=0.0),
        NOBODY,
    )

    assert 10 < calibration.temperature < 150
    assert 0 < calibration.unknown_middle < 0.3


def test_calibration_survives_json(kinds):
    calibration = fit_calibration(*kinds)

    assert Calibration.from_json(calibration.to_json()) == calibration


@pytest.mark.parametrize("stored", [None, {}, {"temperature": "x"}, {"colour": 1.0}])
def test_other_values_are_refused(stored):
    with pytest.raises(BadCalibration):
        Calibration.from_json(stored)
