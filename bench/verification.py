"""Verifying an answer as the worker does: local features of a photo, matched with ten others."""

from __future__ import annotations

import time
from statistics import median

from bench.model_server import MODELS
from bench.rows import Row
from ml.client import ServingClient
from ml.contract import LOCAL_PROFILE, read_labels
from ml.export import ensure_exported
from ml.inference.local_features import StoredFeatures, stored
from ml.inference.local_matching import match
from ml.inference.verification import strongest_served
from ml.pictures import pictures_below, read_pixels
from ml.serving.process import PROJECT, ModelServerProcess

ROUNDS = 3
REFERENCES = 10
MOST_SECONDS = 3.0


def run() -> list[Row]:
    """Through the model server; the references' features are kept, as in the portal."""
    labels = read_labels(ensure_exported(MODELS, LOCAL_PROFILE.name))
    files = pictures_below(PROJECT / "ml" / "demo" / "pictures" / "references")[: REFERENCES + 1]
    with ModelServerProcess(MODELS) as server:
        client = ServingClient(server.address)

        def features(number: int) -> StoredFeatures:
            found = client.local_features(
                read_pixels(files[number], labels),
                model=labels.model,
                version=labels.version,
                timeout=60,
            )
            return stored(strongest_served(found))

        references = [features(number) for number in range(1, REFERENCES + 1)]
        described, matched = [], []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            query = features(0)
            described.append(time.perf_counter() - started)
            for reference in references:
                match(query, reference)
            matched.append(time.perf_counter() - started - described[-1])
        client.close()
    total = median(described) + median(matched)
    return [
        Row(
            f"verifying a photo against {REFERENCES} references",
            total,
            "s",
            f"≤ {MOST_SECONDS:.0f}",
            total <= MOST_SECONDS,
            f"local features {median(described):.2f} s, matching {median(matched):.2f} s, "
            f"median of {ROUNDS}",
        )
    ]
