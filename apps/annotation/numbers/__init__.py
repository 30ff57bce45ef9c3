"""What a manager looks at: how much is done, how fast, and how right."""

from apps.annotation.numbers.by_day import DayNumbers, by_day
from apps.annotation.numbers.by_key import (
    DatasetNumbers,
    LandmarkNumbers,
    PersonNumbers,
    Work,
    by_dataset,
    by_landmark,
    by_person,
)
from apps.annotation.numbers.period import Period

__all__ = [
    "DatasetNumbers",
    "DayNumbers",
    "LandmarkNumbers",
    "Period",
    "PersonNumbers",
    "Work",
    "by_dataset",
    "by_day",
    "by_landmark",
    "by_person",
]
