"""A picture to annotate: it keeps its size, for boxes count its pixels."""

from __future__ import annotations

import io
from typing import NamedTuple

from PIL import Image

from apps.catalogue.pictures import SUFFIXES, Bounds, PictureRefused, prepare

__all__ = ["SUFFIXES", "Picture", "PictureRefused", "prepare_picture"]

QUALITY = 92
SMALL = 320  # pixels of the longer side


class Picture(NamedTuple):
    content: bytes  # a JPEG without metadata
    sha256: str  # of the file as it was given
    width: int
    height: int


def prepare_picture(content: bytes, *, max_pixels: int, min_side: int) -> Picture:
    """Return an upright JPEG of a file's pixels. Raises PictureRefused."""
    bounds = Bounds(
        max_bytes=len(content),
        max_pixels=max_pixels,
        min_side=min_side,
        stored_side=None,
        quality=QUALITY,
    )
    prepared = prepare(io.BytesIO(content), name="picture", bounds=bounds)
    return Picture(prepared.content, prepared.sha256, prepared.width, prepared.height)


def small_picture(content: bytes) -> bytes:
    """Return a stored JPEG as small as a list shows it."""
    image = Image.open(io.BytesIO(content), formats=["JPEG"])
    image.draft("RGB", (SMALL, SMALL))
    image.thumbnail((SMALL, SMALL))
    output = io.BytesIO()
    image.convert("RGB").save(output, "JPEG", quality=80)
    return output.getvalue()
