"""What a partner's key costs each request, and that its limit holds over four processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil

from bench.catalogue import FilledDatabase, filled_database
from bench.rows import Row
from tests.running import ROOT, free_port, http_status, wait_until

TIMES = 500
PROCESSES, REQUESTS, LIMIT = 4, 200, 60
CHECK_MOST = 1.0


def run() -> list[Row]:
    with filled_database(landmarks=0, photos=0) as database:
        cost = database.call("bench.partner_keys:cost_of_a_check")
        admitted = _admitted(database)
    return [
        Row(
            "API: find a key by its hash, count its minute, its day and its usage",
            cost["processor"],
            "ms processor",
            f"≤ {CHECK_MOST:.0f}",
            cost["processor"] <= CHECK_MOST,
            f"the database included; {cost['wall']:.2f} ms at the caller, the commit to disk too",
        ),
        Row(
            f"API: {REQUESTS} requests at once over {PROCESSES} processes, limit {LIMIT}",
            admitted,
            "admitted",
            f"= {LIMIT}",
            admitted == LIMIT,
        ),
    ]


def cost_of_a_check() -> dict[str, float]:
    """Return milliseconds of this process with its database process, and of the clock."""
    from django.db import connection
    from django.utils import timezone

    from apps.partners.metering import use_key
    from apps.partners.services import create_api_key

    made = create_api_key(name="bench", scopes=["read"], at=timezone.now(), per_minute=10**6)

    def check() -> None:
        use_key(made.text, operation="GET landmarks", at=timezone.now())

    for _ in range(20):
        check()
    database = psutil.Process(connection.connection.info.backend_pid)
    spent, started = -_spent(database), time.perf_counter()
    for _ in range(TIMES):
        check()
    spent, wall = spent + _spent(database), time.perf_counter() - started
    return {"processor": 1000 * spent / TIMES, "wall": 1000 * wall / TIMES}


def _spent(database: psutil.Process) -> float:
    used = database.cpu_times()
    return time.process_time() + used.user + used.system


def make_limited_key() -> str:
    from django.utils import timezone

    from apps.partners.services import create_api_key

    # The day's limit: a minute could end in between.
    made = create_api_key(name="limited", scopes=["read"], at=timezone.now(), per_day=LIMIT)
    return made.text


def _admitted(database: FilledDatabase) -> int:
    headers = {"Authorization": f"Api-Key {database.call('bench.partner_keys:make_limited_key')}"}
    address = f"http://127.0.0.1:{free_port()}"
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "portal.wsgi:application", f"--workers={PROCESSES}"]
        + ["--worker-class=gthread", "--threads=4", "--log-level=warning"]
        + [f"--bind={address.removeprefix('http://')}"],
        cwd=ROOT,
        env=database.environment,
    )
    try:
        wait_until(lambda: http_status(f"{address}/healthz") == 200, seconds=90, what="an answer")
        with ThreadPoolExecutor(50) as crowd:
            replies = crowd.map(
                lambda _: httpx.get(f"{address}/api/v1/usage/", headers=headers, timeout=60),
                range(REQUESTS),
            )
            return Counter(reply.status_code for reply in replies)[200]
    finally:
        server.terminate()
        server.wait(timeout=30)
