"""Whether the portal's parts answer."""

from __future__ import annotations

from datetime import timedelta

from django.db import Error, connection
from django.utils import timezone

from apps.operations.models import Job

# A job older than this means that neither worker nor sweeper is at work.
QUEUE_STALLED = timedelta(minutes=2)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def queue_flows() -> bool:
    """Say whether no job has been due for long."""
    return not Job.objects.due(timezone.now() - QUEUE_STALLED).exists()
