"""Who may still ask: a key and its limits, in one question to the database."""

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
    """A limit is used up; `meters` says so in the reply. key: whose limit, None without one."""

    def __init__(
        self, name: str, window: timedelta, left: limits.Allowance, *, key: ApiKey | None = None
    ):
        super().__init__(name, left.limit, max(left.reset_seconds, 1))
        self.meters = [Meter(name, window, left._replace(remaining=0))]
        self.key = key


# Each window is one row, and its condition stands in the statement: two processes cannot both
# take the last use. What was not admitted is not counted anywhere.
_TAKE = f"""
    INSERT INTO {Limit._meta.db_table} AS held (name, key, window_start, used)
    SELECT 'key-{{name}}', prefix, %({{name}}_start)s::timestamptz, 1 FROM found
    WHERE {{name}}_limit > 0 {{also}}
    ON CONFLICT (name, key, window_start) DO UPDATE SET used = held.used + 1
    WHERE held.used < (SELECT {{name}}_limit FROM found)
    RETURNING used
"""  # nosec B608
_AFTER_THE_MINUTE = "AND EXISTS (SELECT FROM minute)"
_USE = f"""
    WITH found AS (
        SELECT key.*, coalesce(key.per_minute, %(per_minute)s::bigint) AS minute_limit,
               coalesce(key.per_day, %(per_day)s::bigint) AS day_limit
        FROM {ApiKey._meta.db_table} AS key {{where}}
    ), minute AS (
        {_TAKE.format(name="minute", also="")}
    ), day AS (
        {_TAKE.format(name="day", also=_AFTER_THE_MINUTE)}
    ), counted AS (
        INSERT INTO {KeyUsage._meta.db_table} AS usage (key_id, day, operation, used)
        SELECT id, %(today)s::date, %(operation)s::text, 1 FROM found
        WHERE EXISTS (SELECT FROM day)
        ON CONFLICT (key_id, day, operation) DO UPDATE SET used = usage.used + 1
    ), noted AS (
        UPDATE {ApiKey._meta.db_table} SET last_used_at = %(at)s WHERE id IN (
            SELECT id FROM found WHERE last_used_at IS NULL OR last_used_at < %(noted_before)s)
    )
    SELECT {columns(ApiKey, "found")}, (SELECT used FROM minute), (SELECT used FROM day)
    FROM found
"""  # nosec B608
_USE_BY_TEXT = _USE.format(
    where=f"""
        LEFT JOIN {User._meta.db_table} AS owner ON owner.id = key.owner_id
        WHERE key.secret_sha256 = %(digest)s AND coalesce(owner.is_active, true)
          AND key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > %(at)s)"""
)
_USE_AGAIN = _USE.format(where="WHERE key.id = %(key)s")


def use_key(text: str, *, operation: str, at: datetime) -> tuple[ApiKey, list[Meter]]:
    """Find the key with this text and count one request of it, in one statement.

    operation: as "GET landmarks". Returns what is left of its minute and its day (UTC). Raises
    KeyRefused and QuotaReached.
    """
    # One indexed look-up of the hash of a 256-bit secret: nothing to guess, nothing to time.
    return _used(_USE_BY_TEXT, {"digest": digest(text)}, operation, at)


def use_again(key: ApiKey, *, operation: str, at: datetime) -> list[Meter]:
    """Count one more use of a key that was found before. Raises KeyRefused and QuotaReached."""
    return _used(_USE_AGAIN, {"key": key.pk}, operation, at)[1]


def _used(
    statement: str, asked: dict[str, object], operation: str, at: datetime
) -> tuple[ApiKey, list[Meter]]:
    minute_start, minute_left = limits.window_of(MINUTE, at)
    day_start, day_left = limits.window_of(DAY, at)
    values = asked | {
        "per_minute": settings.KEY_PER_MINUTE,
        "per_day": settings.KEY_PER_DAY,
        "minute_start": minute_start,
        "day_start": day_start,
        "today": at.astimezone(UTC).date(),
        "operation": operation[:60],
        "at": at,
        "noted_before": at - LAST_USED_EVERY,
    }
    row = fetch_one(statement, values)
    if row is None:
        raise KeyRefused
    *found, minute_used, day_used = row
    key = instance(ApiKey, found)
    if minute_used is None:
        left = limits.Allowance(key.minute_limit, 0, minute_left)
        raise QuotaReached("minute", MINUTE, left, key=key)
    if day_used is None:
        raise QuotaReached("day", DAY, limits.Allowance(key.day_limit, 0, day_left), key=key)
    return key, [
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
