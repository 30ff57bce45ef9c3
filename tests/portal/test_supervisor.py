"""`make run` as an operator meets it: starting, refusing, restarting, stopping."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from circus.stream import Redirector
from tornado.ioloop import IOLoop

from portal import supervisor
from tests.environment import ROOT, TEST_DATA
from tests.running import free_port_pair, http_status, start_portal, stop_portal, wait_until

pytestmark = pytest.mark.slow


def run_supervisor(**environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "portal.supervisor"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_taken_port_is_refused_in_one_sentence(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        result = run_supervisor(PORT=str(port), GILNUN_DATA_DIR=str(tmp_path / "data"))

    assert result.returncode == 1
    assert f"port {port} cannot be used" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_program_in_a_folder_with_spaces_is_one_word():
    from portal.supervisor import watcher

    described = watcher("web", ["/a folder/bin/python", "-m", "web server"])

    assert shlex.split(described["cmd"]) == ["/a folder/bin/python"]
    assert described["args"] == ["-m", "web server"]


def test_a_full_disk_is_refused_in_one_sentence(tmp_path, monkeypatch, capsys):
    from portal import supervisor

    monkeypatch.setattr(supervisor, "FREE_BYTES_NEEDED", 2**60)
    monkeypatch.setattr(supervisor.settings, "DATA_DIR", tmp_path)

    assert supervisor.main() == 1
    assert "MB are needed" in capsys.readouterr().err


def test_a_second_start_in_the_same_folder_is_refused(running_portal):
    result = run_supervisor(
        PORT=str(free_port_pair()), GILNUN_DATA_DIR=str(running_portal.data_dir)
    )

    assert result.returncode == 1
    assert "already running" in result.stderr


def test_the_ready_line_stands_once_and_names_address_and_sign_in(running_portal):
    lines = [
        line
        for line in running_portal.log.read_text().splitlines()
        if line.startswith("Gilnun is ready")
    ]

    sign_in = "(password: .+|as set before)"
    assert len(lines) == 1
    assert re.fullmatch(
        rf"Gilnun is ready: {running_portal.address}/ \(admin: admin, {sign_in}\)", lines[0]
    )


@pytest.mark.parametrize(
    "words", ["postgres -D", "ml.serving", "celery --quiet", "work_off_jobs", "gunicorn"]
)
def test_what_dies_is_started_again(running_portal, words):
    before = running_portal.processes(words)
    assert before

    os.kill(before[0], signal.SIGKILL)

    wait_until(
        lambda: (
            bool(set(running_portal.processes(words)) - set(before))
            and '"status": "ok"' in ready(running_portal.address)
        ),
        seconds=60,
        what=f"{words} to be back",
    )


def ready(address: str) -> str:
    import urllib.request

    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as response:
            return response.read().decode()
    except OSError:
        return ""


def test_the_pipe_of_the_dead_is_let_go_though_a_child_of_it_holds_it():
    """Its number is then another part's, which could not be started again ("added twice")."""
    said = []

    def part_with(end: int) -> tuple[SimpleNamespace, SimpleNamespace]:
        process = SimpleNamespace(pid=7, pipe_stdout=True, pipe_stderr=False, redirected=False)
        process.stdout = os.fdopen(end, "rb", buffering=0)
        redirector = Redirector(said.append, said.append, loop=loop)
        redirector.start()
        redirector.add_redirections(process)
        return SimpleNamespace(processes={7: process}, stream_redirector=redirector), process

    loop = IOLoop(make_current=False)
    end, held_by_child = os.pipe()
    dead, process = part_with(end)
    os.write(held_by_child, b"last words\n")

    supervisor.let_go(dead, None, "before_reap", process_pid=7)
    process.stdout.close()
    same_end, other = os.pipe()
    living, another = part_with(same_end)
    dead.stream_redirector.start()

    assert same_end == end
    assert [each["data"] for each in said] == [b"last words\n"]
    living.stream_redirector.stop()
    another.stdout.close()
    loop.close()
    for each in (held_by_child, other):
        os.close(each)


def test_a_command_runs_beside_the_portal(running_portal):
    assert running_portal.manage("work_off_jobs")["left"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_child_within_fifteen_seconds(running_portal, tmp_path, number):
    data_dir = TEST_DATA / "stopping"
    # The exported model of the other portal: making it again would take half a minute.
    shutil.copytree(running_portal.data_dir / "models", data_dir / "models", dirs_exist_ok=True)
    portal, process = start_portal(data_dir, log_folder=tmp_path, GILNUN_SEED="none")
    try:
        assert http_status(f"{portal.address}/healthz") == 200
        children = portal.processes("")
        started = time.monotonic()
        process.send_signal(number)
        status = process.wait(timeout=30)
    finally:
        if process.poll() is None:
            stop_portal(process)

    assert status == 0
    assert time.monotonic() - started < 15
    assert children
    assert portal.processes("") == []
