"""Parts stop and start while photos come in; every accepted photo still gets its answer."""

from __future__ import annotations

import os
import signal
import threading
import time

import httpx
import psutil
import psycopg
import pytest

from portal.database_cluster import OWNER, DatabaseCluster
from tests.environment import ROOT
from tests.running import Portal, http_status, wait_until

pytestmark = pytest.mark.slow
SAMPLES = ROOT / "ml" / "demo" / "pictures" / "samples"


class Senders:
    """Partners that send photos until told to stop, and note what was accepted."""

    def __init__(self, portal: Portal, key: str, number: int = 3):
        self.accepted: list[str] = []
        self.answers: dict[int, int] = {}
        self.without_a_time_to_come_back = 0
        self.seconds: list[float] = []
        self._known: set[str] = set()
        self._left: list[str] = []
        self._address = f"{portal.address}/api/v1/recognitions/"
        self._headers = {"Authorization": f"Api-Key {key}"}
        self._stop = threading.Event()
        self._photos = [path.read_bytes() for path in sorted(SAMPLES.rglob("*.jpg"))[:8]]
        self._threads = [threading.Thread(target=self._send) for _ in range(number)]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with httpx.Client(headers=self._headers, timeout=30) as client:
            number = 0
            while not self._stop.wait(0.05):
                number += 1
                files = {"photo": ("photo.jpg", self._photos[number % len(self._photos)])}
                started = time.monotonic()
                try:
                    response = client.post(self._address, files=files)
                except httpx.TransportError:
                    continue
                self.seconds.append(time.monotonic() - started)
                status = response.status_code
                if status == 503 and "Retry-After" not in response.headers:
                    self.without_a_time_to_come_back += 1
                self.answers[status] = self.answers.get(status, 0) + 1
                if status == 201:
                    self.accepted.append(response.json()["id"])

    def sent(self, more: int) -> None:
        """Wait until that many further photos were accepted."""
        goal = len(self.accepted) + more
        wait_until(lambda: len(self.accepted) >= goal, seconds=60, what=f"{more} accepted photos")

    def p95(self, first: int) -> float:
        """Return what 95 of 100 answers took at most, of those after the first so many."""
        seconds = sorted(self.seconds[first:])
        return seconds[len(seconds) * 95 // 100]

    def are_answered(self) -> bool:
        """Say whether every accepted photo has its answer; who has it is not asked again."""
        with httpx.Client(headers=self._headers, timeout=30) as client:
            while self._left or len(self._known) < len(self.accepted):
                self._left = self._left or [id for id in self.accepted if id not in self._known]
                answer = client.get(f"{self._address}{self._left[-1]}/")
                if answer.status_code != 200 or answer.json()["status"] != "done":
                    return False
                self._known.add(self._left.pop())
        return True


@pytest.fixture
def key(running_portal) -> str:
    made = running_portal.manage(
        "create_api_key", "outages", "--scope", "recognize", "--per-day", "1000000"
    )
    return made["key"]


def kill(portal: Portal, words: str) -> None:
    for process in portal.processes(words):
        os.kill(process, signal.SIGKILL)


def stop_the_database(portal: Portal) -> float:
    """Let PostgreSQL end as in a crash; return how long after its start the portal answers."""
    before = portal.processes("postgres -D")[0]
    os.kill(before, signal.SIGQUIT)
    dsn = DatabaseCluster(portal.data_dir).dsn(OWNER)

    def is_back() -> bool:
        try:
            with psycopg.connect(dsn):
                return not psutil.pid_exists(before)
        except psycopg.OperationalError:
            return False

    wait_until(is_back, seconds=60, what="PostgreSQL to recover")
    started = time.monotonic()
    address = f"{portal.address}/readyz"
    wait_until(lambda: http_status(address) == 200, seconds=60, what="an answer")
    return time.monotonic() - started


@pytest.mark.R4
@pytest.mark.R6
@pytest.mark.R7
def test_no_accepted_photo_stays_without_an_end(running_portal, key, is_long, seen):
    web = running_portal.processes("gunicorn")
    back = []
    with Senders(running_portal, key) as senders:
        senders.sent(more=10)
        for part in ("ml.serving", "celery --quiet", "work_off_jobs"):
            kill(running_portal, part)
            senders.sent(more=10)
        hung = running_portal.processes("ml.serving")
        for process in hung:
            os.kill(process, signal.SIGSTOP)
        # The first ones open the breaker.
        senders.sent(more=12 if is_long else 4)
        opened = len(senders.seconds)
        senders.sent(more=100 if is_long else 1)
        p95, slowest = senders.p95(opened), max(senders.seconds)
        for process in hung:
            os.kill(process, signal.SIGCONT)
        for _ in range(3 if is_long else 1):
            back.append(stop_the_database(running_portal))
            senders.sent(more=10)
    accepted = len(senders.accepted)
    seen("R6", database_stops=len(back), first_answer_s=round(max(back), 1))
    seen("R7", slowest_upload_s=round(slowest, 1), p95_once_open_s=round(p95, 2))
    started = time.monotonic()

    wait_until(senders.are_answered, seconds=60, what="every accepted photo to be answered")

    seen("R4", photos_accepted=accepted, without_an_end=0)
    seen("R7", backlog=accepted, gone_s=round(time.monotonic() - started, 1))
    assert set(senders.answers) <= {201, 503}
    assert senders.without_a_time_to_come_back == 0
    assert len(set(senders.accepted)) == accepted
    assert running_portal.processes("gunicorn") == web
    assert max(senders.seconds) < 8
    if is_long:
        assert slowest <= 3.5 and p95 <= 1 and max(back) <= 5
