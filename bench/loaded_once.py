"""A network built for every photo, the way it was done before, beside a model loaded once.

Both begin with a JPEG file and end with classes or a vector, without HTTP and database; they take
turns. The model server is the portal's, with its default profile.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from bench.model_server import MODELS
from bench.photo_to_answer import SAMPLE, resident_megabytes
from bench.rows import Row
from ml.client import ServingClient
from ml.contract import DEFAULT_PROFILE, Labels, read_labels
from ml.export import ensure_exported
from ml.inference.preparing import fit_to_model_size
from ml.serving.process import PROJECT, ModelServerProcess

TURNS = 12
OURS_A_TURN = 10
TIMES_APART = 40
MOST_GROWTH = 5


class Measured(NamedTuple):
    """Seconds of each answer, and megabytes after the first turn and after the last."""

    seconds: list[float]
    first: float
    last: float

    @property
    def growth(self) -> float:
        return 100 * (self.last - self.first) / self.first

    @property
    def memory(self) -> str:
        return f"{self.first:.0f} → {self.last:.0f} MB over {len(self.seconds)} photos"


def run() -> list[Row]:
    """Let both answer in turns."""
    labels = read_labels(ensure_exported(MODELS, DEFAULT_PROFILE))
    with (
        tempfile.TemporaryDirectory() as folder,
        NetworkEachTime(Path(folder, "network.weights.h5")) as theirs,
        ModelServerProcess(MODELS) as server,
    ):
        client = ServingClient(server.address)
        for _ in range(OURS_A_TURN):
            ask(client, labels)
        built, served, sizes, held = [], [], [], []
        for _ in range(TURNS):
            seconds, megabytes = theirs.answer()
            built.append(seconds)
            sizes.append(megabytes)
            served += [ask(client, labels) for _ in range(OURS_A_TURN)]
            held.append(resident_megabytes(server.pid))
        client.close()
    return rows(Measured(built, sizes[0], sizes[-1]), Measured(served, held[0], held[-1]))


def rows(built: Measured, served: Measured) -> list[Row]:
    before, now = statistics.median(built.seconds), statistics.median(served.seconds)
    return [
        Row("a network built for each photo, JPEG to classes", before, "s", "", None, built.memory),
        Row(
            "… the model server, JPEG to vector, times as fast",
            before / now,
            "×",
            f"≥ {TIMES_APART}",
            before / now >= TIMES_APART,
            f"{1000 * now:.1f} ms",
        ),
        Row(
            "… growth of the model server",
            served.growth,
            "%",
            f"≤ {MOST_GROWTH}",
            served.growth <= MOST_GROWTH,
            f"{served.memory}; the other one {built.growth:+.0f} %",
        ),
    ]


def ask(client: ServingClient, labels: Labels) -> float:
    """Return the seconds from the file to the vector."""
    started = time.perf_counter()
    with Image.open(SAMPLE) as image:
        pixels = fit_to_model_size(image.convert("RGB"), labels.input_sizes)
    client.predict(pixels, model=labels.model, version=labels.version, timeout=10)
    return time.perf_counter() - started


class NetworkEachTime:
    """`bench.network_each_time` inside a `with`."""

    def __init__(self, weights: Path) -> None:
        self._weights = weights

    def __enter__(self) -> NetworkEachTime:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.network_each_time", str(self._weights)],
            cwd=PROJECT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._process.stdout.readline()
        return self

    def answer(self) -> tuple[float, float]:
        """Return the seconds of one answer, and the megabytes of the process after it."""
        print(SAMPLE, file=self._process.stdin, flush=True)
        seconds, megabytes = self._process.stdout.readline().split()
        return float(seconds), float(megabytes)

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)
