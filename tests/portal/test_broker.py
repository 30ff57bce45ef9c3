"""Another broker, or none at all: photos that the web process left are answered all the same."""

import os
import shutil
import signal
import time

import httpx
import pytest

from tests.environment import ROOT, TEST_DATA
from tests.running import Portal, free_port, start_portal, stop_portal, wait_until

pytestmark = pytest.mark.slow
PHOTO = ROOT / "ml" / "demo" / "pictures" / "samples" / "sungnyemun" / "sungnyemun-10.jpg"


@pytest.fixture
def nobody() -> str:
    return f"redis://127.0.0.1:{free_port()}/0"


def answer_left_to_the_workers(portal: Portal) -> float:
    """Let the model server hang for one upload; return how long its answer took afterwards."""
    hanging = portal.processes("ml.serving")
    for process in hanging:
        os.kill(process, signal.SIGSTOP)
    try:
        with PHOTO.open("rb") as photo:
            answered = httpx.post(f"{portal.address}/recognize/", files={"photo": photo})
    finally:
        for process in hanging:
            os.kill(process, signal.SIGCONT)
    address = f"{portal.address}{answered.headers['Location']}"
    started = time.monotonic()

    def done() -> bool:
        answer = httpx.get(address, headers={"Accept": "application/json"})
        return answer.json()["status"] == "done"

    wait_until(done, seconds=60, what="the answer")
    return time.monotonic() - started


@pytest.mark.R5
@pytest.mark.parametrize("broker", ["redis", "nobody"])
def test_a_photo_is_answered_with(broker, request, running_portal, tmp_path):
    data_dir = TEST_DATA / "broker"
    shutil.copytree(running_portal.data_dir / "models", data_dir / "models", dirs_exist_ok=True)
    portal, process = start_portal(
        data_dir, log_folder=tmp_path, CELERY_BROKER_URL=request.getfixturevalue(broker)
    )
    try:
        seconds = answer_left_to_the_workers(portal)
    finally:
        stop_portal(process)

    # The sweeper does a job itself only after 15 s: before that it was the worker's.
    assert seconds < 12 if broker == "redis" else seconds < 30
