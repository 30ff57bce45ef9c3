"""How long until the portal is ready: the web process alone, and all of `make run` again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.rows import Row
from tests.running import (
    ROOT,
    Portal,
    free_port,
    http_status,
    start_portal,
    stop_portal,
    wait_until,
)

DATA_DIR = ROOT / ".gilnun" / "bench"


def run() -> list[Row]:
    """Start the portal, stop it, and start it again with everything in place."""
    with tempfile.TemporaryDirectory() as folder:
        _, process = start_portal(DATA_DIR, log_folder=Path(folder))
        stop_portal(process)
        started = time.monotonic()
        portal, process = start_portal(DATA_DIR, log_folder=Path(folder))
        again = time.monotonic() - started
        try:
            web = web_seconds(portal)
        finally:
            started = time.monotonic()
            stop_portal(process)
            stopping = time.monotonic() - started
    return [
        Row("web process, start to first answer", web, "s", "≤ 5", web <= 5, ""),
        Row("make run, second time, to ready", again, "s", "≤ 20", again <= 20, ""),
        Row("make run, Ctrl-C to the end", stopping, "s", "≤ 15", stopping <= 15, ""),
    ]


def web_seconds(portal: Portal) -> float:
    """Return the seconds a further web server needs beside the running portal."""
    port = free_port()
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "portal.wsgi:application", "--workers=1"]
        + [f"--bind=127.0.0.1:{port}", "--log-level=warning"],
        cwd=ROOT,
        env={**os.environ, **portal.environment, "DJANGO_SETTINGS_MODULE": "portal.settings"},
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        wait_until(lambda: http_status(address) == 200, seconds=60, what="the web server")
        return time.monotonic() - started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
