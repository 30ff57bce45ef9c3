"""The embedded model server as a child process: for evaluation, tests and benchmarks."""

import subprocess
import sys
import threading
from pathlib import Path

READY = "Model server is ready: "
PROJECT = Path(__file__).resolve().parent.parent.parent


class ServerDidNotStart(Exception):
    """The model server ended, or said nothing in time."""


class ModelServerProcess:
    """Serves a folder of models on a free loopback port inside a `with`.

    `address` is host:port. Raises ServerDidNotStart.
    """

    def __init__(self, models: Path, *options: str, start_seconds: float = 60.0) -> None:
        self._command = [sys.executable, "-m", "ml.serving", "--models", str(models), *options]
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> "ModelServerProcess":
        self._process = subprocess.Popen(
            [*self._command, "--port", "0"], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        too_late = threading.Timer(self._start_seconds, self._process.kill)
        too_late.start()
        line = self._process.stdout.readline()
        too_late.cancel()
        if not line.startswith(READY):
            self.__exit__()
            raise ServerDidNotStart(" ".join(self._command))
        self.address = line.removeprefix(READY).split()[0]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=15)
        self._process.stdout.close()
