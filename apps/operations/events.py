"""The outbox: what happened, for those who want to hear of it (webhooks, other apps)."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from apps.operations.models import Event


def record_event(*, kind: str, subject: models.Model, payload: dict, at: datetime) -> Event:
    """Note that something happened, in the caller's transaction: both are stored, or neither.

    kind: what happened, as "annotation.submitted"; the part before the dot is the app's.
    payload: what a receiver needs to know, as JSON; it carries no secrets.
    """
    return Event.objects.create(
        at=at,
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject=str(subject.pk),
        payload=payload,
    )


def take_events(*, limit: int, at: datetime) -> list[Event]:
    """Take the oldest events that nobody passed on yet, and mark them.

    Called in the transaction that stores what becomes of them: when it fails, they wait again.
    Two callers get different events.
    """
    waiting = Event.objects.waiting().order_by("pk").select_for_update(skip_locked=True)
    events = list(waiting[:limit])
    for event in events:
        event.passed_on_at = at
    Event.objects.filter(pk__in=[event.pk for event in events]).update(passed_on_at=at)
    return events
