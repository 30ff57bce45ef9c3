"""The embedded model server: what gRPC adds, and ONNX Runtime beside TensorFlow and OpenVINO.

All take turns with the same picture, so that whatever else the machine
does falls on all of them.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.peers import PeersMissing, peers_python
from bench.rows import Row
from ml.client import ServingClient
from ml.contract import DEFAULT_PROFILE, ONNX_FILE, Labels, read_labels
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
    openvino: list[float]


def run() -> list[Row]:
    """Measure the default profile with as many threads as there are cores."""
    folder = ensure_exported(MODELS, DEFAULT_PROFILE)
    labels = read_labels(folder)
    threads = len(os.sched_getaffinity(0))
    picture = _picture(labels)
    local = LoadedModel(folder, threads)
    with ExitStack() as running:
        server = running.enter_context(ModelServerProcess(MODELS, "--threads", str(threads)))
        tensorflow = running.enter_context(
            OtherRuntime(Path(sys.executable), "bench.saved_model", folder, picture, threads)
        )
        try:
            openvino = running.enter_context(
                OtherRuntime(
                    peers_python(), "bench.openvino_model", folder / ONNX_FILE, picture, threads
                )
            )
        except PeersMissing:
            openvino = None
        client = ServingClient(server.address)
        reply = client.predict(picture, model=labels.model, version=labels.version, timeout=10)
        times = _take_turns(client, labels, local, tensorflow, openvino, picture)
        one, eight = (_rate(client, labels, picture, clients) for clients in (1, CLIENTS))
        client.close()
    difference = float(np.abs(reply.embedding - tensorflow.embedding).max())
    return _rows(times, one, eight, difference, f"{labels.profile}, {threads} threads")


def _rows(times: Times, one: float, eight: float, difference: float, setting: str) -> list[Row]:
    served, in_process, tensorflow, openvino = (1000 * statistics.median(part) for part in times)
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
        _beside_openvino(in_process, openvino),
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


def _beside_openvino(in_process: float, openvino: float) -> Row:
    name = "… ONNX Runtime against OpenVINO, f32, both without gRPC"
    if math.isnan(openvino):
        return Row(name, None, "", "", None, "skipped: OpenVINO cannot be installed here")
    return Row(
        name,
        openvino / in_process,
        "times as fast",
        "",
        None,
        f"OpenVINO compiled for this size {openvino:.1f} ms, ONNX Runtime {in_process:.1f} ms",
    )


class OtherRuntime:
    """A module that runs a model in a process of its own, ready to be timed inside a `with`."""

    def __init__(
        self, python: Path, module: str, model: Path, picture: np.ndarray, threads: int
    ) -> None:
        self._command = [str(python), "-m", module, str(model)]
        self._picture, self._threads = picture, threads

    def __enter__(self) -> OtherRuntime:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "picture.npy")
            np.save(file, self._picture)
            self._process = subprocess.Popen(
                [*self._command, str(file), str(self._threads)],
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
    tensorflow: OtherRuntime,
    openvino: OtherRuntime | None,
    picture: np.ndarray,
) -> Times:
    times = Times([], [], [], [])
    for turn in range(TURNS + 10):
        served = _seconds(
            lambda: client.predict(picture, model=labels.model, version=labels.version, timeout=10)
        )
        in_process = _seconds(lambda: local.run(picture))
        by_tensorflow = tensorflow.seconds()
        by_openvino = openvino.seconds() if openvino else math.nan
        if turn >= 10:
            measured = (served, in_process, by_tensorflow, by_openvino)
            for kept, seconds in zip(times, measured, strict=True):
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
