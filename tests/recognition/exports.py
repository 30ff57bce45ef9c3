"""Exported models for tests: the tiny one under other names and numbers, and its server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ml.export import ensure_exported
from ml.export_folder import write_checksums
from tests.environment import TEST_DATA


def add_export(models: Path, name: str, version: int, **labels) -> Path:
    """Put a whole export of that name and number into a models folder."""
    target = models / name / str(version)
    shutil.copytree(ensure_exported(TEST_DATA / "models", "tiny"), target)
    said = json.loads((target / "labels.json").read_text())
    said |= {"model": name, "version": version, **labels}
    (target / "labels.json").write_text(json.dumps(said))
    write_checksums(target)
    return target
