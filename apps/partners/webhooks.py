"""Partners' webhooks: made, changed, removed; their secret is shown once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.operations.audit import Change, record, record_deletion, snapshot
from apps.operations.models import AuditEntry
from apps.operations.sealing import seal, unseal
from apps.partners.models import SCOPE_OF, ApiKey, EventKind, Webhook
from apps.partners.sending import check_url

PURPOSE = "gilnun webhook"
WEBHOOKS_OF_A_PARTNER = 10


class KindNotAllowed(Exception):
    """The key lacks the scope for a kind; the argument is the kind."""


class TooManyWebhooks(Exception):
    """The partner has WEBHOOKS_OF_A_PARTNER already."""


class NewWebhook(NamedTuple):
    """A stored webhook, and its secret: the only time it is shown."""

    row: Webhook
    secret: str


@transaction.atomic
def create_webhook(
    key: ApiKey,
    *,
    url: str,
    kinds: Sequence[str],
    at: datetime,
    by: AbstractBaseUser | None = None,
) -> NewWebhook:
    """Make a webhook for the partner of a key.

    Raises AddressRefused, KindNotAllowed, TooManyWebhooks.
    """
    ApiKey.objects.select_for_update().get(pk=key.pk)
    if Webhook.objects.of_partner(key).count() >= WEBHOOKS_OF_A_PARTNER:
        raise TooManyWebhooks
    check_url(url)
    _check_kinds(key, kinds)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    row = Webhook.objects.create(
        key=key,
        url=url,
        kinds=sorted(set(kinds)),
        sealed_secret=seal(secret, purpose=PURPOSE),
        created_at=at,
    )
    _log(Change(row, None, snapshot(row)), AuditEntry.Action.CREATED, key=key, by=by, at=at)
    return NewWebhook(row, secret)


@transaction.atomic
def change_webhook(
    webhook: Webhook,
    *,
    key: ApiKey,
    at: datetime,
    by: AbstractBaseUser | None = None,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    active: bool | None = None,
) -> Webhook:
    """Change what is given; turned on again, it is tried at once.

    Raises AddressRefused, KindNotAllowed.
    """
    held = Webhook.objects.select_for_update().get(pk=webhook.pk)
    before = snapshot(held)
    if url is not None:
        check_url(url)
        held.url = url
    if kinds is not None:
        _check_kinds(key, kinds)
        held.kinds = sorted(set(kinds))
    if active is not None:
        held.active = active
    if active or url is not None:
        held.failing_since = held.paused_until = None
    held.save()
    _log(Change(held, before, snapshot(held)), AuditEntry.Action.CHANGED, key=key, by=by, at=at)
    return held


@transaction.atomic
def delete_webhook(
    webhook: Webhook, *, key: ApiKey, at: datetime, by: AbstractBaseUser | None = None
) -> None:
    """Remove a webhook with its deliveries; what waits is not sent."""
    webhook.deliveries.all().delete()
    if by is not None:
        record_deletion([webhook], by=by, at=at)
    else:
        change = Change(webhook, snapshot(webhook), None)
        _log(change, AuditEntry.Action.DELETED, key=key, by=None, at=at)
    webhook.delete()


def signature(webhook: Webhook, *, message: str, timestamp: int, body: str) -> str:
    """Return webhook-signature (Standard Webhooks, v1). Raises UnreadableSecret."""
    secret = unseal(webhook.sealed_secret, purpose=PURPOSE).removeprefix("whsec_")
    signed = f"{message}.{timestamp}.{body}".encode()
    made = hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def _check_kinds(key: ApiKey, kinds: Sequence[str]) -> None:
    for kind in kinds:
        if SCOPE_OF[EventKind(kind)] not in key.scopes:
            raise KindNotAllowed(kind)


def _log(
    change: Change, action: str, *, key: ApiKey, by: AbstractBaseUser | None, at: datetime
) -> None:
    record([change], by=by, by_name="" if by else f"key {key.prefix}", at=at, action=action)
