"""The embedded model server and its model: exported once, started where nobody started it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from apps.recognition import serving
from apps.recognition.models import ServedModel
from ml.contract import read_labels
from ml.export import ensure_exported

START_SECONDS = 60.0


class ModelChanged(Exception):
    """An export has the name and version of a model that this database knows otherwise."""


def registered_model() -> ServedModel:
    """Return the row of the profile's exported model, making both if missing.

    Raises ModelChanged where the export was made anew under an old number: embeddings
    that are kept would not fit it.
    """
    labels = read_labels(ensure_exported(settings.MODELS_DIR, settings.RECOGNITION_PROFILE))
    described = {
        "embedding_size": labels.embedding_size,
        "input_sizes": [list(size) for size in labels.input_sizes],
    }
    model, _ = ServedModel.objects.get_or_create(
        name=labels.model,
        version=labels.version,
        defaults={**described, "created_at": timezone.now()},
    )
    if any(getattr(model, name) != value for name, value in described.items()):
        raise ModelChanged(
            f"{model} in {settings.MODELS_DIR} is another model than the one this database knows. "
            f"Export it under a new number: python -m ml.export --profile {labels.profile} "
            f"--output {settings.MODELS_DIR} --version {labels.version + 1}"
        )
    return model


@contextmanager
def running_model_server() -> Iterator[ServedModel]:
    """Have a model server for the profile's model while the block runs, and yield its row.

    One that runs already is used as it is; a foreign TF_SERVING_ADDRESS is never started.
    """
    model = registered_model()
    if not settings.EMBEDDED_MODEL_SERVER or serving.answers(
        name=model.name, version=model.version
    ):
        yield model
        return
    process = subprocess.Popen(
        settings.EMBEDDED_MODEL_SERVER_COMMAND,
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait_for(model, process)
        yield model
    finally:
        process.terminate()
        process.wait(timeout=15)


def _wait_for(model: ServedModel, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not serving.answers(name=model.name, version=model.version):
        if process.poll() is not None or time.monotonic() > deadline:
            raise serving.ServingUnavailable("the embedded model server did not start")
        time.sleep(0.1)
