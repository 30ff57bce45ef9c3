"""Celery over Redis on two worker hosts, which share database, broker, media and model server.

A host is a worker with a folder of its own, in which the shared folder of media is mounted. On one
machine both take their processor time from the same cores: the rate says less than the counts.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg

from bench.calling import call
from bench.photo_to_answer import DATA_DIR
from bench.rows import Row
from ml.serving.process import ModelServerProcess
from portal.database_cluster import APPLICATION, OWNER, DatabaseCluster
from tests.running import ROOT, redis_server, start_portal, stop_portal, wait_until

PHOTOS = 160
SAMPLES = ROOT / "ml" / "demo" / "pictures" / "samples"


class Counted(NamedTuple):
    """Of some jobs: how many ended well, how often one was begun, seconds from first to last."""

    done: int
    begun: int
    answers: int
    seconds: float

    @property
    def rate(self) -> float:
        return (self.done - 1) / self.seconds


def run() -> list[Row]:
    """Recognize photos on one host, on two, and on two of which one dies in the middle."""
    if shutil.which("redis-server") is None:
        note = "skipped: needs redis-server (Debian: apt-get install redis-server)"
        return [Row("two worker hosts over Redis", None, "", "", None, note)]
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        shared, database = running.enter_context(_shared_parts(folder))
        one = _round(shared, database, folder, hosts=("a",))
        two = _round(shared, database, folder, hosts=("a", "b"))
        killed = _round(shared, database, folder, hosts=("a", "b"), kill="b")
    return [
        _row("on one worker host", one, f"{one.rate:.1f} photos/s"),
        _row("on two", two, f"{two.rate:.1f} photos/s, {two.rate / one.rate:.2f} times one host's"),
        _row(
            "on two, one killed after a third",
            killed,
            f"{killed.begun - PHOTOS} begun again; {killed.seconds:.0f} s, its lease included",
        ),
    ]


def _row(name: str, counted: Counted, note: str) -> Row:
    return Row(
        f"Celery over Redis: photos recognized {name}",
        counted.done,
        "",
        f"= {PHOTOS}, once each",
        counted.done == counted.answers == PHOTOS,
        note,
    )


@contextmanager
def _shared_parts(folder: Path) -> Iterator[tuple[dict[str, str], psycopg.Connection]]:
    """Yield the environment that all hosts have in common, and the database as its owner."""
    _, process = start_portal(DATA_DIR, log_folder=folder, GILNUN_RECOGNITION_PROFILE="lite2")
    stop_portal(process)
    cluster = DatabaseCluster(DATA_DIR)
    with (
        cluster.in_use(),
        ModelServerProcess(DATA_DIR / "models") as model,
        redis_server(folder) as broker,
        psycopg.connect(cluster.dsn(OWNER), autocommit=True) as database,
    ):
        shared = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "GILNUN_RECOGNITION_PROFILE": "lite2",
            "GILNUN_SECRET_KEY": "one key for all hosts of the measurement",
            "DATABASE_URL": cluster.url(APPLICATION),
            "CELERY_BROKER_URL": broker,
            "TF_SERVING_ADDRESS": model.address,
        }
        yield shared, database


def _of_host(shared: dict[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of a host whose own folder this is."""
    folder.mkdir(exist_ok=True)
    if not (folder / "media").exists():
        (folder / "media").symlink_to(DATA_DIR / "media")
    return shared | {"GILNUN_DATA_DIR": str(folder)}


class Host:
    """A worker in a folder and a session of its own, inside a `with`."""

    def __init__(self, shared: dict[str, str], folder: Path):
        self._environment = _of_host(shared, folder)

    def __enter__(self) -> Host:
        # A session of its own, so that everything on the "host" can die at once.
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "-A", "portal.celery"]
            + ["worker", "--concurrency=2", "--loglevel=ERROR"]
            + ["--without-gossip", "--without-mingle", "--without-heartbeat"],
            cwd=ROOT,
            env=self._environment,
            start_new_session=True,
        )
        return self

    def pull_the_plug(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=15)

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            left = psutil.Process(self._process.pid).children(recursive=True)
            self._process.terminate()
            self._process.wait(timeout=60)
            psutil.wait_procs(left, timeout=15)


def _round(
    shared: dict[str, str],
    database: psycopg.Connection,
    folder: Path,
    *,
    hosts: tuple[str, ...],
    kill: str = "",
) -> Counted:
    """Queue photos while nobody works, let the hosts work, count."""
    front = _of_host(shared, folder / "front")
    jobs = call(front, "bench.two_hosts:queue", count=PHOTOS)
    with ExitStack() as running:
        working = {
            name: running.enter_context(Host(shared, folder / f"host-{name}")) for name in hosts
        }
        if kill:
            _until_done(database, jobs, PHOTOS // 3)
            working[kill].pull_the_plug()
            # What a dead host held comes back through the sweeper.
            sweeper = [sys.executable, "manage.py", "work_off_jobs", "--watch"]
            process = subprocess.Popen(sweeper, cwd=ROOT, env=front)
            running.callback(process.wait, timeout=60)
            running.callback(process.terminate)
        _until_done(database, jobs, PHOTOS)
    return _counted(database, jobs)


def _until_done(database: psycopg.Connection, jobs: list[int], count: int) -> None:
    def done() -> bool:
        statement = "SELECT count(*) FROM operations_job WHERE id = ANY(%s) AND state = 'done'"
        return database.execute(statement, [jobs]).fetchone()[0] >= count

    wait_until(done, seconds=300, what=f"{count} photos")


def _counted(database: psycopg.Connection, jobs: list[int]) -> Counted:
    done, begun, seconds = database.execute(
        "SELECT count(*), sum(attempts), extract(epoch FROM max(finished_at) - min(finished_at))"
        " FROM operations_job WHERE id = ANY(%s) AND state = 'done'",
        [jobs],
    ).fetchone()
    (answers,) = database.execute(
        "SELECT count(*) FROM recognition_recognitionrequest AS request"
        " JOIN operations_job AS job ON job.subject = request.id::text"
        " WHERE job.id = ANY(%s) AND request.state = 'done' AND (SELECT count(*) FROM"
        " recognition_candidate AS candidate WHERE candidate.request_id = request.id) BETWEEN 1"
        " AND request.top_k",
        [jobs],
    ).fetchone()
    return Counted(done, begun, answers, float(seconds))


def queue(count: int) -> list[int]:
    """Store so many photos and wake workers for each; return their jobs.

    Runs in a process with Django.
    """
    from django.utils import timezone

    from apps.catalogue.pictures import prepare, upload_bounds
    from apps.operations.jobs import hand_over_job, wake_worker
    from apps.recognition.services import submit_photos

    photos = []
    for path in sorted(SAMPLES.rglob("*.jpg"))[:8]:
        with path.open("rb") as content:
            photos.append(prepare(content, name="photo.jpg", bounds=upload_bounds()))
    jobs = []
    for number in range(count):
        _, job = submit_photos(
            [photos[number % len(photos)]],
            requester="",
            position=None,
            top_k=5,
            at=timezone.now(),
        )
        hand_over_job(job, at=timezone.now(), wake=False)
        if not wake_worker(job):
            raise RuntimeError("the broker took no message")
        jobs.append(job.pk)
    return jobs
