"""References that were added or taken away join or leave the index that answers, by themselves.

The rows are the truth: whatever adds a reference, be it a form, a list or a merge, the sweeper
sees that the index lacks it. Nothing is fitted anew; build_reference_index does that.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from itertools import takewhile

from django.utils import timezone

from apps.operations.jobs import TryLater, add_job
from apps.operations.models import Job
from apps.recognition import serving
from apps.recognition.describing import describe_photos
from apps.recognition.index_building import (
    follow_catalogue,
    waiting_to_join,
    waiting_to_leave,
)
from apps.recognition.models import ReferenceIndex
from apps.recognition.reference_index import NoReferenceIndex, active_index

logger = logging.getLogger(__name__)

TASK = "apps.recognition.tasks.follow_catalogue"
SUBJECT = "references"
# A visitor's photo may wait behind this one.
PHOTOS_AT_ONCE = 50
SECONDS_AT_ONCE = 3.0
SERVER_AWAY = timedelta(seconds=5)
AFTER_PARKED = timedelta(minutes=5)
# The look at all references takes a moment where there are a million.
LOOK_EVERY_SECONDS = 10.0
_next_look = 0.0


def ask_to_follow() -> bool:
    """Add the job where the index lacks something and nobody has it; say whether it was added."""
    global _next_look
    if time.monotonic() < _next_look:
        return False
    _next_look = time.monotonic() + LOOK_EVERY_SECONDS
    return ask_now()


def ask_now() -> bool:
    """As `ask_to_follow`, without waiting for the next look."""
    jobs = Job.objects.filter(task=TASK)
    tried = jobs.filter(
        state=Job.State.PARKED, finished_at__gte=timezone.now() - AFTER_PARKED
    ).exists()
    if tried or jobs.unfinished().exists():
        return False
    try:
        index = active_index()
    except NoReferenceIndex:
        return False
    if not waiting_to_join(index).exists() and not waiting_to_leave(index).exists():
        return False
    add_job(task=TASK, subject=SUBJECT, at=timezone.now())
    return True


def follow_for_a_moment(subject: str) -> None:
    """Describe photos that wait and let them join. Raises TryLater where more wait."""
    try:
        index = active_index()
    except NoReferenceIndex:
        return
    try:
        _describe_for_a_moment(index)
    except serving.ServingError as error:
        raise TryLater(str(error), SERVER_AWAY) from error
    finally:
        # What was described joins, whatever became of the others.
        follow_catalogue(index, at=timezone.now())
    if waiting_to_join(index).exists():
        raise TryLater("more photos wait", timedelta(0))


def _describe_for_a_moment(index: ReferenceIndex) -> None:
    """Describe some of the photos that wait; one that cannot be read keeps no other back."""
    until = time.monotonic() + SECONDS_AT_ONCE
    waiting = waiting_to_join(index).exclude(embeddings__model=index.model)
    photos = waiting.order_by("created_at", "pk")[:PHOTOS_AT_ONCE]
    describe_photos(takewhile(lambda _: time.monotonic() < until, photos), index.model)


def wait_for_help(subject: str, reason: str) -> None:
    """Say why references do not join: a photo cannot be read. The sweeper asks again later."""
    logger.error("References do not join the index: %s", reason)
