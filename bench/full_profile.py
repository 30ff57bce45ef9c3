"""The full profile's size on the embedded model server beside TensorFlow's own SavedModel:
ResNet101 at 320 px, an embedding of 512 numbers, 25,000 classes.

The weights are drawn: what they say means nothing, how long it takes is the same. Where the
processor multiplies bfloat16, the model server runs the variant that asks for it (`ml.variants`).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.model_server import OtherRuntime
from bench.rows import Row
from ml.client import ServingClient, ServingReply
from ml.contract import Labels, read_labels
from ml.export_folder import IncompleteExport, checked_labels
from ml.serving.process import PROJECT, ModelServerProcess
from ml.serving.runtimes import has_bfloat16

MODELS = PROJECT / ".gilnun" / "bench" / "full-models"
NAME = "resnet101-drawn"
SIDE, NUMBERS, CLASSES = 320, 512, 25_000
PICTURES = 4
TURNS = 24
# Times TensorFlow's throughput.
WITH_BFLOAT16, WITHOUT = 2.5, 1.2
# Of cosines, and of numbers in a vector of length 1. A bfloat16 has 8 bits before the exponent,
# one in 256; a hundred layers add up to about twice that.
TOLERANCE = {True: 0.02, False: 1e-5}


def run() -> list[Row]:
    """Take turns with the same pictures, so that other programs disturb all alike."""
    fast = has_bfloat16()
    exported = _exported()
    folder = _variant(exported) if fast else exported
    labels = read_labels(folder)
    threads = len(os.sched_getaffinity(0))
    pictures = np.random.default_rng(0).integers(0, 256, (PICTURES, SIDE, SIDE, 3), dtype=np.uint8)
    with (
        ModelServerProcess(MODELS, "--threads", str(threads), start_seconds=300) as server,
        OtherRuntime(
            Path(sys.executable), "bench.saved_model", exported, pictures[:1], threads
        ) as tensorflow,
    ):
        client = ServingClient(server.address)
        times = [
            (_seconds(client, labels, pictures[turn % PICTURES]), tensorflow.seconds())
            for turn in range(TURNS)
        ][2:]
        reply = _ask(client, labels, pictures[0])
        exact = _ask(client, read_labels(exported), pictures[0])
        client.close()
    served, by_tensorflow = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = by_tensorflow / served
    least = WITH_BFLOAT16 if fast else WITHOUT
    difference = float(np.abs(reply.embedding - tensorflow.embedding).max())
    cosines = float(np.abs(reply.scores - exact.scores).max())
    return [
        Row(
            f"ResNet101, {SIDE} px, {NUMBERS} numbers, {CLASSES:,} classes: model server",
            1 / served,
            "pictures/s",
            "",
            None,
            f"{labels.precision}, {threads} threads, {1000 * served:.0f} ms with gRPC",
        ),
        Row(
            "… against TensorFlow's SavedModel",
            ratio,
            "times as fast",
            f"≥ {least}",
            ratio >= least,
            f"TensorFlow {1000 * by_tensorflow:.0f} ms, float32, in its own process without gRPC; "
            + ("this processor has bfloat16" if fast else "this processor has no bfloat16"),
        ),
        Row(
            "… largest difference from TensorFlow",
            difference * 1000,
            "· 10⁻³",
            f"≤ {1000 * TOLERANCE[fast]:g}",
            max(difference, cosines) <= TOLERANCE[fast],
            f"of numbers in a vector of length 1; of the {reply.scores.shape[1]} best cosines "
            f"{1000 * cosines:.1f} · 10⁻³",
        ),
    ]


def _seconds(client: ServingClient, labels: Labels, picture: np.ndarray) -> float:
    started = time.perf_counter()
    _ask(client, labels, picture)
    return time.perf_counter() - started


def _ask(client: ServingClient, labels: Labels, picture: np.ndarray) -> ServingReply:
    return client.predict(
        picture[np.newaxis], model=labels.model, version=labels.version, timeout=60
    )


def _exported() -> Path:
    return _made(MODELS / NAME / "1", "bench.full_profile", str(MODELS))


def _variant(exported: Path) -> Path:
    return _made(
        MODELS / f"{NAME}-bf16" / "1",
        *("ml.export", "--of", str(exported), "--variant", "bf16", "--output", str(MODELS)),
    )


def _made(folder: Path, *command: str) -> Path:
    """A version folder, kept from the run before or made by a module in a process of its own."""
    try:
        checked_labels(folder)
    except IncompleteExport:
        subprocess.run(
            [sys.executable, "-m", *command],
            cwd=PROJECT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return folder


def export(output: Path) -> None:
    """Write the network with drawn weights."""
    import keras

    from ml.contract import ImageSize, ModelClass
    from ml.export_folder import write_export
    from ml.exporting import Exportable
    from ml.models.arcface_head import ArcFaceHead
    from ml.models.network import embedding_network
    from ml.training_config import config_named

    keras.utils.set_random_seed(1)
    config = config_named("resnet101_arcface").with_values({"weights": None})
    head = ArcFaceHead(CLASSES, scale=config.scale, margins=0.0, name="head")
    head.build((None, NUMBERS))
    write_export(
        Exportable(
            NAME,
            config.name,
            1,
            (ImageSize(SIDE, SIDE),),
            embedding_network(config),
            head,
            tuple(ModelClass(f"class-{number}", {}) for number in range(CLASSES)),
        ),
        output,
        1,
    )


if __name__ == "__main__":
    export(Path(sys.argv[1]))
