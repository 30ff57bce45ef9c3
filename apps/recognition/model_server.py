"""Which exported models the model server serves; the embedded one, started where nobody did."""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.recognition import serving
from apps.recognition.models import ServedModel
from apps.recognition.verifying import local_export
from ml.contract import LOCAL_PROFILE, SIGNATURE_NAME, Labels, read_labels
from ml.export import ensure_exported
from ml.export_folder import IncompleteExport, checked_labels, checksum, version_folders
from ml.model_config import CANARY, CONFIG_FILE, STABLE, ConfiguredModel, config_text

START_SECONDS = 60.0
Stage = ServedModel.Stage


class ModelChanged(Exception):
    """An export has the name and version of a model that this database knows otherwise."""


class NoSuchExport(Exception):
    """There is no such exported model, or it is not whole."""


def registered_model() -> ServedModel:
    """Return the row of the profile's exported model, making both if missing.

    Raises ModelChanged where the export was made anew under an old number: embeddings
    that are kept would not fit it.
    """
    return _registered(ensure_exported(settings.MODELS_DIR, settings.RECOGNITION_PROFILE))


def add_local_model() -> None:
    """Export the local features that verification asks, where it is wanted and they are missing."""
    if settings.VERIFY_MATCHES:
        ensure_exported(settings.MODELS_DIR, LOCAL_PROFILE.name)


def register_export(name: str, version: int | None = None) -> ServedModel:
    """Return the row of an export in the models folder, the newest without a version.

    Raises NoSuchExport, also where it is damaged, and ModelChanged.
    """
    folders = version_folders(settings.MODELS_DIR, name)
    folder = next((each for each in folders if version in (None, int(each.name))), None)
    if folder is None:
        wanted = f"{name} {version}" if version else name
        raise NoSuchExport(f"There is no exported {wanted} in {settings.MODELS_DIR}.")
    try:
        labels = checked_labels(folder)
    except IncompleteExport as reason:
        raise NoSuchExport(str(reason)) from reason
    if labels.signature != SIGNATURE_NAME:
        raise NoSuchExport(f"{name} describes details of pictures; it cannot name landmarks.")
    return _registered(folder)


def _registered(folder: Path) -> ServedModel:
    labels = read_labels(folder)
    described = {
        "embedding_size": labels.embedding_size,
        "input_sizes": [list(size) for size in labels.input_sizes],
    }
    model, _ = ServedModel.objects.get_or_create(
        name=labels.model,
        version=labels.version,
        defaults={**described, "checksum": checksum(folder), "created_at": timezone.now()},
    )
    known = model.checksum in ("", checksum(folder))
    if not known or any(getattr(model, name) != value for name, value in described.items()):
        raise ModelChanged(
            f"{model} in {settings.MODELS_DIR} is another model than the one this database knows. "
            f"Export it under a new number: python -m ml.export --profile {labels.profile} "
            f"--output {settings.MODELS_DIR} --version {labels.version + 1}"
        )
    return model


def unregistered_exports(models: Path) -> list[dict]:
    """Return the exported versions that no row names yet, each with model and version."""
    known = set(ServedModel.objects.values_list("name", "version"))
    names = sorted(folder.name for folder in models.iterdir()) if models.is_dir() else []
    return [
        {"model": name, "version": int(folder.name)}
        for name in names
        for folder in version_folders(models, name)
        if name != LOCAL_PROFILE.model_name and (name, int(folder.name)) not in known
    ]


def labels_of(model: ServedModel) -> Labels:
    """Return what an exported model says of itself."""
    return read_labels(_folder_of(model))


def _folder_of(model: ServedModel) -> Path:
    return settings.MODELS_DIR / model.name / str(model.version)


def answering_model() -> ServedModel:
    """Return the model that answers; before there is one, that of the settings' profile."""
    return ServedModel.objects.filter(stage=Stage.STABLE).first() or registered_model()


# models.config


def configured_models(*also: ServedModel) -> list[ConfiguredModel]:
    """Return what the model server is to load: what answers, what is compared, what may come back.

    also: models that are about to be used.
    """
    kept = Q(stage__in=[Stage.STABLE, Stage.CANARY]) | Q(indexes__isnull=False)
    wanted = kept | Q(pk__in=[model.pk for model in also])
    versions: dict[str, list[int]] = defaultdict(list)
    labels: dict[str, dict[str, int]] = defaultdict(dict)
    folder = settings.SERVED_MODELS_PATH or settings.MODELS_DIR
    for model in ServedModel.objects.filter(wanted).distinct().order_by("name", "version"):
        if settings.EMBEDDED_MODEL_SERVER and not _folder_of(model).is_dir():
            continue  # removed by hand; the others must be served all the same
        versions[model.name].append(model.version)
        for stage, label in ((Stage.STABLE, STABLE), (Stage.CANARY, CANARY)):
            if model.stage == stage:
                labels[model.name][label] = model.version
    local = local_export()
    if local is not None:
        versions[LOCAL_PROFILE.model_name].append(int(local.name))
    return [
        ConfiguredModel(name, str(Path(folder) / name), tuple(numbers), labels[name])
        for name, numbers in versions.items()
    ]


def write_config(*also: ServedModel) -> list[ConfiguredModel]:
    """Write models.config, whole or not at all; return what it says."""
    models = configured_models(*also)
    target = settings.MODELS_DIR / CONFIG_FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{CONFIG_FILE}.new")
    new.write_text(config_text(models), encoding="utf-8")
    new.replace(target)
    return models


def let_serve(*also: ServedModel) -> bool:
    """Write models.config and let a running model server follow it; say whether one did.

    Labels come second: TensorFlow Serving gives none to a version that it has not loaded yet.
    """
    models = write_config(*also)
    unlabelled = [model._replace(labels={}) for model in models]
    try:
        for step in (unlabelled, models):
            serving.reload(step, seconds=START_SECONDS)
    except serving.ServingError:
        return False
    return True


@contextmanager
def running_model_server(
    model: ServedModel | None = None, *, patience: float = 0.0
) -> Iterator[ServedModel]:
    """Have a model server for a model while the block runs, and yield its row.

    Without a model it is the one that answers. A server that runs already is told to load it;
    a foreign TF_SERVING_ADDRESS is never started, but waited for as many seconds as `patience`:
    in an installation of many parts it may start only now. Raises ServingUnavailable.
    """
    model = model or answering_model()
    if serving.answers(name=model.name, version=model.version):
        yield model
        return
    reached = let_serve(model)
    if reached or not settings.EMBEDDED_MODEL_SERVER:
        if patience and not reached:
            _wait_for(model, seconds=patience)
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


def _wait_for(
    model: ServedModel, process: subprocess.Popen | None = None, *, seconds: float = START_SECONDS
) -> None:
    deadline = time.monotonic() + seconds
    while not serving.answers(name=model.name, version=model.version):
        if (process and process.poll() is not None) or time.monotonic() > deadline:
            raise serving.ServingUnavailable(
                f"no model server at {settings.TF_SERVING_ADDRESS} serves {model}"
            )
        time.sleep(0.1)
