"""Parts that run elsewhere, named by settings only."""

import os
import shutil
import subprocess
import sys

import httpx
import psycopg
import pytest

from portal.database_cluster import OWNER
from tests.environment import CLUSTER, ROOT, TEST_DATA
from tests.running import free_port, model_server, start_portal, stop_portal

pytestmark = pytest.mark.slow
PHOTO = ROOT / "ml" / "demo" / "pictures" / "samples" / "sungnyemun" / "sungnyemun-10.jpg"


@pytest.fixture
def outside_database():
    """Make an empty database of a server that `make run` did not start."""
    name = "outside"
    with psycopg.connect(CLUSTER.dsn(OWNER, "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        yield CLUSTER.url(OWNER, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_database_and_model_server_may_run_elsewhere(outside_database, running_portal, tmp_path):
    data_dir = TEST_DATA / "outside"
    models = running_portal.data_dir / "models"
    shutil.copytree(models, data_dir / "models", dirs_exist_ok=True)
    with model_server(models, free_port()) as address:
        portal, process = start_portal(
            data_dir,
            log_folder=tmp_path,
            DATABASE_URL=outside_database,
            TF_SERVING_ADDRESS=address,
        )
        try:
            own = [portal.processes(words) for words in ("postgres -D", "ml.serving")]
            ready = httpx.get(f"{portal.address}/readyz").json()
            with PHOTO.open("rb") as photo:
                page = httpx.post(
                    f"{portal.address}/recognize/", files={"photo": photo}, follow_redirects=True
                )
        finally:
            stop_portal(process)

    assert own == [[], []]
    assert ready["status"] == "ok"
    assert 'data-landmark="sungnyemun"' in page.text


def test_media_may_lie_on_s3():
    script = (
        "import django; django.setup()\n"
        "from django.core.files.storage import default_storage as storage\n"
        "print(type(storage._wrapped or storage).__name__, storage.bucket_name, storage.location)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "GILNUN_MEDIA": "s3://photos-of-korea/portal",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        },
        capture_output=True,
        text=True,
    )

    assert result.stdout.split()[1:] == ["photos-of-korea", "portal"], result.stderr
