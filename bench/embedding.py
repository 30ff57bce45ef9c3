"""Describing a catalogue: stored photos in, embeddings in the database, as build_reference_index
does it."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from bench.catalogue import filled_database
from bench.model_server import MODELS
from bench.rows import Row
from ml.contract import DEFAULT_PROFILE, read_labels
from ml.export import ensure_exported
from ml.pictures import pictures_below
from ml.serving.loaded_models import LoadedModel
from ml.serving.process import PROJECT, ModelServerProcess

SMALL = "lite2"
PHOTOS = 240
ROUNDS = 3
LEAST = 40
# As photos are stored (PHOTO_STORED_SIDE), 4:3; the model takes 336 × 448 of it.
STORED = (2048, 1536)
BATCHES = (1, 8, 32)


def run() -> list[Row]:
    """Describe the drawn pictures, enlarged to what is stored, with the small backbone and with
    the default profile."""
    folders = {profile: ensure_exported(MODELS, profile) for profile in (SMALL, DEFAULT_PROFILE)}
    with (
        filled_database(landmarks=0) as database,
        ModelServerProcess(MODELS) as server,
    ):
        environment = database.environment | {"TF_SERVING_ADDRESS": server.address}
        measured = {
            profile: database._replace(environment=environment).call(
                f"{__name__}:{describe_rounds.__name__}", folder=str(folder), server=server.pid
            )
            for profile, folder in folders.items()
        }
    return [
        Row(
            f"describing a catalogue, {profile}",
            measured[profile]["rate"],
            "photos/s",
            f"≥ {LEAST}" if profile == SMALL else "",
            measured[profile]["rate"] >= LEAST if profile == SMALL else None,
            f"best of {ROUNDS} rounds of {PHOTOS} photos of {STORED[0]} × {STORED[1]}; "
            f"{measured[profile]['processor']:.0f} ms of processor time a photo, "
            f"{measured[profile]['server']:.0f} of it the model server's; "
            f"the model alone {_alone(folder)}",
        )
        for profile, folder in folders.items()
    ]


def describe_rounds(folder: str, server: int) -> dict[str, float]:
    """Photos a second of the best round, and processor time of a photo in ms; runs with Django."""
    from django.utils import timezone

    from apps.recognition.describing import describe_photos
    from apps.recognition.models import PhotoEmbedding, ServedModel

    labels = read_labels(Path(folder))
    model = ServedModel.objects.create(
        name=labels.model,
        version=labels.version,
        embedding_size=labels.embedding_size,
        input_sizes=[list(size) for size in labels.input_sizes],
        created_at=timezone.now(),
    )
    photos = _photos()
    describe_photos(photos[:20], model)
    rates, own, servers = [], [], []
    for _ in range(ROUNDS):
        PhotoEmbedding.objects.all().delete()
        before = time.process_time(), _processor(server)
        started = time.perf_counter()
        describe_photos(photos, model)
        rates.append(len(photos) / (time.perf_counter() - started))
        own.append(time.process_time() - before[0])
        servers.append(_processor(server) - before[1])
    a_photo = 1000 / len(photos)
    return {
        "rate": max(rates),
        "processor": min(map(sum, zip(own, servers, strict=True))) * a_photo,
        "server": min(servers) * a_photo,
    }


def _photos() -> list:
    """Stored photos, made once."""
    from django.utils import timezone

    from apps.catalogue.models import License, Photo
    from apps.catalogue.photos import attach_photo

    if not Photo.objects.exists():
        files = pictures_below(PROJECT / "ml" / "demo" / "pictures")[:PHOTOS]
        for number, file in enumerate(files):
            content = _stored(file)
            attach_photo(
                landmark=None,
                content=content,
                sha256=f"{number:064x}",
                license=License.objects.order_by("pk").first(),
                source="bench",
                reference=False,
                at=timezone.now(),
            )
    return list(Photo.objects.order_by("pk"))


def _stored(file: Path) -> bytes:
    made = io.BytesIO()
    with Image.open(file) as picture:
        picture.convert("RGB").resize(STORED).save(made, "JPEG", quality=90)
    return made.getvalue()


def _alone(folder: Path) -> str:
    """How many pictures a second ONNX Runtime describes in this process, by pictures a run."""
    model = LoadedModel(folder, len(os.sched_getaffinity(0)))
    rates = [f"{_rate(model, pictures):.0f} in runs of {pictures}" for pictures in BATCHES]
    return ", ".join(rates)


def _rate(model: LoadedModel, pictures: int) -> float:
    images = np.random.default_rng(0).integers(0, 256, (pictures, 336, 448, 3), dtype=np.uint8)
    seconds = []
    for _ in range(max(3, BATCHES[-1] // pictures)):
        started = time.perf_counter()
        model.run(images, ["embedding"])
        seconds.append(time.perf_counter() - started)
    return pictures / min(seconds)


def _processor(process: int) -> float:
    times = psutil.Process(process).cpu_times()
    return times.user + times.system
