"""Jobs of a test, for a worker that may be killed."""

from __future__ import annotations

import os
import signal
import time

from django.utils import timezone

from apps.operations.jobs import work_on
from apps.operations.models import Event
from portal.celery import application

GOOD, POISON = "tests.good", "tests.poison"
DONE = "tests.done"


@application.task(name=GOOD)
def good(*, job: int, **_) -> None:
    work_on(job, do=lambda subject: _noting(subject), give_up=_give_up)


@application.task(name=POISON)
def poison(*, job: int, **_) -> None:
    work_on(job, do=_die, give_up=_give_up)


def _noting(subject: str):
    time.sleep(0.02)  # what the work takes

    def note() -> None:
        Event.objects.create(kind=DONE, subject_type="test", subject=subject, at=timezone.now())

    return note


def _die(_subject: str) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _give_up(_subject: str, _reason: str) -> None:
    """The parked job says it."""
