"""What a partner's key costs each request, and that its limit holds over four processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

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
            "API: find a key by its hash",
            cost["find"],
            "ms processor",
            f"≤ {CHECK_MOST:.0f}",
            cost["find"] <= CHECK_MOST,
            f"{cost['find_wall']:.2f} ms at the caller, the database included",
        ),
        Row(
            "API: count its minute, its day and its usage",
            cost["count"],
            "ms processor",
            "",
            None,
            f"{cost['count_wall']:.2f} ms at the caller, the commit to disk included",
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
    """Return milliseconds of this process and of the clock, the median of many."""
    from django.utils import timezone

    from apps.partners.metering import count_use, find_api_key
    from apps.partners.services import create_api_key

    made = create_api_key(name="bench", scopes=["read"], at=timezone.now(), per_minute=10**6)

    def timed(work) -> tuple[float, float]:
        for _ in range(20):
            work()
        processor, wall = time.process_time(), time.perf_counter()
        for _ in range(TIMES):
            work()
        spent = time.process_time() - processor, time.perf_counter() - wall
        return 1000 * spent[0] / TIMES, 1000 * spent[1] / TIMES

    find, find_wall = timed(lambda: find_api_key(made.text, at=timezone.now()))
    count, count_wall = timed(
        lambda: count_use(made.row, operation="GET landmarks", at=timezone.now())
    )
    return {"find": find, "find_wall": find_wall, "count": count, "count_wall": count_wall}


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
