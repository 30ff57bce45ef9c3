"""From scores to probabilities: what they mean and how they are fitted; pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

# λ: how much closeness to non-landmark pictures counts against a photo.
PENALTY_WEIGHT = 1.0


class BadCalibration(ValueError):
    """Stored values that are no calibration."""


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities and certainties, for one index.

    temperature: of the softmax over landmark scores.
    unknown_slope, unknown_middle: of the logistic that turns the confidence
        into unknown_probability; at the middle it is ½.
    sure_probability: a first candidate from here on is "sure".
    unknown_confidence: a confidence below is "unknown".
    """

    temperature: float
    unknown_slope: float
    unknown_middle: float
    sure_probability: float
    unknown_confidence: float
    penalty_weight: float = PENALTY_WEIGHT

    def unknown_probability(self, confidence: float) -> float:
        """How likely the photo shows no landmark of the index."""
        exponent = np.clip(self.unknown_slope * (confidence - self.unknown_middle), -60, 60)
        return float(1 / (1 + np.exp(exponent)))

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, float]) -> "Calibration":
        """The calibration that to_json stored; raises BadCalibration."""
        try:
            values = {name: float(value) for name, value in stored.items()}
            return cls(**values)
        except (AttributeError, TypeError, ValueError) as error:
            raise BadCalibration(f"stored calibration cannot be read: {error}") from error


# Of an index that has too few references to fit anything: cosines of the
# whitened space, cautious on purpose.
UNFITTED = Calibration(
    temperature=20.0,
    unknown_slope=20.0,
    unknown_middle=0.3,
    sure_probability=0.9,
    unknown_confidence=0.25,
)
