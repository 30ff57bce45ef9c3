"""A web server under measurement, and the processor time that its answers take."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from bench.catalogue import database_server
from tests.running import ROOT, free_port, http_status, wait_until

WORKERS = 2
WARM = 6


class Cost(NamedTuple):
    """Processor time of one answer in milliseconds, its time at the client, and its size."""

    processor: float
    wall: float
    kilobytes: float


class WebServer(NamedTuple):
    """Workers of gunicorn and how to ask them."""

    process: psutil.Process
    client: httpx.Client

    def cost_of(self, ask: Callable[[httpx.Client], httpx.Response], *, times: int) -> Cost:
        """Ask one after the other; count what workers and database server spent on it.

        The database server spends nothing on anything else meanwhile.
        """
        for _ in range(WARM):
            ask(self.client).raise_for_status()
        database = database_server()
        walls = []
        before = _spent(self.process) + _spent(database)
        for _ in range(times):
            started = time.perf_counter()
            response = ask(self.client)
            walls.append(time.perf_counter() - started)
            response.raise_for_status()
        spent = _spent(self.process) + _spent(database) - before
        return Cost(
            1000 * spent / times, 1000 * statistics.median(walls), len(response.content) / 1000
        )


@contextmanager
def web_server(
    program: Path, application: str, *, environment: dict[str, str], ready: str
) -> Iterator[WebServer]:
    """Serve a WSGI application by two workers; `ready` is a path that answers 200 or 302."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [program, "-m", "gunicorn", application, f"--workers={WORKERS}", "--log-level=warning"]
        + [f"--bind=127.0.0.1:{port}"],
        cwd=ROOT,
        env=environment,
    )
    try:
        wait_until(
            lambda: http_status(address + ready) in (200, 302) or process.poll() is not None,
            seconds=60,
            what=f"{application} to answer",
        )
        with httpx.Client(base_url=address, timeout=60) as client:
            yield WebServer(psutil.Process(process.pid), client)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _spent(process: psutil.Process) -> float:
    """Return the seconds of processor time of a process and its children, ended ones included."""
    own = process.cpu_times()
    spent = own.user + own.system + own.children_user + own.children_system
    for child in process.children():
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return spent
