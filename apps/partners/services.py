"""Keys of partners: made once, shown once, checked by their hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.accounts.models import User
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry
from apps.partners.models import ApiKey, Scope

PREFIX_LENGTH = 8
# More would only multiply a partner's quota.
KEYS_OF_A_PARTNER = 5


class KeyRefused(Exception):
    """The key is unknown, expired or revoked."""


class TooManyKeys(Exception):
    """The partner has KEYS_OF_A_PARTNER working keys already."""


class NewKey(NamedTuple):
    """A stored key, and its text: the only time it is known."""

    row: ApiKey
    text: str


@transaction.atomic
def create_api_key(
    *,
    name: str,
    scopes: Sequence[str],
    at: datetime,
    per_minute: int | None = None,
    per_day: int | None = None,
    expires_at: datetime | None = None,
    allowed_origins: Sequence[str] = (),
    owner: AbstractBaseUser | None = None,
    by: AbstractBaseUser | None = None,
) -> NewKey:
    """Make a key of 256 random bits: `gilnun_PREFIX_SECRET`."""
    row = ApiKey(
        owner=owner,
        name=name,
        scopes=sorted(set(scopes)),
        allowed_origins=list(allowed_origins),
        per_minute=per_minute,
        per_day=per_day,
        expires_at=expires_at,
    )
    text = give_secret(row, at=at)
    row.save()
    record([Change(row, None, snapshot(row))], by=by, at=at, action=AuditEntry.Action.CREATED)
    return NewKey(row, text)


@transaction.atomic
def create_own_key(
    partner: AbstractBaseUser,
    *,
    name: str,
    scopes: Sequence[Scope],
    expires_at: datetime | None,
    allowed_origins: Sequence[str],
    at: datetime,
) -> NewKey:
    """Make a key for the partner who asks, with the usual limits. Raises TooManyKeys."""
    # One at a time, so that two clicks at once do not pass the limit.
    User.objects.select_for_update().get(pk=partner.pk)
    if ApiKey.objects.working(at).filter(owner=partner).count() >= KEYS_OF_A_PARTNER:
        raise TooManyKeys
    return create_api_key(
        name=name,
        scopes=scopes,
        expires_at=expires_at,
        allowed_origins=allowed_origins,
        owner=partner,
        by=partner,
        at=at,
    )


def give_secret(row: ApiKey, *, at: datetime) -> str:
    """Make the secret of a new key and return its text; saving is the caller's."""
    row.prefix = secrets.token_hex(PREFIX_LENGTH // 2)
    text = f"gilnun_{row.prefix}_{secrets.token_urlsafe(32)}"
    row.secret_sha256 = digest(text)
    row.created_at = at
    return text


@transaction.atomic
def change_origins(
    key: ApiKey, origins: Sequence[str], *, by: AbstractBaseUser, at: datetime
) -> None:
    """Say which web pages may use a key."""
    held = ApiKey.objects.select_for_update().get(pk=key.pk)
    before = snapshot(held)
    held.allowed_origins = list(origins)
    held.save(update_fields=["allowed_origins"])
    change = Change(held, before, snapshot(held))
    record([change], by=by, at=at, action=AuditEntry.Action.CHANGED)


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


def digest(text: str) -> str:
    """Return what is stored of a key: the SHA-256 of its text."""
    return hashlib.sha256(text.encode()).hexdigest()
