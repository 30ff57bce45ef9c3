"""Requests that may be sent again: the same key and the same content give the same answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.operations.models import IdempotencyKey

KEPT_FOR = timedelta(hours=24)
# Longer than scanning, decoding and answering may take together: who still holds the key then has
# died, or could not give it back because the database was away.
HELD_FOR = timedelta(minutes=1)


class OtherRequest(Exception):
    """The key came with other content before."""


class InProgress(Exception):
    """The first request with the key is still at work."""


@transaction.atomic
def claim_key(*, credential: str, key: str, fingerprint: str, at: datetime) -> IdempotencyKey:
    """Take a key, or find what it was answered with.

    Without an `answer` the caller does the work, gives what it makes the `token`, looks first
    whether something carries it already, and ends with `keep_answer` or `release_key`.
    Raises OtherRequest and InProgress.
    """
    fresh = {
        "fingerprint": fingerprint,
        "held_until": at + HELD_FOR,
        "expires_at": at + KEPT_FOR,
    }
    IdempotencyKey.objects.filter(credential=credential, key=key, expires_at__lte=at).delete()
    rows = IdempotencyKey.objects.select_for_update()
    held, made = rows.get_or_create(credential=credential, key=key, defaults=fresh)
    if made:
        return held
    if held.fingerprint != fingerprint:
        raise OtherRequest
    if held.answer is None:
        if held.held_until > at:
            raise InProgress
        held.held_until = at + HELD_FOR
        held.save(update_fields=["held_until"])
    return held


def keep_answer(held: IdempotencyKey, answer: object) -> None:
    """Store what later requests with the key are answered with, as JSON."""
    IdempotencyKey.objects.filter(pk=held.pk).update(answer=answer)


def release_key(held: IdempotencyKey) -> None:
    """Let the key be used again: nothing came of this request."""
    IdempotencyKey.objects.filter(pk=held.pk, answer__isnull=True).delete()


def forget_answer(token: UUID) -> None:
    """Remove the answer of what was deleted; the key stays used."""
    IdempotencyKey.objects.filter(token=token).update(answer={})


def forget_expired() -> int:
    """Remove keys whose day is over; the sweeper asks every few seconds."""
    return IdempotencyKey.objects.filter(expires_at__lte=timezone.now()).delete()[0]
