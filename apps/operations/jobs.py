"""Jobs: added with their effect, claimed under a lease, retried, parked, swept up.

The state of a job moves only here, each time in one statement, so that a killed process,
a lost message or two workers at once cannot lose a job or finish it twice.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache, partial

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from apps.operations.models import Job
from apps.operations.outages import is_away
from apps.operations.statements import fetch_one, insert

logger = logging.getLogger(__name__)

# What a job writes in the end. It runs in the transaction that finishes the job.
Effect = Callable[[], None]
# Does a job's slow part, given its subject, and returns what remains to be written.
Work = Callable[[str], Effect | None]
# The same for work that outlasts a lease: it also gets a function to call now and then, which
# keeps the job and raises JobNotHeld when it passed to someone else.
LongWork = Callable[[str, Callable[[], None]], Effect | None]
GiveUp = Callable[[str, str], None]


class TryLater(Exception):
    """Raised by a job's work when something outside is away; this attempt does not count."""

    def __init__(self, reason: str, delay: timedelta):
        super().__init__(reason)
        self.delay = delay


class JobNotHeld(Exception):
    """The lease of the job passed to someone else, or it is finished."""


# When a job is tried again whose files the storage does not give.
STORAGE_AWAY = timedelta(seconds=10)
# So long the sweeper does jobs itself before it looks again.
AT_ONCE_SECONDS = 15.0
# However long a job has waited, its wake-up is sent again after this time.
LONGEST_SILENCE = timedelta(minutes=10)
# What every answer to a visitor asks: see statements.py.
_FINISHED = f"""
    UPDATE {Job._meta.db_table}
    SET state = 'done', finished_at = %(at)s, lease_until = NULL, error = ''
    WHERE id = %(job)s AND state = 'running' AND lease_token = %(token)s
    RETURNING id
"""  # nosec B608
_UNFINISHED = f"""
    SELECT count(*) FROM {Job._meta.db_table}
    WHERE task = %(task)s AND state IN ('waiting', 'running')
"""  # nosec B608
_sending = threading.BoundedSemaphore(4)


def add_job(*, task: str, subject: object, at: datetime, held_for: timedelta | None = None) -> Job:
    """Store a job in the caller's transaction.

    Without `held_for` a worker is woken on commit. With it the caller holds the job that
    long and ends it by `finish_job` or `hand_over_job`; if the caller dies, the sweeper
    finds the job after that time.
    """
    job = Job(task=task, subject=str(subject), available_at=at, created_at=at)
    if held_for is not None:
        job.state = Job.State.RUNNING
        job.lease_until = at + held_for
        job.lease_token = uuid.uuid4()
        job.attempts = 1
    insert(job)
    if held_for is None:
        transaction.on_commit(lambda: wake_worker_soon(job))
    return job


def count_unfinished(task: str) -> int:
    """Return how many jobs of a task are to be done or being done."""
    return fetch_one(_UNFINISHED, {"task": task})[0]


def wake_worker(job: Job) -> bool:
    """Send the wake-up message; return whether the broker took it."""
    try:
        current_app.send_task(job.task, kwargs={"job": job.pk})
    except Exception as error:  # every transport raises its own kinds
        logger.warning("No wake-up call for job %s: %s", job.pk, error)
        return False
    return True


def wake_worker_soon(job: Job) -> None:
    """Send the wake-up message beside the caller, who waits for a visitor.

    A broker that is away takes seconds to fail. While several such attempts hang, further
    messages are left to the sweeper.
    """
    if not _sending.acquire(blocking=False):
        return

    def send() -> None:
        try:
            wake_worker(job)
        finally:
            _sending.release()

    threading.Thread(target=send, daemon=True).start()


def finish_job(job: Job, *, at: datetime) -> None:
    """End a held job well. Raises JobNotHeld when its lease was lost."""
    if not fetch_one(_FINISHED, {"job": job.pk, "token": job.lease_token, "at": at}):
        raise JobNotHeld(str(job))


def hand_over_job(job: Job, *, at: datetime, reason: str = "", wake: bool = True) -> None:
    """Give a held job to the workers. Raises JobNotHeld when its lease was lost."""
    _move_held(
        job,
        state=Job.State.WAITING,
        available_at=at,
        lease_until=None,
        lease_token=None,
        error=reason,
        attempts=F("attempts") - 1,
    )
    if wake:
        transaction.on_commit(lambda: wake_worker_soon(job))


def _move_held(job: Job, **values) -> None:
    moved = Job.objects.filter(
        pk=job.pk, state=Job.State.RUNNING, lease_token=job.lease_token
    ).update(**values)
    if not moved:
        raise JobNotHeld(str(job))


def work_on(job_id: int, *, do: Work, give_up: GiveUp) -> None:
    """Claim a job and do it; do nothing when it is finished or someone holds it.

    `do` may run twice; its effect is written once. It raises TryLater when something
    outside is away; a storage that is away is known here. Any other exception counts as a
    failed attempt; after JOB_ATTEMPTS of them `give_up` gets subject and reason, and the job
    is parked.
    """
    job = _take_up(job_id, give_up=give_up)
    if job is not None:
        run_held(job, do=do, give_up=give_up)


def work_on_long(job_id: int, *, do: LongWork, give_up: GiveUp) -> None:
    """Do a job that may take longer than its lease. See `work_on` and `LongWork`."""
    job = _take_up(job_id, give_up=give_up)
    if job is not None:
        run_held(job, do=lambda subject: do(subject, partial(keep_job, job)), give_up=give_up)


def keep_job(job: Job) -> None:
    """Hold a held job for another lease. Raises JobNotHeld when its lease was lost."""
    _move_held(job, lease_until=timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS))


def _take_up(job_id: int, *, give_up: GiveUp) -> Job | None:
    job = _claim(job_id, at=timezone.now())
    if job is None or job.attempts <= settings.JOB_ATTEMPTS:
        return job
    # The attempts were used up without an answer: whoever worked on it was killed each time.
    _park(job, reason=job.error or "The worker stopped while working on this.", give_up=give_up)
    return None


def run_held(job: Job, *, do: Work, give_up: GiveUp) -> None:
    """Do a job that the caller holds, and record how it went. See `work_on`."""
    try:
        effect = do(job.subject)
        with transaction.atomic():
            finish_job(job, at=timezone.now())
            if effect:
                effect()
    except JobNotHeld:
        # Someone took the job over while we were slow; theirs is the effect that counts.
        logger.warning("Job %s was taken over", job.pk)
    except TryLater as later:
        now = timezone.now()
        hand_over_job(job, at=now + later.delay, reason=str(later), wake=not later.delay)
    except Exception as error:
        if is_away(error):
            reason = f"the storage does not answer: {error}"
            hand_over_job(job, at=timezone.now() + STORAGE_AWAY, reason=reason, wake=False)
            return
        logger.exception("Job %s failed (attempt %s)", job.pk, job.attempts)
        _fail(job, error=error, give_up=give_up)


def _claim(job_id: int, *, at: datetime) -> Job | None:
    """Take the lease of a due job, in one locked query; None when it is not to be had."""
    with transaction.atomic():
        job = Job.objects.due(at).filter(pk=job_id).select_for_update(skip_locked=True).first()
        if job is None:
            return None
        job.state = Job.State.RUNNING
        job.attempts += 1
        job.lease_until = at + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        job.lease_token = uuid.uuid4()
        job.woken_at = None
        job.save(update_fields=["state", "attempts", "lease_until", "lease_token", "woken_at"])
    return job


def _fail(job: Job, *, error: Exception, give_up: GiveUp) -> None:
    reason = f"{type(error).__name__}: {error}"[:2000]
    if job.attempts >= settings.JOB_ATTEMPTS:
        _park(job, reason=reason, give_up=give_up)
        return
    _move_held(
        job,
        state=Job.State.WAITING,
        available_at=timezone.now() + timedelta(seconds=2**job.attempts),
        lease_until=None,
        lease_token=None,
        error=reason,
    )


def _park(job: Job, *, reason: str, give_up: GiveUp) -> None:
    with transaction.atomic():
        _move_held(
            job, state=Job.State.PARKED, finished_at=timezone.now(), lease_until=None, error=reason
        )
        give_up(job.subject, reason)


def retry_job(job: Job, *, at: datetime) -> None:
    """Put a parked job back to work with fresh attempts."""
    moved = Job.objects.filter(pk=job.pk, state=Job.State.PARKED).update(
        state=Job.State.WAITING,
        attempts=0,
        available_at=at,
        finished_at=None,
        lease_token=None,
        woken_at=None,
    )
    if moved:
        transaction.on_commit(lambda: wake_worker_soon(job))


def sweep_jobs(*, at: datetime, overdue: timedelta) -> int:
    """Send the wake-up call again for jobs that were left over; do old ones here and now.

    A job is woken at the first look, again after `overdue`, and then each time it has waited
    twice as long: messages that nobody read yet must not pile up before new jobs.
    A job whose wake-up cannot be sent, or that nobody took for `overdue`, is done by the
    sweeper itself, so that every job ends even with the broker off. The workers are woken
    for old ones all the same: after a broker that forgot everything they share the work.
    What may take hours is left to them while they can be woken, and comes last while not:
    nobody looks for left-over jobs meanwhile.
    After AT_ONCE_SECONDS the rest is left to the next look, which finds the broker back.
    Returns how many jobs were found.
    """
    found = list(Job.objects.due(at))
    broker_takes = True
    woken, left = [], []
    for job in found:
        # One that is away takes a moment to refuse, so it is asked once.
        if broker_takes and _is_to_be_woken(job, at=at, overdue=overdue):
            broker_takes = wake_worker(job)
            if broker_takes:
                woken.append(job.pk)
        if not broker_takes or (job.available_at + overdue <= at and not _may_take_hours(job)):
            left.append(job)
    if woken:  # those taken up meanwhile are due no longer
        Job.objects.due(at).filter(pk__in=woken).update(woken_at=at)
    left.sort(key=_may_take_hours)
    until = time.monotonic() + AT_ONCE_SECONDS
    for job in left:
        run_here(job)
        if time.monotonic() > until:
            break
    return len(found)


def _is_to_be_woken(job: Job, *, at: datetime, overdue: timedelta) -> bool:
    if job.woken_at is None:
        return True
    silence = max(overdue, job.woken_at - job.available_at)
    return job.woken_at + min(silence, LONGEST_SILENCE) <= at


def _may_take_hours(job: Job) -> bool:
    """Say whether a task may take longer than the others, by the limit of its own."""
    limit = getattr(_tasks().get(job.task), "soft_time_limit", None) or 0
    return limit > settings.CELERY_TASK_SOFT_TIME_LIMIT


@cache
def _tasks():
    # A worker imports the apps' tasks by itself when it starts; other processes do not. Celery
    # looks through every app each time it is asked, which takes 50 ms.
    current_app.loader.import_default_modules()
    return current_app.tasks


def run_here(job: Job) -> None:
    """Do a job in this process, through the task that a worker would run.

    What goes wrong is logged: one job must not keep the others from being found.
    """
    try:
        _tasks()[job.task](job=job.pk)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("Job %s could not be run here", job.pk)
