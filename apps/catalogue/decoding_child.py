"""A process that decodes what strangers send, so that a hostile file can harm only it.

It holds no secret, opens no file and no connection, and ends with its parent. Its memory and
its processor time are limited; its parent ends it when it takes too long.
"""

from __future__ import annotations

import fcntl
import resource
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from apps.catalogue import pixels
from apps.catalogue.framing import receive, send


def serve(connection: socket.socket, *, lock: int, megabytes: int, cpu_seconds: int) -> None:
    """Answer requests until the parent is gone.

    lock: an open file, locked while a picture needs much memory: one at a time on a machine.
    """
    # Ctrl-C is for the parent, whose end is the end of this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(resource.RLIMIT_AS, megabytes * 2**20)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    while True:
        try:
            request, blobs = receive(connection)
        except (EOFError, OSError):
            return
        _allow_processor_time(cpu_seconds)
        answer, made = _answered(request, blobs, partial(_turn, lock))
        try:
            send(connection, answer, made)
        except OSError:
            return


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    highest = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (highest, highest))


def _allow_processor_time(seconds: int) -> None:
    """Let the kernel end this process when one picture takes longer."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds + 1, hard))


@contextmanager
def _turn(lock: int) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _answered(request: dict, blobs: list[bytes], turn: pixels.Turn) -> tuple[dict, list[bytes]]:
    try:
        return VERBS[request["verb"]](request, *blobs, turn=turn)
    except pixels.Refused as refused:
        return {"refused": refused.code}, []
    except MemoryError:
        return {"refused": "too_many_pixels"}, []
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:500]}, []


def _prepare(request: dict, content: bytes, *, turn: pixels.Turn) -> tuple[dict, list[bytes]]:
    started = time.perf_counter()
    bounds = pixels.Bounds(*request["bounds"])
    image = pixels.new_picture(content, bounds, turn=turn)
    decoded = time.perf_counter()
    made = pixels.encoded(image, "JPEG", quality=bounds.quality)
    encoded = time.perf_counter()
    answer = {
        "width": image.width,
        "height": image.height,
        "decode_seconds": decoded - started,
        "encode_seconds": encoded - decoded,
    }
    return answer, [made]


def _render(request: dict, content: bytes, *, turn: pixels.Turn) -> tuple[dict, list[bytes]]:
    made = pixels.renditions(
        content,
        focal=tuple(request["focal"]),
        widths=request["widths"],
        card_widths=request["card_widths"],
    )
    sizes: dict[str, list] = {"whole": [], "card": []}
    files, blobs = [], []
    for rendition in made:
        sizes[rendition.shape].append(rendition.size)
        for suffix, blob in rendition.files.items():
            files.append((rendition.shape, rendition.size[0], suffix))
            blobs.append(blob)
    return {"sizes": sizes, "files": files}, blobs


VERBS = {"prepare": _prepare, "render": _render}
