"""Keys of partners: made once, shown once, checked by their hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from apps.operations import limits
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry
from apps.partners.models import ApiKey, Scope

PREFIX_LENGTH = 8
LAST_USED_EVERY = timedelta(minutes=1)


class KeyRefused(Exception):
    """The key is unknown, expired or revoked."""


class NewKey(NamedTuple):
    """A stored key, and its text: the only time it is known."""

    row: ApiKey
    text: str


@transaction.atomic
def create_api_key(
    *,
    name: str,
    scopes: list[Scope],
    at: datetime,
    per_minute: int | None = None,
    per_day: int | None = None,
    expires_at: datetime | None = None,
    by: AbstractBaseUser | None = None,
) -> NewKey:
    """Make a key of 256 random bits: `gilnun_PREFIX_SECRET`."""
    prefix = secrets.token_hex(PREFIX_LENGTH // 2)
    text = f"gilnun_{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        secret_sha256=_digest(text),
        scopes=sorted(set(scopes)),
        per_minute=per_minute,
        per_day=per_day,
        created_at=at,
        expires_at=expires_at,
    )
    record([Change(row, None, snapshot(row))], by=by, at=at, action=AuditEntry.Action.CREATED)
    return NewKey(row, text)


def find_api_key(text: str, *, at: datetime) -> ApiKey:
    """Return the key with this text. Raises KeyRefused."""
    # One indexed look-up of the hash of a 256-bit secret: nothing to guess, nothing to time.
    key = ApiKey.objects.filter(secret_sha256=_digest(text)).first()
    if key is None or not key.works_at(at):
        raise KeyRefused
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - LAST_USED_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)
    return key


def count_use(key: ApiKey, *, at: datetime) -> limits.Allowance:
    """Count one request of a key. Raises LimitReached; returns what is left of the minute."""
    per_day = settings.KEY_PER_DAY if key.per_day is None else key.per_day
    per_minute = settings.KEY_PER_MINUTE if key.per_minute is None else key.per_minute
    minute = limits.take(
        "key-minute", key.prefix, limit=per_minute, window=timedelta(minutes=1), at=at
    )
    limits.take("key-day", key.prefix, limit=per_day, window=timedelta(days=1), at=at)
    return minute


@transaction.atomic
def revoke_api_key(key: ApiKey, *, at: datetime, by: AbstractBaseUser | None = None) -> None:
    """Make a key useless from now on, in every process."""
    held = ApiKey.objects.select_for_update().get(pk=key.pk)
    if held.revoked_at:
        return
    before = snapshot(held)
    held.revoked_at = at
    held.save(update_fields=["revoked_at"])
    change = Change(held, before, snapshot(held))
    record([change], by=by, at=at, action=AuditEntry.Action.CHANGED)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
