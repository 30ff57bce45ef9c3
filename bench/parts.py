"""One part of the benchmarks, measured in a process of its own."""

from __future__ import annotations

import importlib
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import psutil

from bench.machine import described
from bench.results import Part
from bench.rows import Row


def measure(name: str, *, large: bool) -> Part:
    """Measure one part; one that breaks is a missed row, so that the others are not lost.

    name: a module beside this one. Says on stderr what is being measured.
    """
    busy = psutil.cpu_percent(interval=1.0)
    print(f"Measuring {name} …", file=sys.stderr, flush=True)
    started = time.monotonic()
    try:
        # Each in a process of its own: a process starts with the largest memory of the one that
        # made it, and so what one part needed would be found again in the next.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            rows = alone.submit(rows_of, name, large=large).result()
    except Exception as error:
        traceback.print_exc()
        rows = [
            Row(name, None, "", "to be measured", False, f"{type(error).__name__}: {error}"[:200])
        ]
    day = f"{date.today():%Y-%m-%d}"
    return Part(rows, time.monotonic() - started, busy, described(), day)


def rows_of(name: str, *, large: bool) -> list[Row]:
    """Run one part."""
    module = importlib.import_module(f"bench.{name}")
    return module.run_large() if large else module.run()
