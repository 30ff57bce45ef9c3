"""The processes of a running portal by what they are, what they hold, and their sudden end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

# As their command lines say; those who look after others are told by having children.
WEB, WEB_PARENT = "web process", "web parent"
WORKER, WORKER_PARENT = "worker process", "worker parent"
SWEEPER, MODEL, BACKEND = "sweeper", "model server", "database backend"
DATABASE, DECODER, SUPERVISOR = "database", "decoding process", "supervisor"
KILLED = (WEB, WEB_PARENT, WORKER, WORKER_PARENT, SWEEPER, MODEL, BACKEND)
EVERY = 2.0
# A new process fills its caches first.
WARM_UP = 90.0
# Two minutes of one process, or of several together: less does not tell a slope.
FEWEST_SAMPLES = 60
# Growth in ten minutes that a process may show by chance.
MOST_PERCENT, MOST_MEGABYTES = 5.0, 8.0
# What one process may hold at any time, however short its life.
MOST_HELD = 700.0


class Kill(NamedTuple):
    at: float
    part: str


class Sample(NamedTuple):
    """Megabytes of one process at a time, without what all backends share."""

    at: float
    part: str
    process: int
    megabytes: float


class Growth(NamedTuple):
    """Of one kind of process: how much it holds, and how that changes in ten minutes.

    least, largest: what that may be where samples scatter by chance.
    """

    part: str
    megabytes: float
    in_ten_minutes: float
    least: float
    largest: float

    @property
    def most(self) -> float:
        """What it may grow in ten minutes, MB."""
        return max(MOST_MEGABYTES, MOST_PERCENT / 100 * self.megabytes)

    @property
    def grown(self) -> bool:
        """Say whether it grows by more, whatever the samples scatter."""
        return self.least > self.most

    @property
    def flat(self) -> bool:
        """Say whether it grows by less, whatever the samples scatter."""
        return self.largest <= self.most

    @property
    def verdict(self) -> str:
        return "**no**" if self.grown else "yes" if self.flat else "too short to tell"


def parts_of(root: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
    """Yield each process of a portal with its name."""
    yield SUPERVISOR, root
    for process in root.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            yield _part(process), process


def _part(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if "decoding_child" in command:
        return DECODER
    for words, parent, child in (
        ("gunicorn", WEB_PARENT, WEB),
        ("celery", WORKER_PARENT, WORKER),
    ):
        if words in command:
            return child if words in " ".join(process.parent().cmdline()) else parent
    if "work_off_jobs" in command:
        return SWEEPER
    if "ml.serving" in command:
        return MODEL
    return BACKEND if "[local]" in command else DATABASE


class Killer:
    """Ends one process a while, each kind in its turn, in an order that the seed says."""

    def __init__(self, root: psutil.Process, chance: random.Random):
        self._root, self._chance = root, chance
        self._next: list[str] = []
        self.kills: list[Kill] = []

    def kill_one(self) -> None:
        if not self._next:
            self._next = self._chance.sample(KILLED, len(KILLED))
        part = self._next.pop()
        found = [process for name, process in parts_of(self._root) if name == part]
        victim = self._chance.choice(found) if found else None
        if victim is None:
            return
        self.kills.append(Kill(time.monotonic(), part))
        with suppress(psutil.NoSuchProcess):
            victim.kill()


class Memory:
    """Reads what every process holds, as long as the `with` lasts."""

    def __init__(self, root: psutil.Process):
        self._root = root
        self.samples: list[Sample] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(EVERY):
            at = time.monotonic()
            for part, process in parts_of(self._root):
                with suppress(OSError, KeyError):  # it ended meanwhile
                    self.samples.append(Sample(at, part, process.pid, _megabytes(process.pid)))

    def growths(self) -> list[Growth]:
        """Return the growth of each kind that lives long enough to tell."""
        kinds = sorted({sample.part for sample in self.samples})
        found = (self._growth(part) for part in kinds)
        return [growth for growth in found if growth is not None]

    def _growth(self, part: str) -> Growth | None:
        """One slope for all processes of a kind, each with a level of its own.

        The middle of the slopes between any two samples of a process (Theil and Sen): what it
        loads at once, when it does something for the first time, is a step and no slope.
        """
        series: dict[int, list[Sample]] = {}
        for sample in self.samples:
            if sample.part == part:
                series.setdefault(sample.process, []).append(sample)
        slopes, levels, length = [], [], 0
        for samples in series.values():
            warm = [sample for sample in samples if sample.at >= samples[0].at + WARM_UP]
            if len(warm) < 10:
                continue
            at = np.array([sample.at for sample in warm])
            held = np.array([sample.megabytes for sample in warm])
            earlier, later = np.triu_indices(len(warm), 1)
            slopes.append((held[later] - held[earlier]) / (at[later] - at[earlier]))
            levels.append(held.mean())
            length += len(warm)
        if length < FEWEST_SAMPLES:
            return None
        slopes = np.concatenate(slopes)
        # Samples follow one another closely: what they scatter counts once a minute at most.
        # Two standard deviations of Kendall's rank correlation, as Sen (1968) has them.
        minutes = max(2.0, length * EVERY / 60)
        beside = np.sqrt((2 * minutes + 5) / (18 * minutes * (minutes - 1))) * 2
        quantiles = np.clip([0.5, 0.5 - beside, 0.5 + beside], 0, 1)
        return Growth(part, float(np.mean(levels)), *(600 * np.quantile(slopes, quantiles)))


def _megabytes(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    values = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Rss")}
    return (int(values["RssAnon"]) + int(values["RssFile"])) / 1024
