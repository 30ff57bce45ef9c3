"""`make run`: every process of the portal on this machine, in order, under one log.

Circus starts them, restarts what dies and stops them; this module says what they are.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import psutil
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.data_dir import make_data_dir
from portal.database_cluster import STOP_SIGNAL
from portal.server_programs import ClusterUnavailable

with warnings.catch_warnings():
    # Circus imports modules that newer Pythons rename.
    warnings.simplefilter("ignore")
    from circus import get_arbiter

FREE_BYTES_NEEDED = 512 * 1024 * 1024
STOP_SECONDS = 10
# Photos come and go in several threads. glibc would keep their memory: each thread its own,
# and large blocks too once some were freed. So: few arenas, large blocks straight from and
# to the system, and no idle threads of the linear algebra.
WEB_MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "524288",
    "MALLOC_TRIM_THRESHOLD_": "524288",
    "OPENBLAS_NUM_THREADS": "1",
}
# Whoever turns the access log on gets paths without what follows the "?": keys may stand there.
SERVER_LOG = ["--logger-class=portal.server_log.ServerLog"]
SERVER_LOG += ['--access-logformat=%(h)s "%(m)s %(U)s" %(s)s %(b)s']
COLOURS = {"database": 36, "model": 35, "worker": 33, "sweeper": 34, "web": 32, "setup": 37}


class CannotRun(Exception):
    """The portal cannot start here; the message says what to do."""


class Log:
    """One readable log: time, part, line."""

    _lock = threading.Lock()

    def __init__(self, part: str):
        self.part = part
        self._rest = b""

    def __call__(self, data: dict) -> None:
        *lines, self._rest = (self._rest + data["data"]).split(b"\n")
        for line in lines:
            self.write(line.decode(errors="replace"))

    def write(self, text: str) -> None:
        if settings.LOG_FORMAT == "json":
            with self._lock:
                print(json_line(self.part, text), flush=True)
            return
        part = f"{self.part:<8}"
        if sys.stdout.isatty():
            part = f"\x1b[{COLOURS[self.part]}m{part}\x1b[0m"
        with self._lock:
            print(time.strftime("%H:%M:%S"), part, "|", text, flush=True)

    def close(self) -> None:
        if self._rest:
            self.write(self._rest.decode(errors="replace"))
            self._rest = b""


def json_line(part: str, text: str) -> str:
    """Return a line of a part as one object; what is one already is told its part."""
    try:
        known = json.loads(text)
    except ValueError:
        known = None
    if not isinstance(known, dict):
        known = {"time": datetime.now(UTC).isoformat(), "message": text}
    return json.dumps({"part": part} | known, ensure_ascii=False)


def main() -> int:
    try:
        make_data_dir(settings.DATA_DIR)
        with only_one():
            count_together()
            check_machine()
            password = set_up()
            return supervise(password)
    except (CannotRun, ClusterUnavailable, ImproperlyConfigured) as reason:
        print(f"Gilnun cannot start: {reason}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 0


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the checkout's lock. Raises CannotRun when another `make run` has it."""
    with (settings.DATA_DIR / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(f"it is already running with {settings.DATA_DIR}.") from None
        yield


def count_together() -> None:
    """Let the processes of this run count in files of one folder, which `/metrics` adds up."""
    folder = settings.DATA_DIR / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def check_machine() -> None:
    """Raise CannotRun where a port is taken or the disk is full."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < FREE_BYTES_NEEDED:
        raise CannotRun(
            f"the disk of {settings.DATA_DIR} has {free // 2**20} MB left; "
            f"{FREE_BYTES_NEEDED // 2**20} MB are needed."
        )
    wanted = [(settings.BIND, settings.PORT, "PORT")]
    if settings.EMBEDDED_MODEL_SERVER:
        wanted.append(("127.0.0.1", settings.PORT + 1, "PORT, which the model server follows"))
    for host, port, setting in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotRun(
                    f"port {port} cannot be used ({error.strerror}). "
                    f"Stop what uses it, or choose another {setting}: PORT=8100 make run"
                ) from None


def set_up() -> str | None:
    """Run the set-up command; return the administrator's password if it was made just now."""
    log = Log("setup")
    with settings.CLUSTER.in_use() if settings.EMBEDDED_DATABASE else nullcontext():
        command = subprocess.Popen(
            [sys.executable, "manage.py", "set_up"],
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        last = ""
        for line in command.stdout:
            last = line.strip()
            if not last.startswith('{"password"'):
                log.write(last)
        if command.wait():
            raise CannotRun("the set-up failed; its last lines above say why.")
    return json.loads(last)["password"]


def supervise(password: str | None) -> int:
    """Run the processes until SIGINT or SIGTERM; return the exit status."""
    # Circus reports its own housekeeping as warnings; the parts' lines are what matters.
    for name in ("circus", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    runtime = Path(tempfile.mkdtemp(prefix="gilnun-run-"))
    try:
        with settings.CLUSTER.supervised() if settings.EMBEDDED_DATABASE else nullcontext() as up:
            arbiter = get_arbiter(
                list(watchers(up)),
                controller=f"ipc://{runtime}/controller",
                pubsub_endpoint=f"ipc://{runtime}/events",
                check_delay=0.5,
            )
            threading.Thread(target=announce, args=(password,), daemon=True).start()
            arbiter.start()
    finally:
        end_leftovers()
        shutil.rmtree(runtime, ignore_errors=True)
    if failures:
        raise CannotRun(failures[0])
    return 0


def end_leftovers() -> None:
    """End processes that circus lost sight of: one killed while its successor was starting."""
    left = psutil.Process().children(recursive=True)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(left, timeout=3)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def watchers(database_is_up: Callable[[], None] | None) -> Iterator[dict]:
    """Yield circus's description of each process, in the order of their start."""
    python = sys.executable
    if settings.EMBEDDED_DATABASE:
        account = settings.CLUSTER.running_as()
        switch = {"uid": account.pw_uid, "gid": account.pw_gid} if account else {}

        def wait_for_database(**_) -> bool:
            try:
                database_is_up()
            except ClusterUnavailable as reason:
                stop_for(str(reason))
                return False
            return True

        yield watcher(
            "database",
            settings.CLUSTER.command(),
            stop_signal=STOP_SIGNAL,
            working_dir="/",
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            hooks={"after_start": (wait_for_database, False)},
            **switch,
        )
    if settings.EMBEDDED_MODEL_SERVER:
        yield watcher("model", settings.EMBEDDED_MODEL_SERVER_COMMAND)
    yield watcher(
        "worker",
        # Two, so that a photo need not wait for an export.
        # As root Celery warns at length; it speaks JSON only, which is what it fears for.
        [python, "-W", "ignore:You're running the worker with superuser", "-m", "celery"]
        + ["--quiet", "-A", "portal.celery", "worker", "--concurrency=2", "--loglevel=WARNING"]
        + ["--without-gossip", "--without-mingle", "--without-heartbeat"],
    )
    yield watcher("sweeper", [python, "manage.py", "work_off_jobs", "--watch"])
    yield watcher(
        "web",
        [python, "-m", "gunicorn", "portal.wsgi:application"]
        # Longer addresses than gunicorn takes by itself get a page of the guide, too.
        + ["--worker-class=portal.web_worker.PageWorker", "--limit-request-line=8190"]
        + [f"--bind={settings.BIND}:{settings.PORT}", f"--workers={settings.WEB_PROCESSES}"]
        + ["--threads=4", "--timeout=60", "--graceful-timeout=8", "--log-level=warning"]
        + SERVER_LOG,
        env={**os.environ, **WEB_MEMORY},
    )


failures: list[str] = []


def stop_for(reason: str) -> None:
    """Stop everything because the portal cannot run without a part that failed."""
    failures.append(reason)
    os.kill(os.getpid(), signal.SIGTERM)


def watcher(name: str, command: list[str], **options) -> dict:
    """Return one process for circus, with the portal's log and stop rules."""
    return {
        "name": name,
        # Circus splits this one at spaces, and the checkout's path may have some.
        "cmd": shlex.quote(command[0]),
        "args": command[1:],
        "working_dir": str(settings.BASE_DIR),
        "copy_env": True,
        "graceful_timeout": STOP_SECONDS,
        "stdout_stream": {"stream": Log(name)},
        "stderr_stream": {"stream": Log(name)},
        **options,
        "hooks": options.get("hooks", {}) | {"before_reap": (let_go, True)},
        # Circus starts higher priorities first.
        "priority": {"database": 5, "model": 4, "worker": 3, "sweeper": 2, "web": 1}[name],
        "warmup_delay": 0,
    }


def let_go(watcher, arbiter, hook_name: str, process_pid: int, **_) -> bool:
    """Write down what a dead process said last, and forget its pipes before they are closed.

    Circus forgets a pipe at its end, which does not come while a child of the dead process holds
    it. Then the closed pipe's number is soon another part's, and no successor could start.
    """
    process, redirector = watcher.processes[process_pid], watcher.stream_redirector
    for name, pipe in redirector.get_process_pipes(process):
        os.set_blocking(pipe.fileno(), False)
        with suppress(BlockingIOError):
            while said := os.read(pipe.fileno(), 4096):
                redirector.redirect[name]({"data": said})
    redirector.remove_redirections(process)
    return True


def announce(password: str | None) -> None:
    """Print the one line that says the portal is ready, once it is."""
    address = f"http://127.0.0.1:{settings.PORT}/"
    while not answers_ready(f"{address}readyz"):
        time.sleep(0.1)
    shown = f"password: {password}" if password else "as set before"
    print(f"Gilnun is ready: {address} (admin: admin, {shown})", flush=True)


def answers_ready(address: str) -> bool:
    """Say whether every part answers; without references the model server has no duty yet."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # nosec B310
            parts = json.load(response)
    except (OSError, ValueError):
        return False
    return parts["database"] == "ok" and parts["model_server"] in ("ok", "unknown")


if __name__ == "__main__":
    sys.exit(main())
