"""Workers that are killed, and a job that kills its worker: every job ends, once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from functools import partial

import psutil
import pytest
import redis as redis_client
from celery import Celery
from django.conf import settings
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from apps.operations import jobs
from apps.operations.models import Event, Job
from tests.environment import CLUSTER, OWNER, ROOT
from tests.faults.working import DONE, GOOD, POISON
from tests.running import free_port, redis_server, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# A lease must end within the test.
LEASE_SECONDS = 2
WORKER = """
import django
django.setup()
from django.conf import settings
from tests.faults.working import application
settings.JOB_LEASE_SECONDS = {lease}
application.worker_main(
    ["worker", "--concurrency=2", "--loglevel=CRITICAL"]
    + ["--without-gossip", "--without-mingle", "--without-heartbeat"]
)
"""
SWEEPER = """
import django
django.setup()
from django.core.management import call_command
from tests.faults import working
call_command("work_off_jobs", "--watch")
"""


class Worker:
    """A Celery worker on this test's database, started again when it was killed."""

    def __init__(self, broker: str, *, script: str = WORKER.format(lease=LEASE_SECONDS)):
        self._script = script
        self._environment = os.environ | {
            "DATABASE_URL": CLUSTER.url(OWNER, connection.settings_dict["NAME"]),
            "CELERY_BROKER_URL": broker,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", self._script],
            cwd=ROOT,
            env=self._environment,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )

    def children(self) -> list[int]:
        with suppress(psutil.NoSuchProcess):
            return [child.pid for child in psutil.Process(self.process.pid).children()]
        return []

    def kill_a_child(self) -> None:
        if children := self.children():
            with suppress(ProcessLookupError):
                os.kill(children[0], signal.SIGKILL)

    def kill_the_parent(self) -> None:
        children = self.children()
        self.process.kill()
        self.process.wait()
        for child in children:  # nobody looks after them now
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.start()

    def kill_the_group(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.start()

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def sending_over(broker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process wake the workers of a broker."""
    sender = Celery("sender", broker=broker)
    sender.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {
        "max_retries": 1,
        "interval_start": 0,
        "socket_connect_timeout": 1,
    }

    def wake(job: Job) -> bool:
        try:
            sender.send_task(job.task, kwargs={"job": job.pk}, retry=False)
        except Exception:
            return False
        return True

    monkeypatch.setattr(jobs, "wake_worker", wake)
    monkeypatch.setattr(jobs, "wake_worker_soon", wake)
    yield
    sender.close()


@pytest.fixture
def worker(redis, monkeypatch) -> Iterator[Worker]:
    # The sweeper leaves all work to the worker here.
    monkeypatch.setattr(jobs, "run_here", lambda job: None)
    with sending_over(redis, monkeypatch):
        working = Worker(redis)
        yield working
        working.stop()


def add(task: str, number: int, *, first: int = 0) -> list[int]:
    now = timezone.now()
    subjects = range(first, first + number)
    return [jobs.add_job(task=task, subject=subject, at=now).pk for subject in subjects]


def unfinished(keys: list[int]) -> int:
    jobs.sweep_jobs(at=timezone.now(), overdue=timedelta(seconds=LEASE_SECONDS))
    time.sleep(0.2)
    return Job.objects.unfinished().filter(pk__in=keys).count()


def has_ended(keys: list[int]) -> bool:
    return not unfinished(keys)


def seconds_for(first: int, number: int) -> float:
    """Have good jobs done; return the time between the first and the last effect."""
    keys = add(GOOD, number, first=first)
    wait_until(partial(has_ended, keys), seconds=90, what="the good jobs")
    subjects = [str(subject) for subject in range(first, first + number)]
    done = Event.objects.filter(kind=DONE, subject__in=subjects)
    times = done.aggregate(first=Min("at"), last=Max("at"))
    return (times["last"] - times["first"]).total_seconds()


def effects() -> Counter[str]:
    return Counter(Event.objects.filter(kind=DONE).values_list("subject", flat=True))


@pytest.mark.R4
def test_killed_workers_lose_no_job_and_do_none_twice(worker, is_long, seen):
    number, kills = (200, 20) if is_long else (60, 3)
    chance = random.Random(4)
    keys = add(GOOD, number)
    ways = [worker.kill_a_child, worker.kill_the_parent, worker.kill_the_group]
    for way in range(kills):
        goal = min(number - 1, (way + 1) * number // (kills + 2))
        wait_until(
            lambda goal=goal: number - unfinished(keys) >= goal, seconds=90, what="some jobs"
        )
        (ways[way] if way < 3 else chance.choice(ways))()
    started = time.monotonic()

    wait_until(partial(has_ended, keys), seconds=60, what="every job to end")

    assert effects() == {str(subject): 1 for subject in range(number)}
    assert set(Job.objects.filter(pk__in=keys).values_list("state", flat=True)) == {"done"}
    after = round(time.monotonic() - started, 1)
    seen("R4", jobs=number, kills=kills, lost=0, twice=0, ended_after_s=after)


@pytest.mark.R5
def test_jobs_end_though_redis_forgets_everything_and_is_away(tmp_path, monkeypatch, is_long, seen):
    """As in the portal: a worker, a sweeper, and whoever adds jobs, over one Redis."""
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server (Debian: apt-get install redis-server), which is not here")
    number, away = (200, 10) if is_long else (40, 0)
    port = free_port()
    with ExitStack() as running:
        with redis_server(tmp_path, port) as address:
            running.enter_context(sending_over(address, monkeypatch))
            forgotten = add(GOOD, number)
            for script in (WORKER.format(lease=LEASE_SECONDS), SWEEPER):
                part = Worker(address, script=script)
                running.callback(part.stop)
            client = redis_client.Redis(port=port)
            client.flushall()
            client.close()
        # Away: jobs are added all the same.
        keys = forgotten + add(GOOD, number, first=number)
        time.sleep(away)
        running.enter_context(redis_server(tmp_path, port))
        started = time.monotonic()

        def left() -> int:
            time.sleep(0.2)
            return Job.objects.unfinished().filter(pk__in=keys).count()

        wait_until(lambda: not left(), seconds=60, what="every job to end")

    assert effects() == {str(subject): 1 for subject in range(len(keys))}
    ended = round(time.monotonic() - started, 1)
    seen("R5", jobs=len(keys), lost=0, twice=0, ended_after_s=ended)


@pytest.mark.R10
def test_a_job_that_kills_its_worker_is_parked_and_the_others_are_done(
    redis, worker, is_long, seen
):
    number, rounds = (200, 3) if is_long else (30, 1)
    # In full length what the good ones take without it, for comparison.
    alone = seconds_for(number * rounds, number) if is_long else 0.0
    beside = []
    for turn in range(rounds):
        poisoned = add(POISON, 1, first=turn)
        beside.append(seconds_for(turn * number, number))
        ended = partial(has_ended, poisoned)
        wait_until(ended, seconds=60, what="the poison job to be parked")
        parked = Job.objects.get(pk=poisoned[0])
        assert parked.state == Job.State.PARKED
        assert "stopped while working" in parked.error
        # Three tries, and the look that found them used up.
        assert parked.attempts == settings.JOB_ATTEMPTS + 1

    assert set(effects().values()) == {1}
    assert effects().total() == number * (rounds + is_long)
    # What the sweeper sent meanwhile must not stand before jobs to come.
    with redis_client.Redis.from_url(redis) as client:
        assert client.llen("celery") < number
    jobs.retry_job(parked, at=timezone.now())
    parked.refresh_from_db()
    assert (parked.state, parked.attempts) == (Job.State.WAITING, 0)
    seen("R10", good_done=number * rounds, tries=settings.JOB_ATTEMPTS)
    if is_long:
        throughput = alone / statistics.median(beside)
        seen("R10", throughput=f"{throughput:.0%}")
        assert throughput >= 0.8
