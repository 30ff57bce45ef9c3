"""Folders of exported models: writing them, which versions there are, whether they are whole."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from ml.contract import CHECKSUMS_FILE, InvalidLabels, Labels, read_labels


class IncompleteExport(Exception):
    """A version folder lacks a file, or a file is not what was exported."""


class VersionExists(Exception):
    """An export never replaces another."""


class ExportDiffers(Exception):
    """The ONNX file does not answer as the SavedModel does."""


class Writes(Protocol):
    """What can be exported under a name."""

    model_name: str

    def write_files(self, version: int, folder: Path) -> None: ...


def write_export(source: Writes, output: Path, version: int) -> Path:
    """Export to OUTPUT/<model name>/<version>, whole or not at all.

    Raises VersionExists, ExportDiffers.
    """
    target = Path(output) / source.model_name / str(version)
    if target.exists():
        raise VersionExists(f"{target} exists; an export never overwrites")
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=target.parent))
    try:
        source.write_files(version, building)
        building.chmod(0o755)
        _rename(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


def _rename(building: Path, target: Path) -> None:
    try:
        os.rename(building, target)
    except OSError as error:
        if target.exists():  # another export was faster
            raise VersionExists(f"{target} exists; an export never overwrites") from error
        raise


def version_folders(models: Path, model: str) -> list[Path]:
    """The version folders of a model, newest first; whole or not."""
    folder = Path(models) / model
    if not folder.is_dir():
        return []
    numbered = [entry for entry in folder.iterdir() if _is_version(entry)]
    return sorted(numbered, key=lambda entry: int(entry.name), reverse=True)


def write_checksums(version_folder: Path) -> None:
    """Write SHA256SUMS over all other files, in sha256sum's own format."""
    lines = [
        f"{_sha256(path)}  {path.relative_to(version_folder).as_posix()}\n"
        for path in sorted(version_folder.rglob("*"))
        if path.is_file() and path.name != CHECKSUMS_FILE
    ]
    (version_folder / CHECKSUMS_FILE).write_text("".join(lines), encoding="utf-8")


def checked_labels(version_folder: Path) -> Labels:
    """The labels of a whole export; raises IncompleteExport."""
    try:
        lines = (version_folder / CHECKSUMS_FILE).read_text(encoding="utf-8").splitlines()
        for line in lines:
            expected, name = line.split("  ", 1)
            if _sha256(version_folder / name) != expected:
                raise IncompleteExport(f"{version_folder / name} is not what was exported")
        return read_labels(version_folder)
    except (OSError, ValueError, InvalidLabels) as error:
        raise IncompleteExport(f"{version_folder}: {error}") from error


def checksum(version_folder: Path) -> str:
    """One hash of a whole export: that of its SHA256SUMS."""
    return _sha256(version_folder / CHECKSUMS_FILE)


def _is_version(entry: Path) -> bool:
    return entry.is_dir() and entry.name.isascii() and entry.name.isdigit()


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
