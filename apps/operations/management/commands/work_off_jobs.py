"""Do the jobs that were left over: once, or as the sweeper that runs beside the worker."""

from __future__ import annotations

import json
import logging
import signal
import threading
from datetime import timedelta

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections, connection
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.operations.events import forget_events
from apps.operations.jobs import run_here, sweep_jobs
from apps.operations.limits import forget_old
from apps.operations.models import Job

# Operators look there when a partner asks what became of an event.
EVENTS_KEPT_DAYS = 30
logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Do all jobs that are due; with --watch, look for left-over jobs until stopped."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--watch", action="store_true", help="keep looking until stopped")

    def handle(self, *, watch: bool, **options) -> None:
        if watch:
            self._watch()
            return
        done = 0
        for job in list(Job.objects.due(timezone.now())):
            run_here(job)
            done += 1
        left = Job.objects.unfinished().count()
        parked = Job.objects.filter(state=Job.State.PARKED).count()
        self.stdout.write(json.dumps({"done": done, "left": left, "parked": parked}))

    def _watch(self) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        while not stop.wait(settings.SWEEP_SECONDS):
            try:
                close_old_connections()
                self._sweep()
            except Error as error:
                # The database comes back; the rows are still there then.
                self.stderr.write(f"Sweeping waits for the database: {error}")
                connection.close()

    def _sweep(self) -> None:
        sweep_jobs(at=timezone.now(), overdue=timedelta(seconds=3 * settings.SWEEP_SECONDS))
        forget_old(before=timezone.now() - timedelta(days=2))
        forget_events(before=timezone.now() - timedelta(days=EVENTS_KEPT_DAYS))
        for name in settings.ROUTINES:
            self._run(name)

    def _run(self, name: str) -> None:
        """Do one routine; its fault must not keep the others from theirs."""
        try:
            import_string(name)()
        except Error:
            raise
        except Exception:
            logger.exception("%s failed", name)
