"""Mails to those who run the portal: rare, and only when a person has to do something."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.mail import mail_admins
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.operations import limits
from apps.operations.models import Job
from apps.recognition import serving

ONCE_IN = timedelta(hours=1)
BACKLOG = timedelta(minutes=15)
AWAY = timedelta(minutes=2)


def tell_operators(kind: str, subject: str, text: str) -> bool:
    """Mail GILNUN_OPERATORS, at most once an hour of each kind; return whether a mail went."""
    try:
        limits.take("operators", kind, limit=1, window=ONCE_IN, at=timezone.now())
    except limits.LimitReached:
        return False
    mail_admins(subject, text, fail_silently=True)
    return True


def look_for_trouble() -> None:
    """Mail where jobs stand still or wait for a person. The sweeper asks every few seconds."""
    now = timezone.now()
    with translation.override(settings.LANGUAGE_CODE):
        late = Job.objects.due(now - BACKLOG).first()
        if late is not None:
            text = _("The oldest has been due since %(since)s: %(task)s.")
            facts = {"since": late.available_at.isoformat(timespec="minutes"), "task": late.task}
            tell_operators("backlog", _("Jobs stand still"), text % facts)
        away = serving.breaker.open_since()
        if away is not None and away < now - AWAY:
            text = _("It has failed since %(since)s. Photos are kept and wait for it.")
            facts = {"since": timezone.localtime(away).isoformat(timespec="minutes")}
            tell_operators("breaker", _("The model server is away"), text % facts)
        parked = Job.objects.filter(state=Job.State.PARKED, finished_at__gt=now - ONCE_IN)
        if (job := parked.order_by("-pk").first()) is not None:
            text = _("%(task)s failed: %(reason)s. See the jobs in the admin.")
            facts = {"task": job.task, "reason": job.error}
            tell_operators("parked", _("A job waits for a person"), text % facts)
