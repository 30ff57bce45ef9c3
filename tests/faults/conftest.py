"""A portal of several web processes that may be hurt."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.database_cluster import OWNER, DatabaseCluster
from tests.environment import TEST_DATA
from tests.running import Portal, free_port, start_portal, stop_portal, wait_until

WEB_PROCESSES = 4


class Redis:
    """Debian's redis-server, which forgets everything when it stops."""

    def __init__(self, program: str, folder: Path):
        self._port = free_port()
        self._command = [program, "--port", str(self._port), "--save", "", "--dir", str(folder)]
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, seconds=20, what="Redis")

    def _answers(self) -> bool:
        try:
            return self._ask("PING") == b"+PONG"
        except OSError:
            return False

    def _ask(self, command: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self._port), timeout=5) as line:
            line.sendall(f"{command}\r\n".encode())
            return line.recv(100).strip()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=15)


@pytest.fixture
def redis(tmp_path) -> Iterator[Redis]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server (Debian: apt-get install redis-server), which is not here")
    server = Redis(program, tmp_path)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def busy_portal(tmp_path_factory) -> Iterator[Portal]:
    portal, process = start_portal(
        TEST_DATA / "faults",
        log_folder=tmp_path_factory.mktemp("faults"),
        GILNUN_WEB_PROCESSES=str(WEB_PROCESSES),
        GILNUN_SEED="catalogue",
    )
    yield portal
    stop_portal(process)


@pytest.fixture
def database(busy_portal: Portal) -> Iterator[psycopg.Connection]:
    """Look into the portal's database, past the portal."""
    with psycopg.connect(DatabaseCluster(busy_portal.data_dir).dsn(OWNER), autocommit=True) as made:
        yield made
