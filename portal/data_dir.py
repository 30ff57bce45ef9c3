"""The data folder: private folders, and secrets made on first use. No Django in here."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def secret(data_dir: Path, name: str) -> str:
    """Return the secret of that name kept in the data folder, made on first use."""
    folder = data_dir / "secrets"
    path = folder / name
    if not path.exists():
        make_data_dir(data_dir)
        make_private(folder)
        new = path.with_name(f"{name}.{os.getpid()}")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(48))
        # Where another process made it in the same moment, everyone uses the first.
        with suppress(FileExistsError):
            os.link(new, path)
        new.unlink()
    return path.read_text().strip()


def make_private(folder: Path, mode: int = 0o700) -> None:
    """Make a folder that only we enter; folders that exist stay as they are."""
    if not folder.exists():
        folder.mkdir(parents=True, mode=mode)


def make_data_dir(folder: Path) -> None:
    """Make the data folder; the database's system user may pass through it, not look into it."""
    make_private(folder, 0o711 if os.getuid() == 0 else 0o700)
