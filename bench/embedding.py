"""Describing a catalogue: JPEG files in, embeddings out, as build_reference_index needs them."""

from __future__ import annotations

import time
from pathlib import Path

from bench.model_server import MODELS
from bench.rows import Row
from ml.client import ServingClient
from ml.contract import read_labels
from ml.export import ensure_exported
from ml.pictures import Describer, pictures_below
from ml.serving.process import PROJECT, ModelServerProcess

PROFILE = "lite2"
ROUNDS = 3
LEAST = 40


def run() -> list[Row]:
    """Decode, shrink and describe the drawn pictures through the model server."""
    labels = read_labels(ensure_exported(MODELS, PROFILE))
    files = pictures_below(PROJECT / "ml" / "demo" / "pictures")
    with ModelServerProcess(MODELS) as server:
        client = ServingClient(server.address)
        rates = [_rate(client, labels, files) for _ in range(ROUNDS)]
        client.close()
    best = max(rates)
    return [
        Row(
            f"describing a catalogue, {PROFILE}",
            best,
            "photos/s",
            f"≥ {LEAST}",
            best >= LEAST,
            f"best of {ROUNDS} rounds of {len(files)} pictures, decoded in three threads",
        )
    ]


def _rate(client: ServingClient, labels, files: list[Path]) -> float:
    started = time.perf_counter()
    Describer(client, labels, checksum="", cache=None).embeddings(files)
    return len(files) / (time.perf_counter() - started)
