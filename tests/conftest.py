"""What tests share: settings, data, and the real parts they run against."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from tests.environment import ROOT, TEST_DATA
from tests.object_storage import object_storage
from tests.running import (
    Portal,
    free_port,
    model_server,
    redis_server,
    start_portal,
    stop_portal,
)


@pytest.fixture(autouse=True)
def first_language() -> Iterator[None]:
    """Begin each test in the first language: a request in another one leaves it active."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def in_english() -> Iterator[None]:
    """Let messages come in the language they were written in."""
    with translation.override("en"):
        yield


def shared_folder() -> Path:
    """Return the folder of data that lies beside the project, or skip the test."""
    folder = Path(os.environ.get("GILNUN_SHARED_DIR", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("needs the data beside the project (GILNUN_SHARED_DIR), which is not here")
    return folder


@pytest.fixture
def shared_data() -> Path:
    return shared_folder() / "data"


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path) -> None:
    """Give each test its own media folder and plain static names."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Where an S3-compatible service with a bucket answers."""
    with object_storage() as address:
        yield address


@pytest.fixture(scope="session")
def exported_model() -> Path:
    """The export of the default profile, made once for all tests that only use it."""
    from ml.contract import DEFAULT_PROFILE
    from ml.export import ensure_exported

    return ensure_exported(TEST_DATA / "models", DEFAULT_PROFILE)


@pytest.fixture(scope="session")
def tiny_model_server() -> Iterator[str]:
    """Serve the tiny model with the embedded server; yield its host:port."""
    from ml.export import ensure_exported

    models = TEST_DATA / "models"
    ensure_exported(models, "tiny")
    port = free_port()
    with model_server(models, port) as address:
        yield address


@pytest.fixture
def model_settings(settings, tiny_model_server) -> None:
    """Let the portal's code ask the tiny model."""
    settings.MODELS_DIR = TEST_DATA / "models"
    settings.RECOGNITION_PROFILE = "tiny"
    settings.TF_SERVING_ADDRESS = tiny_model_server
    settings.EMBEDDED_MODEL_SERVER = False


@pytest.fixture(scope="session")
def running_portal(tmp_path_factory) -> Iterator[Portal]:
    """Start the whole portal with the demo set, once for all tests that use it."""
    portal, process = start_portal(TEST_DATA / "portal", log_folder=tmp_path_factory.mktemp("run"))
    yield portal
    stop_portal(process)


@pytest.fixture
def redis(tmp_path) -> Iterator[str]:
    """Start a Redis that forgets everything when it stops; yield its URL."""
    if shutil.which("redis-server") is None:
        pytest.skip("needs redis-server (Debian: apt-get install redis-server), which is not here")
    with redis_server(tmp_path) as url:
        yield url
