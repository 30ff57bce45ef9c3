"""Refused files, kept for the operator to look at where a setting asks for it.

They may hold the place and the name of their sender: they lie in a folder that only the
portal's own account can read, and the oldest make room.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings

CODES = frozenset({"corrupt_image", "unsupported_type", "too_many_pixels", "unsafe_file"})


def keep(content: bytes, *, code: str) -> Path | None:
    """Keep a refused file; return where, or None where it is not to be kept."""
    most = settings.QUARANTINE_MEGABYTES * 2**20
    if code not in CODES or len(content) > most:
        return None
    folder = settings.DATA_DIR / "quarantine"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _make_room(folder, most - len(content))
    path = folder / f"{code}-{hashlib.sha256(content).hexdigest()}"
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
    return path


def _make_room(folder: Path, most: int) -> None:
    """Remove the oldest files until the rest is small enough."""
    files = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            status = path.stat()
            files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= most:
            return
        path.unlink(missing_ok=True)
        total -= size
