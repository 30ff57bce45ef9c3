"""Work of every night: a job for each date says that it was begun."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.operations.jobs import add_job
from apps.operations.models import Job

# The nights that this process knows to be begun: it looks every few seconds.
_begun: set[tuple[str, str]] = set()


def begin_nightly(at: datetime | None = None) -> None:
    """Begin tonight's work where nobody did. The rows outlive restarts; missed hours are made up.

    Of two sweepers that come at once one is refused by the database.
    """
    now = timezone.localtime(at)
    if now.hour < settings.NIGHTLY_HOUR:
        return
    night = now.date().isoformat()
    for task in settings.NIGHTLY:
        if (task, night) in _begun:
            continue
        if not Job.objects.filter(task=task, subject=night).exists():
            try:
                with transaction.atomic():
                    add_job(task=task, subject=night, at=now)
            except IntegrityError:
                pass
        _begun.add((task, night))
