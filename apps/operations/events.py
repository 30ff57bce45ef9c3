"""The outbox: what happened, for those who want to hear of it (webhooks, other apps)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from psycopg.types.json import Jsonb

from apps.operations.models import AuditEntry, Event
from apps.operations.statements import fetch_all, insert

OLDEST_AT_ONCE = 1000
_LOG_AND_EVENT = f"""
    WITH entry AS (
        INSERT INTO {AuditEntry._meta.db_table} (subject_type, subject, subject_name, at, by_id,
            by_name, action, before, after, note)
        VALUES (%(subject_type)s::text, %(subject)s::text, %(subject_name)s, %(at)s, %(by_id)s,
            %(by_name)s, %(action)s, %(before)s, %(after)s, %(note)s)
    )
    INSERT INTO {Event._meta.db_table} (at, kind, subject_type, subject, payload)
    SELECT %(at)s, %(kind)s::text, %(subject_type)s::text, %(subject)s::text, %(payload)s
    WHERE %(kind)s::text <> ''
"""  # nosec B608


def record_event(*, kind: str, subject: models.Model, payload: dict, at: datetime) -> Event:
    """Note that something happened, in the caller's transaction: both are stored, or neither.

    kind: what happened, as "annotation.submitted"; the part before the dot is the app's.
    payload: what a receiver needs to know, as JSON; it carries no secrets.
    """
    event = Event(
        at=at,
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject=str(subject.pk),
        payload=payload,
    )
    insert(event)
    return event


def log_with_event(
    subject: models.Model,
    *,
    before: dict,
    after: dict,
    by: AbstractBaseUser,
    at: datetime,
    note: str = "",
    kind: str = "",
    payload: dict | None = None,
) -> None:
    """Write to the log what somebody did, and raise its event, in one question to the database.

    For what is done many times a second; other changes use `audit.record`. Without a `kind`
    there is no event.
    """
    values = {
        "at": at,
        "by_id": by.pk,
        "by_name": by.get_username(),
        "action": AuditEntry.Action.CHANGED,
        "subject_type": subject._meta.label_lower,
        "subject": str(subject.pk),
        "subject_name": str(subject)[:300],
        "before": Jsonb(before),
        "after": Jsonb(after),
        "note": note,
        "kind": kind,
        "payload": Jsonb(payload or {}),
    }
    fetch_all(_LOG_AND_EVENT, values)


def take_events(kinds: Collection[str], *, limit: int, at: datetime) -> list[Event]:
    """Take the oldest events of some kinds that nobody passed on yet, and mark them.

    Called in the transaction that stores what becomes of them: when it fails, they wait again.
    Two callers get different events.
    """
    waiting = Event.objects.waiting().filter(kind__in=kinds).order_by("pk")
    events = list(waiting.select_for_update(skip_locked=True)[:limit])
    for event in events:
        event.passed_on_at = at
    Event.objects.filter(pk__in=[event.pk for event in events]).update(passed_on_at=at)
    return events


def pass_over_events(*, heard: Collection[str], at: datetime) -> int:
    """Mark the waiting events of all other kinds as done with; return how many there were."""
    return Event.objects.waiting().exclude(kind__in=heard).update(passed_on_at=at)


def forget_events(*, before: datetime) -> int:
    """Remove events that were passed on before a time, a bounded number; return how many."""
    # The oldest rows alone are looked at: this is asked every few seconds.
    oldest = Event.objects.order_by("pk")[:OLDEST_AT_ONCE]
    return Event.objects.filter(pk__in=oldest, passed_on_at__lt=before).delete()[0]
