"""Folders of pictures, and their embeddings by the served model."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import PIL
from PIL import Image, ImageOps

from ml.client import ServingClient
from ml.contract import Labels
from ml.inference import preparing

DRAWN_PICTURES = Path(__file__).parent / "demo" / "pictures"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
TIMEOUT_SECONDS = 30.0
# One picture is decoded while another is with the model.
PICTURES_AT_ONCE = 3


class NoPictures(ValueError):
    """A folder that should hold pictures holds none."""


class UnreadablePicture(ValueError):
    """A file with the name of a picture is none."""


class ClassPictures(NamedTuple):
    """Pictures of class folders, in name order, and the class of each."""

    files: list[Path]
    classes: list[str]


def in_class_folders(folder: Path) -> ClassPictures:
    """DIR/CLASS/*; raises NoPictures."""
    files = [file for file in pictures_below(folder) if len(file.relative_to(folder).parts) > 1]
    if not files:
        raise NoPictures(f"{folder} holds no CLASS/picture")
    return ClassPictures(files, [file.relative_to(folder).parts[0] for file in files])


def pictures_below(folder: Path) -> list[Path]:
    """All pictures in a folder and its folders, in name order; raises NoPictures."""
    if not Path(folder).is_dir():
        raise NoPictures(f"{folder} is no folder")
    files = [file for file in Path(folder).rglob("*") if file.suffix.lower() in SUFFIXES]
    if not files:
        raise NoPictures(f"{folder} holds no pictures")
    return sorted(files, key=lambda file: file.relative_to(folder).as_posix())


def read_pixels(file: Path, labels: Labels) -> np.ndarray:
    """uint8 [1, H, W, 3] at a size of the model, upright; raises UnreadablePicture."""
    try:
        with Image.open(file) as image:
            return preparing.fit_to_model_size(ImageOps.exif_transpose(image), labels.input_sizes)
    except (OSError, ValueError, SyntaxError) as error:
        raise UnreadablePicture(f"{file}: {error}") from error


class Describer:
    """Embeds pictures through a model server; each file content once for each model.

    The cache is one file for each model checksum and way of preparing; None
    keeps nothing.
    """

    def __init__(
        self, client: ServingClient, labels: Labels, *, checksum: str, cache: Path | None
    ) -> None:
        self._client = client
        self._labels = labels
        self._file = cache / f"{_cache_key(checksum)}.npz" if cache else None
        self._known = _read_cache(self._file, labels.embedding_size)

    def embeddings(self, files: Sequence[Path]) -> np.ndarray:
        """float32 [n, D]; raises UnreadablePicture and ServingError."""
        with ThreadPoolExecutor(PICTURES_AT_ONCE) as pool:
            rows = list(pool.map(self._embedding, files))
        return np.stack(rows) if rows else np.empty((0, self._labels.embedding_size), np.float32)

    def save(self) -> None:
        """Keep what is known for the next run."""
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._file.parent, suffix=".npz", delete=False) as new:
            np.savez(
                new,
                digests=np.array(list(self._known)),
                embeddings=np.stack(list(self._known.values())),
            )
        os.replace(new.name, self._file)

    def _embedding(self, file: Path) -> np.ndarray:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest not in self._known:
            reply = self._client.predict(
                read_pixels(file, self._labels),
                model=self._labels.model,
                version=self._labels.version,
                timeout=TIMEOUT_SECONDS,
                embedding_size=self._labels.embedding_size,
            )
            self._known[digest] = reply.embedding[0]
        return self._known[digest]


def _cache_key(checksum: str) -> str:
    preparation = Path(preparing.__file__).read_bytes() + PIL.__version__.encode()
    return f"{checksum[:16]}-{hashlib.sha256(preparation).hexdigest()[:16]}"


def _read_cache(file: Path | None, embedding_size: int) -> dict[str, np.ndarray]:
    if file is None or not file.is_file():
        return {}
    try:
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            digests, embeddings = arrays["digests"], arrays["embeddings"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}
    if embeddings.shape != (len(digests), embedding_size):
        return {}
    return dict(zip(digests.tolist(), embeddings, strict=True))
