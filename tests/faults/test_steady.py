"""A new release while people read, and the same work over and over: nobody notices."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import psutil
import psycopg
import pytest
from django.conf import settings
from django.db import connection

from portal.database_cluster import OWNER, DatabaseCluster
from tests.environment import CLUSTER, ROOT
from tests.running import Portal, wait_until

pytestmark = pytest.mark.slow
PAGES = ("/", "/landmarks/?q=궁", "/landmarks/sungnyemun/", "/en/routes/", "/map/")
PHOTO = ROOT / "ml" / "demo" / "pictures" / "samples" / "sungnyemun" / "sungnyemun-10.jpg"


def web_master(portal: Portal) -> int:
    found = portal.processes("gunicorn")
    masters = []
    for one in found:
        with suppress(psutil.NoSuchProcess):  # replaced a moment ago
            if psutil.Process(one).ppid() not in found:
                masters.append(one)
    (master,) = masters
    return master


def web_workers(portal: Portal) -> set[int]:
    return set(portal.processes("gunicorn")) - {web_master(portal)}


@pytest.mark.R12
def test_a_new_release_takes_over_while_people_read(running_portal, is_long, seen):
    """New web processes, and meanwhile what a migration does to the table that everybody reads."""
    people_reading = 20 if is_long else 3
    before = web_workers(running_portal)
    stop = threading.Event()
    statuses: Counter[int] = Counter()

    def read() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                answer = httpx.get(f"{running_portal.address}{PAGES[number % 4]}", timeout=60)
                statuses[answer.status_code] += 1
            except httpx.HTTPError:
                statuses[0] += 1

    with ThreadPoolExecutor(people_reading) as people:
        reading = [people.submit(read) for _ in range(people_reading)]
        try:
            wait_until(lambda: statuses[200] > 5, seconds=60, what="first answers")
            longest = migrate_under_load(running_portal)
            os.kill(web_master(running_portal), signal.SIGHUP)
            wait_until(
                lambda: before.isdisjoint(web_workers(running_portal)),
                seconds=90,
                what="new web processes",
            )
            answered = statuses[200]
            wait_until(lambda: statuses[200] > answered + 10, seconds=60, what="their answers")
        finally:
            stop.set()
        for each in reading:
            each.result()

    seen("R12", requests=statuses.total(), failed=statuses.total() - statuses[200])
    seen("R12", longest_wait_s=round(longest, 2))
    assert set(statuses) <= {200}
    assert longest <= 2


def migrate_under_load(portal: Portal) -> float:
    """Add a column to a busy table and take it away again; return the longest wait in seconds."""
    options = settings.DATABASES["owner"]["OPTIONS"]["options"]
    dsn = DatabaseCluster(portal.data_dir).dsn(OWNER)
    waits = []
    with psycopg.connect(dsn, options=options, autocommit=True) as migration:
        for change in ("ADD COLUMN of_next_release integer", "DROP COLUMN of_next_release"):
            started = time.monotonic()
            migration.execute(f"ALTER TABLE catalogue_landmark {change}")
            waits.append(time.monotonic() - started)
    return max(waits)


@pytest.mark.R12
@pytest.mark.django_db
def test_a_migration_that_waits_for_a_table_gives_up(seen):
    """Whoever came after it would wait with it."""
    dsn = CLUSTER.dsn(OWNER, connection.settings_dict["NAME"])
    options = settings.DATABASES["owner"]["OPTIONS"]["options"]
    with psycopg.connect(dsn) as reader, psycopg.connect(dsn, options=options) as migration:
        reader.execute("SELECT count(*) FROM catalogue_landmark")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migration.execute("ALTER TABLE catalogue_landmark ADD COLUMN new integer")

    seen("R12", longest_lock_wait_s=int(options.partition("lock_timeout=")[2].split()[0]) / 1000)
    assert "lock_timeout=2000" in options
    assert "lock_timeout=5000" in settings.DATABASES["default"]["OPTIONS"]["options"]


@pytest.mark.R15
def test_the_same_work_again_and_again_takes_no_more_memory_or_connections(
    running_portal, is_long, seen
):
    rounds = 300 if is_long else 6
    photo = PHOTO.read_bytes()

    def work(times: int) -> Counter[int]:
        statuses: Counter[int] = Counter()
        with httpx.Client(base_url=running_portal.address, timeout=60) as client:
            for _ in range(times):
                for page in PAGES:
                    statuses[client.get(page).status_code] += 1
                sent = client.post("/recognize/", files={"photo": ("photo.jpg", photo)})
                statuses[sent.status_code] += 1
        return statuses

    def all_at_once(times: int) -> Counter[int]:
        with ThreadPoolExecutor(4) as people:
            return sum(people.map(work, [times] * 4), Counter())

    def memory() -> int:
        return sum(psutil.Process(one).memory_info().rss for one in web_workers(running_portal))

    def connections() -> int:
        dsn = DatabaseCluster(running_portal.data_dir).dsn(OWNER)
        with psycopg.connect(dsn) as database:
            return database.execute("SELECT count(*) FROM pg_stat_activity").fetchone()[0]

    all_at_once(20 if is_long else 4)
    memory_before, connections_before = memory(), connections()
    statuses = all_at_once(rounds)
    more = memory() / memory_before - 1

    seen("R15", requests=statuses.total(), memory_up=f"{more:.1%}", connections=connections())
    assert set(statuses) <= {200, 303}
    assert connections() <= connections_before + 8
    assert more < (0.02 if is_long else 0.25)
