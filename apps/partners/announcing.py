"""From what happened to messages for webhooks. The sweeper asks every few seconds."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.catalogue import content
from apps.operations.events import pass_over_events, take_events
from apps.operations.jobs import add_job
from apps.operations.models import Event
from apps.partners.models import Delivery, EventKind, LandmarkFollower, Webhook

TASK = "apps.partners.tasks.deliver"
EVENTS_AT_ONCE = 200
# A message tells of so many landmarks at most; a large import makes several.
CHANGES_AT_ONCE = 100
MESSAGES_AT_ONCE = 20
# What the other apps raise, and how partners know it.
KINDS = {
    "recognition.finished": EventKind.RECOGNITION_FINISHED,
    "annotation.submitted": EventKind.ANNOTATION_SUBMITTED,
    "annotation.returned": EventKind.ANNOTATION_RETURNED,
    "annotation.accepted": EventKind.ANNOTATION_ACCEPTED,
    "annotation.export_ready": EventKind.EXPORT_READY,
    "catalogue.full_files_ready": EventKind.EXPORT_READY,
}


def pass_on() -> int:
    """Make messages of everything that waits; return how many events and changes there were."""
    passed = 0
    for _ in range(MESSAGES_AT_ONCE):
        taken = _pass_on_events(timezone.now()) + _pass_on_changes(timezone.now())
        passed += taken
        if not taken:
            break
    return passed


@transaction.atomic
def _pass_on_events(at: datetime) -> int:
    listening = {kind: hooks for kind, hooks in _listening(at) if hooks}
    passed = pass_over_events(heard=listening, at=at)
    if not listening:
        return passed
    events = take_events(listening, limit=EVENTS_AT_ONCE, at=at)
    for event in events:
        hooks = listening[event.kind]
        if KINDS[event.kind] == EventKind.RECOGNITION_FINISHED:
            # What a partner asks is for that partner alone.
            own = Webhook.objects.of_requester(event.payload["requester"])
            hooks = own.filter(pk__in=[hook.pk for hook in hooks])
        _announce(KINDS[event.kind], _data(event), to=hooks, happened=event.at, at=at)
    return passed + len(events)


def _listening(at: datetime) -> Iterable[tuple[str, list[Webhook]]]:
    if Webhook.objects.filter(active=True).exists():
        for kind, known_as in KINDS.items():
            yield kind, list(Webhook.objects.listening(known_as, at))


def _data(event: Event) -> dict:
    return {name: value for name, value in event.payload.items() if name != "requester"}


@transaction.atomic
def _pass_on_changes(at: datetime) -> int:
    """Tell of landmarks that changed, in the order of the feed, from where the last call ended."""
    follower = LandmarkFollower.objects.select_for_update().first()
    if follower is None:
        # Nobody hears of what was before.
        LandmarkFollower.objects.get_or_create(pk=1, defaults={"cursor": _end()})
        return 0
    listening = list(Webhook.objects.listening(EventKind.LANDMARK_CHANGED, at))
    if not listening:
        follower.cursor = _end()
        follower.save()
        return 0
    try:
        changes = content.changes_after(follower.cursor, limit=CHANGES_AT_ONCE)
    except (content.CursorExpired, content.CursorUnknown):
        # The database was restored: partners hear so themselves when they read the feed.
        follower.cursor = _end()
        follower.save()
        return 0
    if changes.rows:
        data = {
            "changes": [
                {
                    "cursor": change.cursor,
                    "at": change.at.isoformat(),
                    "kind": change.kind,
                    "id": change.landmark_id,
                    "merged_into": change.merged_into,
                }
                for change in changes.rows
            ],
            "cursor": changes.cursor,
        }
        _announce(EventKind.LANDMARK_CHANGED, data, to=listening, happened=at, at=at)
        follower.cursor = changes.cursor
        follower.save()
    return len(changes.rows)


def _end() -> str:
    content.settle_noted()
    return content.cursor_at(*content.feed_end())


def _announce(
    kind: EventKind, data: dict, *, to: Iterable[Webhook], happened: datetime, at: datetime
) -> None:
    """Store one message for each webhook, with the job that sends it."""
    body = json.dumps(
        {"type": kind.value, "timestamp": happened.isoformat(), "data": data}, ensure_ascii=False
    )
    deliveries = [
        Delivery(id=uuid.uuid4(), webhook=webhook, kind=kind, body=body, created_at=at)
        for webhook in to
    ]
    for delivery in Delivery.objects.bulk_create(deliveries):
        add_job(task=TASK, subject=delivery.pk, at=at)
