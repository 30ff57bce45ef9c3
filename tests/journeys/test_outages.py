"""Parts stop and start while photos come in; every accepted photo still gets its answer."""

from __future__ import annotations

import os
import signal
import threading
import time

import httpx
import pytest

from tests.environment import ROOT
from tests.running import Portal, wait_until

pytestmark = pytest.mark.slow
SAMPLES = ROOT / "ml" / "demo" / "pictures" / "samples"


class Senders:
    """Partners that send photos until told to stop, and note what was accepted."""

    def __init__(self, portal: Portal, key: str, number: int = 3):
        self.accepted: list[str] = []
        self.answers: dict[int, int] = {}
        self.slowest = 0.0
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
                self.slowest = max(self.slowest, time.monotonic() - started)
                status = response.status_code
                self.answers[status] = self.answers.get(status, 0) + 1
                if status == 201:
                    self.accepted.append(response.json()["id"])

    def sent(self, more: int) -> None:
        """Wait until that many further photos were accepted."""
        goal = len(self.accepted) + more
        wait_until(lambda: len(self.accepted) >= goal, seconds=60, what=f"{more} accepted photos")

    def states(self) -> list[str]:
        """Return the present state of every accepted photo."""
        with httpx.Client(headers=self._headers, timeout=30) as client:
            answers = [client.get(f"{self._address}{id}/") for id in self.accepted]
        return [answer.json().get("status", f"{answer.status_code}") for answer in answers]


@pytest.fixture
def key(running_portal) -> str:
    made = running_portal.manage(
        "create_api_key", "outages", "--scope", "recognize", "--per-day", "1000000"
    )
    return made["key"]


def kill(portal: Portal, words: str) -> None:
    for process in portal.processes(words):
        os.kill(process, signal.SIGKILL)


@pytest.mark.R4
@pytest.mark.R6
@pytest.mark.R7
def test_no_accepted_photo_stays_without_an_end(running_portal, key):
    with Senders(running_portal, key) as senders:
        senders.sent(more=10)
        for part in ("ml.serving", "celery --quiet", "work_off_jobs"):
            kill(running_portal, part)
            senders.sent(more=10)
        hung = running_portal.processes("ml.serving")
        for process in hung:
            os.kill(process, signal.SIGSTOP)
        senders.sent(more=4)
        for process in hung:
            os.kill(process, signal.SIGCONT)
        # PostgreSQL ends at once, as in a crash, and recovers.
        os.kill(running_portal.processes("postgres -D")[0], signal.SIGQUIT)
        senders.sent(more=10)

    wait_until(
        lambda: set(senders.states()) == {"done"},
        seconds=60,
        what="every accepted photo to be answered",
    )
    assert set(senders.answers) <= {201, 503}
    assert senders.slowest < 8
