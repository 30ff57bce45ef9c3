"""Limits that are exact across processes: one row a window, counted by one statement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F

from apps.operations.models import Limit
from apps.operations.statements import fetch_one

# The condition stands in the statement: two processes cannot both take the last use.
_TAKE = f"""
    INSERT INTO {Limit._meta.db_table} AS held (name, key, window_start, used)
    SELECT %(name)s::text, %(key)s::text, %(start)s::timestamptz, 1 WHERE %(limit)s::bigint > 0
    ON CONFLICT (name, key, window_start) DO UPDATE SET used = held.used + 1
    WHERE held.used < %(limit)s::bigint
    RETURNING used
"""  # nosec B608


class LimitReached(Exception):
    """The limit of this window is used up."""

    def __init__(self, name: str, limit: int, retry_after_seconds: int):
        super().__init__(f"{name}: {limit} used")
        self.limit = limit
        self.retry_after_seconds = retry_after_seconds


class Allowance(NamedTuple):
    """What is left of a limit after this use."""

    limit: int
    remaining: int
    reset_seconds: int


def take(name: str, key: str, *, limit: int, window: timedelta, at: datetime) -> Allowance:
    """Use a limit once. Windows start at multiples of `window` since 1970.

    Raises LimitReached when `limit` uses were taken in this window already.
    """
    start, reset = window_of(window, at)
    asked = {"name": name, "key": key, "start": start, "limit": limit}
    row = fetch_one(_TAKE, asked, using=DEFAULT_DB_ALIAS)
    if row is None:
        raise LimitReached(name, limit, max(reset, 1))
    return Allowance(limit, limit - row[0], reset)


def check(name: str, key: str, *, limit: int, window: timedelta, at: datetime) -> None:
    """Raise LimitReached where this window is used up; use nothing."""
    start, reset = window_of(window, at)
    held = Limit.objects.filter(name=name, key=key, window_start=start)
    if held.filter(used__gte=limit).exists():
        raise LimitReached(name, limit, max(reset, 1))


def give_back(name: str, key: str, *, window: timedelta, at: datetime) -> None:
    """Take one use of this window back."""
    start, _reset = window_of(window, at)
    held = Limit.objects.filter(name=name, key=key, window_start=start)
    held.filter(used__gt=0).update(used=F("used") - 1)


def window_of(window: timedelta, at: datetime) -> tuple[datetime, int]:
    """Return when the present window began, and in how many seconds the next one does."""
    length = int(window.total_seconds())
    start = int(at.timestamp()) // length * length
    return datetime.fromtimestamp(start, UTC), start + length - int(at.timestamp())


def forget(name: str, key: str) -> int:
    """Remove all counts of a key: it may go on at once."""
    return Limit.objects.filter(name=name, key=key).delete()[0]


def forget_old(*, before: datetime) -> int:
    """Remove the counts of windows that began before a time."""
    return Limit.objects.filter(window_start__lt=before).delete()[0]
