"""What every kind of list has in common: columns, a plan of what its rows do, and doing it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils.module_loading import import_string

from apps.catalogue.importing.columns import Column
from apps.catalogue.importing.problems import Level, Outcome, Problem
from apps.operations.audit import Change, record


class Planned(NamedTuple):
    """What becomes of a row.

    keys: what the row is about. clashes: the keys of an earlier row in the same file that would
    be about the same thing. work: what `save` needs.
    """

    outcome: Outcome
    problems: list[Problem] = []
    keys: list[str] = []
    clashes: list[str] = []
    work: Any = None


class Difference(NamedTuple):
    """One value that a row changes, as a person reads it."""

    label: str
    before: str
    after: str


class Options(NamedTuple):
    """What the person chose for the whole list."""

    publish: bool = False
    swap: bool = False
    new_categories: bool = False


class Importer(ABC):
    """One kind of list, for one person and a few batches of rows."""

    label: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    # What the person must be allowed to do, as Django names it.
    permissions: ClassVar[Sequence[str]]

    def __init__(self, *, by: AbstractBaseUser | None, by_name: str, options: Options):
        self.by = by
        self.by_name = by_name
        self.options = options
        # Which of some keys belong to rows further up in the file, not yet in the database.
        self.announced: Callable[[Iterable[str]], set[str]] = lambda keys: set()

    @classmethod
    @abstractmethod
    def missing_columns(cls, known: Iterable[str]) -> list[str]:
        """Return the columns without which the list cannot be imported."""

    @abstractmethod
    def check(self, values: Mapping[str, str]) -> Any:
        """Return a row with types; asks no database. Raises RowRefused."""

    @abstractmethod
    def plan(self, rows: Sequence[Any], *, lock: bool) -> list[Planned]:
        """Return what each row does, in a fixed number of queries.

        `lock` holds what exists until the transaction ends.
        """

    @abstractmethod
    def save(self, planned: Sequence[Planned], *, at: datetime, batch: UUID) -> None:
        """Do what was planned and write it to the log, in a fixed number of queries."""

    def differences(self, plan: Planned) -> list[Difference]:
        """Return what a planned row changes of something that is there."""
        return []

    def record(self, changes: Iterable[Change], *, at: datetime, action: str, batch: UUID) -> None:
        record(changes, by=self.by, by_name=self.by_name, at=at, action=action, batch=batch)


def refusal(reason: str, column: str = "", *, problems: Iterable[Problem] = ()) -> Planned:
    return Planned(Outcome.REFUSED, [Problem(Level.REFUSED, reason, column), *problems])


def warning(reason: str, column: str = "") -> Problem:
    return Problem(Level.WARNING, reason, column)


def importer_of(kind: str) -> type[Importer]:
    """Return the importer of a kind of list: they are named in the settings."""
    return import_string(settings.IMPORT_KINDS[kind])
