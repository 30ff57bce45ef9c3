"""The portal and the model server as processes of their own, for tests and measurements."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 300.0


class DidNotHappen(AssertionError):
    """What was waited for did not come about."""


class Portal(NamedTuple):
    """A running `make run`, with everything the product starts."""

    address: str
    port: int
    data_dir: Path
    environment: dict[str, str]
    password: str
    log: Path

    def manage(self, *arguments: str) -> dict:
        """Run a management command beside the portal; return its JSON line."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(result.stdout.splitlines()[-1])

    def processes(self, words: str) -> list[int]:
        """Return the ids of this portal's processes whose command line has these words."""
        found = []
        marker = f"GILNUN_DATA_DIR={self.data_dir}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if words in command and marker in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return sorted(found)


def start_portal(
    data_dir: Path, *, log_folder: Path, **settings: str
) -> tuple[Portal, subprocess.Popen]:
    """Start `make run`'s supervisor on free ports and wait for its line."""
    data_dir.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(data_dir / "media" / "recognition", ignore_errors=True)
    port = free_port_pair()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    environment |= {
        "PORT": str(port),
        "GILNUN_DATA_DIR": str(data_dir),
        "GILNUN_ADMIN_PASSWORD": "a long password for tests",
        "GILNUN_UPLOADS_PER_HOUR": "100000",
        "GILNUN_KEY_PER_MINUTE": "100000",
        "GILNUN_PENDING_UPLOADS": "100000",
        "GILNUN_WEBHOOK_HOSTS": "127.0.0.1",
        **settings,
    }
    log = log_folder / "portal.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.supervisor"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    portal = Portal(
        address=f"http://127.0.0.1:{port}",
        port=port,
        data_dir=data_dir,
        environment=environment,
        password=environment["GILNUN_ADMIN_PASSWORD"],
        log=log,
    )
    try:
        wait_until(
            lambda: "Gilnun is ready" in log.read_text() or process.poll() is not None,
            seconds=START_SECONDS,
            what="the portal to be ready",
        )
    except BaseException:
        stop_portal(process)
        raise
    if process.poll() is not None:
        raise DidNotHappen(f"the portal did not start:\n{log.read_text()[-4000:]}")
    return portal, process


def lay_down_model(exported: Path, data_dir: Path) -> None:
    """Give a new portal the exported model that its set-up would make in half a minute."""
    folder = data_dir / "models" / exported.parent.name
    if not folder.exists():  # one that ran before knows its own
        shutil.copytree(exported, folder / exported.name)


def stop_portal(process: subprocess.Popen) -> int:
    """Stop a portal the way Ctrl-C does; return its exit status."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@contextmanager
def model_server(models: Path, port: int) -> Iterator[str]:
    """Run the embedded model server on a port while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ml.serving", "--models", str(models), "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    try:
        assert process.stdout.readline(), "the model server did not start"
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=15)
        process.stdout.close()


@contextmanager
def redis_server(folder: Path, port: int = 0) -> Iterator[str]:
    """Run Debian's redis-server on a port, or a free one, while the block runs; give its URL."""
    port = port or free_port()
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _listens(port), seconds=20, what="Redis")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=15)


@contextmanager
def web_processes(number: int, **environment: str) -> Iterator[str]:
    """Run so many web processes without the rest of a portal; give their address."""
    address = f"http://127.0.0.1:{free_port()}"
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "portal.wsgi:application", f"--workers={number}"]
        + ["--worker-class=gthread", "--threads=4", "--log-level=warning"]
        + [f"--bind={address.removeprefix('http://')}"],
        cwd=ROOT,
        env=os.environ | environment,
    )
    try:
        wait_until(lambda: http_status(f"{address}/healthz") == 200, seconds=90, what="an answer")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_port_pair() -> int:
    """Return a port that is free together with the one after it."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
        return port


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait for a condition that another process brings about; fail with its name."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise DidNotHappen(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


def http_status(address: str) -> int:
    """Return the status of a GET, 0 when nothing answers."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
