"""The embedded model server: what gRPC adds, and the default profile against TensorFlow.

All three take turns with the same picture, so that whatever else the machine
does falls on all of them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.rows import Row
from ml.client import ServingClient
from ml.contract import DEFAULT_PROFILE, Labels, read_labels
from ml.export import ensure_exported
from ml.serving.loaded_models import LoadedModel
from ml.serving.process import PROJECT, ModelServerProcess

MODELS = PROJECT / ".gilnun" / "bench" / "models"
TURNS = 150
CLIENTS = 8
# Of numbers in a vector of length 1: float32 sums in another order.
TOLERANCE = 1e-5


class Times(NamedTuple):
    """Seconds of each turn."""

    served: list[float]
    in_process: list[float]
    tensorflow: list[float]


def run() -> list[Row]:
    """Measure the default profile with as many threads as there are cores."""
    folder = ensure_exported(MODELS, DEFAULT_PROFILE)
    labels = read_labels(folder)
    threads = len(os.sched_getaffinity(0))
    picture = _picture(labels)
    local = LoadedModel(folder, threads)
    with (
        ModelServerProcess(MODELS, "--threads", str(threads)) as server,
        SavedModelProcess(folder, picture, threads) as tensorflow,
    ):
        client = ServingClient(server.address)
        reply = client.predict(picture, model=labels.model, version=labels.version, timeout=10)
        times = _take_turns(client, labels, local, tensorflow, picture)
        one, eight = (_rate(client, labels, picture, clients) for clients in (1, CLIENTS))
        client.close()
    difference = float(np.abs(reply.embedding - tensorflow.embedding).max())
    return _rows(times, one, eight, difference, f"{labels.profile}, {threads} threads")


def _rows(times: Times, one: float, eight: float, difference: float, setting: str) -> list[Row]:
    served, in_process, tensorflow = (1000 * statistics.median(part) for part in times)
    overhead = 1000 * statistics.median(
        [over - run for over, run in zip(times.served, times.in_process, strict=True)]
    )
    ratio = tensorflow / served
    return [
        Row("model server, Predict p50", served, "ms", "", None, setting),
        Row(
            "… of which gRPC",
            overhead,
            "ms",
            "≤ 3",
            overhead <= 3,
            f"against the same ONNX file in this process, {in_process:.1f} ms",
        ),
        Row(
            "… against TensorFlow's SavedModel",
            ratio,
            "times as fast",
            "≥ 1",
            ratio >= 1,
            f"TensorFlow in its own process, without gRPC: {tensorflow:.1f} ms",
        ),
        Row(
            "… largest difference from TensorFlow",
            difference * 1e6,
            "· 10⁻⁶",
            "≤ 10",
            difference <= TOLERANCE,
            "of numbers in a vector of length 1",
        ),
        Row(
            f"… {CLIENTS} clients at once",
            eight,
            "pictures/s",
            "",
            None,
            f"one client {one:.1f} pictures/s",
        ),
    ]


class SavedModelProcess:
    """`bench.saved_model`, ready to be timed inside a `with`."""

    def __init__(self, folder: Path, picture: np.ndarray, threads: int) -> None:
        self._folder, self._picture, self._threads = folder, picture, threads

    def __enter__(self) -> SavedModelProcess:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "picture.npy")
            np.save(file, self._picture)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.saved_model"]
                + [str(self._folder), str(file), str(self._threads)],
                cwd=PROJECT,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self.embedding = np.array(json.loads(self._process.stdout.readline()))
        return self

    def seconds(self) -> float:
        """The seconds of one prediction."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)


def _picture(labels: Labels) -> np.ndarray:
    size = labels.input_sizes[3]
    noise = np.random.default_rng(0)
    return noise.integers(0, 256, (1, size.height, size.width, 3), dtype=np.uint8)


def _take_turns(
    client: ServingClient,
    labels: Labels,
    local: LoadedModel,
    tensorflow: SavedModelProcess,
    picture: np.ndarray,
) -> Times:
    times = Times([], [], [])
    for turn in range(TURNS + 10):
        served = _seconds(
            lambda: client.predict(picture, model=labels.model, version=labels.version, timeout=10)
        )
        in_process = _seconds(lambda: local.run(picture))
        by_tensorflow = tensorflow.seconds()
        if turn >= 10:
            for kept, seconds in zip(times, (served, in_process, by_tensorflow), strict=True):
                kept.append(seconds)
    return times


def _seconds(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _rate(client: ServingClient, labels: Labels, picture: np.ndarray, clients: int) -> float:
    """Pictures a second."""
    together = threading.Barrier(clients)

    def send(count: int) -> None:
        together.wait()
        for _ in range(count):
            client.predict(picture, model=labels.model, version=labels.version, timeout=30)

    each = TURNS // clients
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(send, [each] * clients))
    return each * clients / (time.perf_counter() - started)
