"""A few warm processes that decode pictures for this one.

A process is made when it is needed and kept. One that dies or takes too long is replaced, and
only the picture it held is refused.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import BinaryIO

from django.conf import settings

from apps.catalogue.framing import receive, send

logger = logging.getLogger(__name__)

CHILD = (
    "import socket, sys; sys.path.insert(0, sys.argv[1]);"
    "from apps.catalogue.decoding_child import serve;"
    "serve(socket.socket(fileno=int(sys.argv[2])),"
    " lock=int(sys.argv[3]), megabytes=int(sys.argv[4]), cpu_seconds=int(sys.argv[5]))"
)
# glibc would keep the memory of large pictures; and no secret of the portal goes along.
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "524288",
    "MALLOC_TRIM_THRESHOLD_": "524288",
}
# Libraries leak a little; a process lives as long as it pays for its start many times over.
PICTURES_PER_PROCESS = 2000


class DecodingFailed(Exception):
    """The picture was not done."""


class Died(DecodingFailed):
    """The process that held the picture died."""


class TookTooLong(DecodingFailed):
    """The picture took more time than it may."""


class AllBusy(Exception):
    """No process came free in time: there are too many pictures at once."""


def _large_pictures_lock() -> BinaryIO:
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    return (settings.DATA_DIR / "large-picture.lock").open("ab")


class Decoder:
    """One process and the connection to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs, _large_pictures_lock() as lock:
            passed = [theirs.fileno(), lock.fileno()]
            limits = [settings.PICTURE_MEMORY_MB, settings.PICTURE_CPU_SECONDS]
            arguments = [str(value) for value in (settings.BASE_DIR, *passed, *limits)]
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", CHILD, *arguments],
                pass_fds=passed,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        self.connection = ours
        self.pictures = 0

    def ask(self, values: dict, blobs: Sequence[bytes], *, seconds: float) -> tuple[dict, list]:
        """Return the answer. Raises TookTooLong, or EOFError or OSError when the process died."""
        self.pictures += 1
        self.connection.settimeout(seconds)
        try:
            send(self.connection, values, blobs)
            return receive(self.connection)
        except TimeoutError as error:
            raise TookTooLong(f"{seconds} s") from error

    def end(self) -> int:
        """End the process; return how it ended, by itself or by this."""
        self.connection.close()
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()


class Decoders:
    """The processes of this process. Safe for threads; a fork begins with none."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[Decoder] = []

    def ask(self, values: dict, blobs: Sequence[bytes], *, seconds: float) -> tuple[dict, list]:
        """Let a process answer. Raises AllBusy, TookTooLong or DecodingFailed."""
        if not self._free.acquire(timeout=settings.PICTURE_WAIT_SECONDS):
            raise AllBusy
        try:
            try:
                return self._ask(self._take(), values, blobs, seconds=seconds)
            except Died:
                # Somebody may have ended it while it waited, or the machine ran out of memory.
                return self._ask(Decoder(), values, blobs, seconds=seconds)
        finally:
            self._free.release()

    def warm_up(self) -> None:
        """Have one process ready, so that the first visitor does not wait for its start."""
        decoder = self._take()
        self._keep(decoder)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for decoder in idle:
            decoder.end()

    def _ask(self, decoder: Decoder, values, blobs, *, seconds: float) -> tuple[dict, list]:
        try:
            answer = decoder.ask(values, blobs, seconds=seconds)
        except (EOFError, OSError) as error:
            status = decoder.end()
            logger.warning("A decoding process ended with status %s", status)
            if status == -signal.SIGXCPU:
                raise TookTooLong("processor time") from error
            raise Died(f"status {status}") from error
        except BaseException:
            decoder.end()
            raise
        self._keep(decoder)
        if "failed" in answer[0]:
            raise DecodingFailed(answer[0]["failed"])
        return answer

    def _take(self) -> Decoder:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Decoder()

    def _keep(self, decoder: Decoder) -> None:
        if decoder.pictures >= PICTURES_PER_PROCESS:
            decoder.end()
            return
        with self._lock:
            self._idle.append(decoder)


def _new() -> Decoders:
    return Decoders(max(1, min(4, os.cpu_count() or 1)))


decoders = _new()


def _forget() -> None:
    """After a fork the processes belong to the parent: let go of the connections to them."""
    global decoders
    inherited, decoders = decoders, _new()
    for decoder in inherited._idle:
        decoder.connection.close()
        # It is not this process that could wait for it.
        decoder.process.returncode = 0


def _close() -> None:
    decoders.close()


atexit.register(_close)
os.register_at_fork(after_in_child=_forget)
