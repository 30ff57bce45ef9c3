"""Sending messages to webhooks: signed, tried again later and later, given up in the end."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.operations.audit import Change, record, snapshot
from apps.operations.jobs import Effect, TryLater, add_job
from apps.operations.models import AuditEntry, Job
from apps.operations.sealing import UnreadableSecret
from apps.partners.announcing import TASK
from apps.partners.models import Delivery, Webhook
from apps.partners.sending import AddressRefused, NoAnswer, post
from apps.partners.webhooks import signature

logger = logging.getLogger(__name__)

# How long after an attempt the next one follows; more than three days in all.
DELAYS = [
    *(timedelta(minutes=minutes) for minutes in (1, 5, 30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
]
# While a webhook fails, its other messages wait that long for one that finds out.
PAUSE = timedelta(minutes=1)
KEPT_FOR = timedelta(days=30)
GONE = 410


def deliver(subject: str) -> Effect | None:
    """Try to send a message once; return what stores that it ended. Raises TryLater."""
    delivery = Delivery.objects.select_related("webhook__key__owner").filter(pk=subject).first()
    if delivery is None or delivery.state != Delivery.State.WAITING:
        return None
    webhook, at = delivery.webhook, timezone.now()
    if not webhook.active:
        return partial(_end, delivery, Delivery.State.FAILED, error="turned off", at=at)
    if webhook.paused_until and webhook.paused_until > at:
        raise TryLater("the webhook fails", webhook.paused_until - at)
    error = _send(delivery, at=at)
    if not error:
        return partial(_succeeded, delivery, at=timezone.now())
    _note_failure(delivery, error, at=timezone.now())
    if delivery.attempts > len(DELAYS) or delivery.status == GONE:
        return partial(_end, delivery, Delivery.State.FAILED, error=error, at=timezone.now())
    raise TryLater(error, DELAYS[delivery.attempts - 1])


def _send(delivery: Delivery, *, at: datetime) -> str:
    """Make one attempt; return what went wrong, "" where nothing did."""
    message, timestamp = str(delivery.pk), int(at.timestamp())
    delivery.attempts += 1
    delivery.last_attempt_at = at
    delivery.status = None
    try:
        signed = signature(
            delivery.webhook, message=message, timestamp=timestamp, body=delivery.body
        )
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Gilnun",
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signed,
        }
        delivery.status = post(delivery.webhook.url, delivery.body.encode(), headers)
    except (AddressRefused, NoAnswer) as reason:
        return str(reason)
    except UnreadableSecret:
        return "its secret was sealed with another key of the portal: make the webhook anew"
    return "" if 200 <= delivery.status < 300 else f"answered {delivery.status}"


@transaction.atomic
def _succeeded(delivery: Delivery, *, at: datetime) -> None:
    _end(delivery, Delivery.State.DELIVERED, error="", at=at)
    Webhook.objects.filter(pk=delivery.webhook_id).exclude(failing_since=None).update(
        failing_since=None, paused_until=None
    )


def _end(delivery: Delivery, state: str, *, error: str, at: datetime) -> None:
    delivery.state = state
    delivery.error = error[:300]
    delivery.finished_at = at
    delivery.save()


@transaction.atomic
def _note_failure(delivery: Delivery, error: str, *, at: datetime) -> None:
    """Store the attempt, let the webhook rest, and turn it off where it failed for days."""
    delivery.error = error[:300]
    delivery.save()
    webhook = Webhook.objects.select_for_update().get(pk=delivery.webhook_id)
    before = snapshot(webhook)
    webhook.failing_since = webhook.failing_since or at
    webhook.paused_until = at + PAUSE
    longest = timedelta(days=settings.WEBHOOK_DISABLED_AFTER_DAYS)
    over = at - webhook.failing_since >= longest or delivery.status == GONE
    if over and webhook.active:
        webhook.active = False
        change = Change(webhook, before, snapshot(webhook) | {"active": False})
        record([change], by=None, by_name="webhooks", at=at, action=AuditEntry.Action.CHANGED)
        transaction.on_commit(partial(_tell_owner, webhook, error))
    webhook.save()


def _tell_owner(webhook: Webhook, error: str) -> None:
    owner = webhook.key.owner
    if not settings.MAIL_IS_SET_UP or owner is None or not owner.email:
        return
    text = _(
        "No message reached %(url)s since %(since)s, so nothing more is sent there."
        " The last error: %(error)s. Turn it on again on your page for partners."
    ) % {
        "url": webhook.url,
        "since": timezone.localtime(webhook.failing_since).strftime("%Y-%m-%d %H:%M"),
        "error": error,
    }
    try:
        send_mail(_("A webhook was turned off"), text, None, [owner.email])
    except OSError as failure:
        logger.warning("Mail about webhook %s was not sent: %s", webhook.pk, failure)


def give_up(subject: str, reason: str) -> None:
    """End a message that could not even be tried."""
    Delivery.objects.filter(pk=subject, state=Delivery.State.WAITING).update(
        state=Delivery.State.FAILED, error=reason[:300], finished_at=timezone.now()
    )


@transaction.atomic
def send_again(delivery: Delivery, *, at: datetime) -> None:
    """Send a message that ended once more, under its own number, with fresh attempts."""
    held = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if held.state == Delivery.State.WAITING:
        # It waits for its next attempt: that is now.
        Job.objects.unfinished().filter(
            task=TASK, subject=str(held.pk), state=Job.State.WAITING
        ).update(available_at=at)
    else:
        held.state, held.attempts, held.finished_at = Delivery.State.WAITING, 0, None
        held.save()
        add_job(task=TASK, subject=held.pk, at=at)
    Webhook.objects.filter(pk=held.webhook_id).update(paused_until=None)


def forget_old() -> int:
    """Remove what ended long ago; the sweeper asks every few seconds."""
    return Delivery.objects.filter(finished_at__lt=timezone.now() - KEPT_FOR).delete()[0]
