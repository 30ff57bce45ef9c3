"""Folders of exported models: which versions there are, and whether they are whole."""

import hashlib
from pathlib import Path

from ml.contract import CHECKSUMS_FILE, InvalidLabels, Labels, read_labels


class IncompleteExport(Exception):
    """A version folder lacks a file, or a file is not what was exported."""


class ExportDiffers(Exception):
    """The ONNX file does not answer as the SavedModel does."""


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
