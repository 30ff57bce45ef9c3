"""What every kind of exported list has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from typing import ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from apps.catalogue.exporting.formats import Row
from apps.catalogue.models import Landmark

ROWS_AT_ONCE = 1000


class Export(ABC):
    """One kind of list. Its rows have every column."""

    label: ClassVar[str]
    columns: ClassVar[Sequence[str]]
    # What the person must be allowed to do, as Django names it.
    permission: ClassVar[str]

    def rows(self, chosen: QuerySet) -> Iterator[Row]:
        """Yield the rows of chosen landmarks, or of chosen entries of this kind, in their order.

        The keys are read at once, everything else in batches.
        """
        keys = array("q", chosen.values_list("pk", flat=True).iterator(chunk_size=10_000))
        of_batch = self.of_landmarks if chosen.model is Landmark else self.of_own
        for start in range(0, len(keys), ROWS_AT_ONCE):
            yield from of_batch(list(keys[start : start + ROWS_AT_ONCE]))

    @abstractmethod
    def of_landmarks(self, keys: list[int]) -> Iterator[Row]:
        """Yield the rows of some landmarks."""

    def of_own(self, keys: list[int]) -> Iterator[Row]:
        """Yield some rows by their own keys, where the kind has entries of its own."""
        raise NotImplementedError


def export_of(kind: str) -> type[Export]:
    """Return the export of a kind of list: they are named in the settings."""
    return import_string(settings.EXPORT_KINDS[kind])


def in_order(keys: list[int], rows: QuerySet) -> Iterator:
    """Yield rows in the order of their keys; one that was deleted meanwhile is left out."""
    held = rows.in_bulk(keys)
    return (held[key] for key in keys if key in held)
