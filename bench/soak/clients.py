"""A client that keeps asking until it is answered, and the log of what it was told."""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Container
from typing import NamedTuple

import httpx

from tests.running import Portal

PATIENCE = 180.0
PAUSE = 0.3
# What the Idempotency-Key of a request says whose first process died with it.
STILL_HELD = "request_in_progress"


class Answer(NamedTuple):
    """One HTTP answer; times are of `time.monotonic`."""

    began: float
    ended: float
    who: str
    what: str
    status: int


class Silence(NamedTuple):
    """A request whose connection ended without an answer."""

    began: float
    ended: float
    who: str
    what: str
    how: str


class Wait(NamedTuple):
    """From the first try of a request to the answer that counted."""

    began: float
    ended: float
    who: str
    what: str


class Log:
    """What all clients saw. Lists are only appended to, so threads may share them."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.silences: list[Silence] = []
        self.waits: list[Wait] = []
        self.faults: list[str] = []
        # What the portal said that it keeps.
        self.annotations: list[tuple[int, int, int, int]] = []  # task, annotation, x, y
        self.skips: set[tuple[int, str]] = set()  # task, reason
        self.photos: dict[str, str] = {}  # receipt: who sent it
        self.edits: list[tuple[int, str]] = []  # landmark, address
        self.bulk_changes: list[tuple[tuple[int, ...], str]] = []  # landmarks, source
        self.published: list[tuple[int, str]] = []  # article, text


class GaveUp(Exception):
    """A request got no answer that counts within the patience of a person."""


class Client(ABC):
    """One person or program. Asks again where a process died or said that it cannot now."""

    who = ""
    # Seconds between two requests, about.
    pause = 0.5

    def __init__(self, portal: Portal, log: Log, chance: random.Random, **options):
        self.log = log
        self.chance = chance
        self.http = httpx.Client(base_url=portal.address, timeout=30, **options)

    def ask(
        self, method: str, path: str, *, what: str, wanted: Container[int] = (200,), **options
    ) -> httpx.Response:
        """Send until there is an answer of a wanted status. Raises GaveUp."""
        first = time.monotonic()
        while time.monotonic() < first + PATIENCE:
            response = self.try_once(method, path, what=what, **options)
            if response is not None and response.status_code in wanted:
                self.log.waits.append(Wait(first, time.monotonic(), self.who, what))
                return response
            if response is not None and not self._may_come_again(response):
                raise GaveUp(f"{method} {path}: {response.status_code} {response.text[:300]}")
            time.sleep(PAUSE * self.chance.uniform(0.5, 1.5))
        raise GaveUp(f"{method} {path}: nothing for {PATIENCE:.0f} s")

    def try_once(self, method: str, path: str, *, what: str, **options) -> httpx.Response | None:
        """Send once; None where no answer came."""
        began = time.monotonic()
        try:
            response = self.http.request(method, path, **options)
        except httpx.TransportError as error:
            self.log.silences.append(
                Silence(began, time.monotonic(), self.who, what, type(error).__name__)
            )
            return None
        status = response.status_code
        self.log.answers.append(Answer(began, time.monotonic(), self.who, what, status))
        if status >= 500 and not (status == 503 and "Retry-After" in response.headers):
            self.log.faults.append(f"{status} from {method} {path}: {response.text[:200]}")
        return response

    @staticmethod
    def _may_come_again(response: httpx.Response) -> bool:
        status = response.status_code
        too_many = status == 429 and "Retry-After" in response.headers
        return status >= 500 or too_many or (status == 409 and STILL_HELD in response.text)

    def work(self, stop: threading.Event) -> None:
        """Work until told to stop; what was begun is finished. What goes wrong is a fault."""
        try:
            while not stop.wait(self.chance.uniform(0.5, 1.5) * self.pause):
                self.once()
        except GaveUp as reason:
            self.log.faults.append(f"{self.who} gave up: {reason}")
        except Exception as error:
            self.log.faults.append(f"{self.who} stumbled: {error!r}")

    @abstractmethod
    def once(self) -> None:
        """Do one thing that such a person does."""
