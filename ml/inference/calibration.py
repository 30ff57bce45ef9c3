"""From scores to probabilities: what they mean and how they are fitted; pure.

The fit sees photos whose answer is known (`Outcomes`), never the pictures that
an evaluation measures on.
"""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

# λ: how much closeness to non-landmark pictures counts against a photo.
PENALTY_WEIGHT = 1.0
# What visitors are taken to send: of 20 photos 16 show a landmark of the index,
# 3 show none and 1 shows a landmark that is not in it.
KNOWN_SHARE = 0.80
NONLANDMARK_SHARE = 0.15
UNKNOWN_SHARE = 0.05
# "sure" is right in so many cases.
SURE_PRECISION = 0.95
SURE_AT_LEAST = 0.8
# Few references say little: the fit starts from these values as if so many
# photos had spoken for them.
USUAL_TEMPERATURE = 40.0
USUAL_SLOPE = 25.0
USUAL_MIDDLE = 0.05
PRIOR_PHOTOS = 5.0

TEMPERATURES = np.geomspace(2.0, 300.0, 400)
SMALLEST_PROBABILITY = 1e-9


class BadCalibration(ValueError):
    """Stored values that are no calibration."""


class Outcomes(NamedTuple):
    """How photos with a known answer were scored.

    scores float64 [n, c]: of the landmarks found, best first, −inf past the
    last. confidences float64 [n]. correct bool [n]: the first one is right.
    """

    scores: np.ndarray
    confidences: np.ndarray
    correct: np.ndarray

    def top_shares(self, temperature: float) -> np.ndarray:
        """The softmax share of the first landmark, [n]."""
        differences = self.scores - self.scores[:, :1]
        return 1 / np.exp(temperature * differences).sum(axis=1)


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities and certainties, for one index.

    temperature: of the softmax over landmark scores.
    unknown_slope, unknown_middle: of the logistic that turns the confidence
        into unknown_probability; at the middle it is ½.
    sure_from: a first candidate of this probability is "sure".
    unknown_from: a photo of this unknown_probability is "unknown".
    """

    temperature: float
    unknown_slope: float
    unknown_middle: float
    sure_from: float
    unknown_from: float = 0.5
    penalty_weight: float = PENALTY_WEIGHT

    def unknown_probability(self, confidence: float | np.ndarray) -> np.ndarray:
        """How likely the photo shows no landmark of the index."""
        exponent = self.unknown_slope * (np.asarray(confidence) - self.unknown_middle)
        return 1 / (1 + np.exp(np.clip(exponent, -60, 60)))

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, float]) -> "Calibration":
        """The calibration that to_json stored; raises BadCalibration."""
        try:
            return cls(**{name: float(value) for name, value in stored.items()})
        except (AttributeError, TypeError, ValueError) as error:
            raise BadCalibration(f"stored calibration cannot be read: {error}") from error


# Of an index that has too few references to fit anything.
UNFITTED = Calibration(
    temperature=USUAL_TEMPERATURE,
    unknown_slope=USUAL_SLOPE,
    unknown_middle=USUAL_MIDDLE,
    sure_from=0.9,
)


def fit_calibration(known: Outcomes, nonlandmark: Outcomes, unknown: Outcomes) -> Calibration:
    """Fit on photos of landmarks in the index, of none, and of other landmarks.

    The unknown probability first, by weighted logistic regression; then the
    temperature that makes the first candidate's final probability say how often
    it is right (least cross-entropy); then the lowest probability above which
    95 % are right. Without known photos, or without any others: UNFITTED.
    """
    others = len(nonlandmark.confidences) + len(unknown.confidences)
    if not len(known.confidences) or not others:
        return UNFITTED
    slope, middle = _fit_unknown(known, nonlandmark, unknown)
    unsure = Calibration(USUAL_TEMPERATURE, slope, middle, sure_from=1.0)
    temperature = _fit_temperature(known, unsure)
    sure_from = _fit_sure(
        Calibration(temperature, slope, middle, sure_from=1.0), known, nonlandmark, unknown
    )
    return Calibration(temperature, slope, middle, sure_from)


def _shares(known: Outcomes, nonlandmark: Outcomes, unknown: Outcomes) -> np.ndarray:
    """A weight for each photo, so that the kinds have their shares of n known ones."""
    kinds = (
        (known, KNOWN_SHARE),
        (nonlandmark, NONLANDMARK_SHARE),
        (unknown, UNKNOWN_SHARE),
    )
    scale = len(known.confidences) / KNOWN_SHARE
    return np.concatenate(
        [
            np.full(len(kind.confidences), scale * share / max(len(kind.confidences), 1))
            for kind, share in kinds
        ]
    )


def _fit_unknown(known: Outcomes, nonlandmark: Outcomes, unknown: Outcomes) -> tuple[float, float]:
    """slope and middle of 1 / (1 + exp(slope · (confidence − middle))), by Newton's method."""
    kinds = (known, nonlandmark, unknown)
    confidences = np.concatenate([kind.confidences for kind in kinds])
    is_known = np.arange(len(confidences)) < len(known.confidences)
    weights = _shares(*kinds)
    rows = np.stack([confidences, -np.ones_like(confidences)], axis=1)
    usual = np.array([USUAL_SLOPE, USUAL_SLOPE * USUAL_MIDDLE])
    # The prior's spread: a slope of half to one and a half times the usual.
    precision = np.diag(PRIOR_PHOTOS / np.array([USUAL_SLOPE / 2, 1.0]) ** 2) / 4
    values = usual.copy()
    for _ in range(100):
        chances = 1 / (1 + np.exp(-np.clip(rows @ values, -60, 60)))
        gradient = rows.T @ (weights * (chances - is_known)) + precision @ (values - usual)
        curvature = (rows * (weights * chances * (1 - chances))[:, None]).T @ rows + precision
        step = np.linalg.solve(curvature, gradient)
        values -= step * min(1.0, USUAL_SLOPE / np.abs(step).max(initial=1e-12))
        if np.abs(step).max() < 1e-6:
            break
    slope = max(float(values[0]), 1.0)
    return slope, float(values[1]) / slope


def _fit_temperature(known: Outcomes, unsure: Calibration) -> float:
    landmark = 1 - unsure.unknown_probability(known.confidences)

    def loss(temperature: float) -> float:
        chances = landmark * known.top_shares(temperature)
        right = np.where(known.correct, chances, 1 - chances)
        surprise = -np.log(np.maximum(right, SMALLEST_PROBABILITY)).sum()
        away = np.log(temperature / USUAL_TEMPERATURE)
        return float(surprise + PRIOR_PHOTOS * away**2 / 2)

    return float(min(TEMPERATURES, key=loss))


def _fit_sure(
    calibration: Calibration, known: Outcomes, nonlandmark: Outcomes, unknown: Outcomes
) -> float:
    kinds = (known, nonlandmark, unknown)
    chances = np.concatenate(
        [
            (1 - calibration.unknown_probability(kind.confidences))
            * kind.top_shares(calibration.temperature)
            for kind in kinds
        ]
    )
    right = np.concatenate([kind.correct for kind in kinds])
    weights = _shares(*kinds)
    order = np.argsort(-chances, kind="stable")
    precisions = np.cumsum((weights * right)[order]) / np.cumsum(weights[order])
    precise = np.flatnonzero(precisions >= SURE_PRECISION)
    if not len(precise):
        return UNFITTED.sure_from
    return float(max(chances[order][precise[-1]], SURE_AT_LEAST))
