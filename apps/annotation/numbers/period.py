"""Which days, and whose work, the numbers count; and the SQL that says so."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from apps.annotation.models import (
    Annotation,
    AnnotationImage,
    AnnotationTask,
    Dataset,
    Review,
    Skip,
)

TABLES = {
    "annotation": Annotation._meta.db_table,
    "dataset": Dataset._meta.db_table,
    "image": AnnotationImage._meta.db_table,
    "review": Review._meta.db_table,
    "skip": Skip._meta.db_table,
    "task": AnnotationTask._meta.db_table,
}


class Period(NamedTuple):
    """The days from `first` to `last`, both whole; narrowed to what is named."""

    first: date
    last: date
    dataset: int | None = None
    person: int | None = None

    @property
    def days(self) -> list[date]:
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=number) for number in range(count)]

    @property
    def values(self) -> dict[str, Any]:
        """What the statements of this package are given."""
        return {
            "since": _midnight(self.first),
            "until": _midnight(self.last + timedelta(days=1)),
            "zone": timezone.get_current_timezone_name(),
            "dataset": self.dataset,
            "person": self.person,
        }

    def narrowed(self, *, person: str) -> str:
        """Return the conditions of this period on a task `t` and on the column of a person."""
        columns = {"dataset": "t.dataset_id", "person": person}
        return "".join(
            f" AND {column} = %({name})s"
            for name, column in columns.items()
            if getattr(self, name) is not None
        )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
