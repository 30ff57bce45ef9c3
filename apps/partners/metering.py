"""Who may still ask: a key and its limits, in two questions to the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from apps.accounts.models import User
from apps.operations import limits
from apps.operations.models import Limit
from apps.operations.statements import columns, fetch_one, instance
from apps.partners.models import ApiKey, KeyUsage
from apps.partners.services import KeyRefused, digest

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LAST_USED_EVERY = timedelta(minutes=1)


class Meter(NamedTuple):
    """One limit as a reply tells it: its name, its window and what is left of it."""

    name: str
    window: timedelta
    left: limits.Allowance


class QuotaReached(limits.LimitReached):
    """A limit is used up; `meters` says so in the reply."""

    def __init__(self, name: str, window: timedelta, left: limits.Allowance):
        super().__init__(name, left.limit, max(left.reset_seconds, 1))
        self.meters = [Meter(name, window, left._replace(remaining=0))]


_FIND = f"""
    SELECT {columns(ApiKey, "key")} FROM {ApiKey._meta.db_table} AS key
    LEFT JOIN {User._meta.db_table} AS owner ON owner.id = key.owner_id
    WHERE key.secret_sha256 = %(digest)s AND coalesce(owner.is_active, true)
"""  # nosec B608
# Each window is one row, and its condition stands in the statement: two processes cannot both
# take the last use. What was not admitted is not counted anywhere.
_TAKE = """
    INSERT INTO {table} AS held (name, key, window_start, used)
    SELECT %({name}_name)s::text, %(prefix)s::text, %({name}_start)s::timestamptz, 1
    WHERE %({name}_limit)s::bigint > 0 {also}
    ON CONFLICT (name, key, window_start) DO UPDATE SET used = held.used + 1
    WHERE held.used < %({name}_limit)s::bigint
    RETURNING used
"""
_AFTER_THE_MINUTE = "AND EXISTS (SELECT FROM minute)"
_COUNT = f"""
    WITH minute AS (
        {_TAKE.format(table=Limit._meta.db_table, name="minute", also="")}
    ), day AS (
        {_TAKE.format(table=Limit._meta.db_table, name="day", also=_AFTER_THE_MINUTE)}
    ), counted AS (
        INSERT INTO {KeyUsage._meta.db_table} AS usage (key_id, day, operation, used)
        SELECT %(key)s::bigint, %(today)s::date, %(operation)s::text, 1
        WHERE EXISTS (SELECT FROM day)
        ON CONFLICT (key_id, day, operation) DO UPDATE SET used = usage.used + 1
    )
    SELECT (SELECT used FROM minute), (SELECT used FROM day)
"""  # nosec B608


def find_api_key(text: str, *, at: datetime) -> ApiKey:
    """Return the key with this text. Raises KeyRefused."""
    # One indexed look-up of the hash of a 256-bit secret: nothing to guess, nothing to time.
    row = fetch_one(_FIND, {"digest": digest(text)})
    key = instance(ApiKey, row) if row else None
    if key is None or not key.works_at(at):
        raise KeyRefused
    if key.last_used_at is None or key.last_used_at < at - LAST_USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def count_use(key: ApiKey, *, operation: str, at: datetime) -> list[Meter]:
    """Count one request of a key; return what is left of its minute and its day (UTC).

    operation: as "GET landmarks". Raises QuotaReached.
    """
    minute_start, minute_left = limits.window_of(MINUTE, at)
    day_start, day_left = limits.window_of(DAY, at)
    values = {
        "prefix": key.prefix,
        "minute_name": "key-minute",
        "minute_start": minute_start,
        "minute_limit": key.minute_limit,
        "day_name": "key-day",
        "day_start": day_start,
        "day_limit": key.day_limit,
        "key": key.pk,
        "today": at.astimezone(UTC).date(),
        "operation": operation[:60],
    }
    minute_used, day_used = fetch_one(_COUNT, values)
    if minute_used is None:
        raise QuotaReached("minute", MINUTE, limits.Allowance(key.minute_limit, 0, minute_left))
    if day_used is None:
        raise QuotaReached("day", DAY, limits.Allowance(key.day_limit, 0, day_left))
    return [
        Meter("minute", MINUTE, _allowance(key.minute_limit, minute_used, minute_left)),
        Meter("day", DAY, _allowance(key.day_limit, day_used, day_left)),
    ]


def count_anonymous(address: str, *, at: datetime) -> list[Meter]:
    """Count one request without a key. Raises QuotaReached."""
    limit = settings.ANONYMOUS_PER_MINUTE
    try:
        left = limits.take("anonymous-minute", address, limit=limit, window=MINUTE, at=at)
    except limits.LimitReached as reached:
        none = limits.Allowance(limit, 0, reached.retry_after_seconds)
        raise QuotaReached("minute", MINUTE, none) from None
    return [Meter("minute", MINUTE, left)]


def _allowance(limit: int, used: int, reset: int) -> limits.Allowance:
    return limits.Allowance(limit, max(limit - used, 0), reset)


def headers(meters: Sequence[Meter]) -> dict[str, str]:
    """Return RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)."""
    policies = (f'"{m.name}";q={m.left.limit};w={int(m.window.total_seconds())}' for m in meters)
    states = (f'"{m.name}";r={m.left.remaining};t={m.left.reset_seconds}' for m in meters)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}
