"""Parts that run elsewhere, named by settings only."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import psycopg
import pytest
import yaml

from portal.database_cluster import APPLICATION, OWNER
from tests.environment import CLUSTER, ROOT, TEST_DATA
from tests.running import (
    free_port,
    lay_down_model,
    model_server,
    redis_server,
    start_portal,
    stop_portal,
    wait_until,
)

pytestmark = pytest.mark.slow
RECOGNIZED = 'data-landmark="sungnyemun"'
SECRET = "0123456789 and more of a secret, which has fifty letters."
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
    assert RECOGNIZED in page.text


def test_the_containers_commands_answer_photos_with_the_containers_settings(
    outside_database, exported_model, tmp_path
):
    """As deploy/compose.yaml starts them; setup waits for the model server."""
    roles = (ROOT / "deploy" / "database" / "10-roles.sh").read_text()
    with psycopg.connect(outside_database, autocommit=True) as database:
        for rights in re.findall(r"ALTER DEFAULT PRIVILEGES.+?;", roles, re.S):
            database.execute(rights)
    data_dir = TEST_DATA / "containers"
    shutil.rmtree(data_dir, ignore_errors=True)
    lay_down_model(exported_model, data_dir)
    models, port, serving = data_dir / "models", free_port(), free_port()
    web = httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={
            "Host": "www.example.org",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.9",
        },
        timeout=60,
    )
    with ExitStack() as running:
        running.enter_context(web)
        elsewhere = {
            "DATABASE_URL": CLUSTER.url(APPLICATION, "outside"),
            "DATABASE_OWNER_URL": outside_database,
            "CELERY_BROKER_URL": running.enter_context(redis_server(tmp_path)),
            "REDIS_URL": running.enter_context(redis_server(tmp_path)),
            "TF_SERVING_ADDRESS": f"127.0.0.1:{serving}",
            "GILNUN_SERVED_MODELS_PATH": str(models),
            "GILNUN_DATA_DIR": str(data_dir),
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        }

        def start(name: str) -> subprocess.Popen:
            return running.enter_context(container(name, port, elsewhere))

        setup = start("setup")
        wait_until(
            lambda: (models / "models.config").exists() or setup.poll() is not None,
            seconds=120,
            what="the models to be there",
        )
        assert setup.poll() is None
        with model_server(models, serving):
            assert setup.wait(timeout=240) == 0
            start("web")
            wait_until(lambda: healthy(web), seconds=90, what="an answer")
            ready = web.get("/readyz").json()
            answer = web.get(sent(web))
        later = sent(web)
        with model_server(models, serving):
            start("worker")
            start("sweeper")
            wait_until(
                lambda: RECOGNIZED in web.get(later).text,
                seconds=90,
                what="the workers' answer",
            )

    assert ready["status"] == "ok"
    assert RECOGNIZED in answer.text


def sent(web: httpx.Client) -> str:
    """Send the photo; return where its answer is."""
    return web.post("/recognize/", files={"photo": PHOTO.read_bytes()}).headers["Location"]


@contextmanager
def container(name: str, port: int, elsewhere: dict[str, str]) -> Iterator[subprocess.Popen]:
    """Run the command of a service with its image's and its own settings, and nothing else."""
    deploy = ROOT / "deploy"
    service = yaml.safe_load((deploy / "compose.yaml").read_text())["services"][name]
    image = re.findall(
        r"^(?:ENV|   ) ([A-Z_]+)=(\S+)", (deploy / "Containerfile").read_text(), re.M
    )
    file = re.findall(r"^([A-Z_]+)=(.*)", (deploy / "env.example").read_text(), re.M)
    filled = {
        key: value or "0123456789 of a long secret, 50 letters and more." for key, value in file
    }
    changed = {key: elsewhere.get(key, value) for key, value in service["environment"].items()}
    settings = dict(image) | filled | changed | {"GILNUN_DATA_DIR": elsewhere["GILNUN_DATA_DIR"]}
    settings |= {"PATH": os.environ["PATH"], "GILNUN_SEED": "all"}
    command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in service["command"]]
    process = subprocess.Popen([sys.executable, *command[1:]], cwd=ROOT, env=settings)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def healthy(web: httpx.Client) -> bool:
    try:
        return web.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


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
