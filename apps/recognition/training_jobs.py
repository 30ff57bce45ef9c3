"""Training runs that a person starts on a page: a worker does them, whoever is asked to go on."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError, connection, transaction
from django.utils.module_loading import import_string

from apps.operations.audit import Change, record, snapshot
from apps.operations.jobs import JobNotHeld, TryLater, add_job
from apps.operations.models import AuditEntry, Job
from apps.recognition.models import TrainingRun
from apps.recognition.training_runs import RunIsBusy, StageFailed, begin_or_resume, go_on

logger = logging.getLogger(__name__)

TASK = "apps.recognition.tasks.train"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
ASK_AGAIN = timedelta(seconds=30)


class NotStopped(Exception):
    """The run is under way, or has come to its end."""


class Learnable(NamedTuple):
    """A dataset to learn from, and how many of its annotations may be learned."""

    pk: int
    name: str
    annotations: int


def learnable_datasets() -> list[Learnable]:
    """Return the datasets with completed annotations whose licenses allow training."""
    return [Learnable(*row) for row in import_string(settings.LEARNABLE_DATASETS)()]


@transaction.atomic
def start_run(
    name: str, *, config: str, datasets: Sequence[int], by: AbstractBaseUser, at: datetime
) -> TrainingRun:
    """Make a run and have a worker do it. Raises RunIsOther where the name is taken."""
    run = begin_or_resume(name, config=config, changes=[], datasets=list(datasets), at=at)
    created = AuditEntry.Action.CREATED
    record([Change(run, None, snapshot(run))], by=by, at=at, action=created)
    add_job(task=TASK, subject=run.pk, at=at)
    return run


@transaction.atomic
def let_go_on(run: TrainingRun, *, by: AbstractBaseUser, at: datetime) -> None:
    """Have a worker take up a stopped run after its last finished stage. Raises NotStopped."""
    held = TrainingRun.objects.select_for_update().get(pk=run.pk)
    if held.state != TrainingRun.State.FAILED:
        raise NotStopped(held.name)
    before = snapshot(held)
    held.state, held.error = TrainingRun.State.RUNNING, ""
    held.save(update_fields=["state", "error"])
    changed = AuditEntry.Action.CHANGED
    record([Change(held, before, snapshot(held))], by=by, at=at, action=changed)
    add_job(task=TASK, subject=held.pk, at=at)


def waits_for_a_worker(run: TrainingRun) -> bool:
    """Say whether nobody has begun yet with what was asked last."""
    job = Job.objects.filter(task=TASK, subject=str(run.pk)).order_by("-pk").first()
    return job is not None and job.state == Job.State.WAITING


def work_on_run(subject: str, keep: Callable[[], None]) -> None:
    """Do what a run lacks. What stops a stage is said by the run itself; the job is over then."""
    run = TrainingRun.objects.filter(pk=subject).first()
    if run is None or run.state == TrainingRun.State.DONE:
        return
    try:
        with _kept(keep):
            for stage in go_on(run, progress=logger.info):
                logger.info("Training run %s: %s is done", run.name, stage.name)
    except RunIsBusy as reason:
        raise TryLater(str(reason), ASK_AGAIN) from reason
    except StageFailed as reason:
        logger.warning("Training run %s stopped: %s", run.name, reason)


def leave_unfinished(subject: str, reason: str) -> None:
    """Give up: the page says why, and lets somebody go on."""
    TrainingRun.objects.filter(pk=subject, state=TrainingRun.State.RUNNING).update(
        state=TrainingRun.State.FAILED, error=reason
    )


@contextmanager
def _kept(keep: Callable[[], None]) -> Iterator[None]:
    """Keep the job while a stage says nothing for hours.

    Should it pass to another process all the same, that one waits for this one to end.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(settings.JOB_LEASE_SECONDS / 4):
            try:
                keep()
            except JobNotHeld:
                return
            except DatabaseError as error:
                logger.warning("The job of a training run was not kept: %s", error)
            finally:
                connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
