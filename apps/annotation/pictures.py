"""A picture to annotate, made anew from the pixels of a file; pure.

It keeps its size, for boxes count its pixels, and stands upright as a camera meant it.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import NamedTuple

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")
JPEG_QUALITY = 92


class PictureRefused(Exception):
    """The file cannot be used; `code` is stable."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class Picture(NamedTuple):
    content: bytes  # a JPEG without metadata
    sha256: str  # of the file as it was given
    width: int
    height: int


def prepare_picture(content: bytes, *, max_pixels: int, min_side: int) -> Picture:
    """Return an upright JPEG of a file's pixels. Raises PictureRefused."""
    if not content:
        raise PictureRefused("empty_file")
    try:
        image = _decoded(content, max_pixels, min_side)
    except PictureRefused:
        raise
    except Image.DecompressionBombError as error:
        raise PictureRefused("too_many_pixels") from error
    except Image.UnidentifiedImageError as error:
        raise PictureRefused("unsupported_type") from error
    except Exception as error:
        # Broken files raise ValueError, RuntimeError, SyntaxError and more, not only OSError.
        raise PictureRefused("corrupt_image") from error
    output = io.BytesIO()
    image.save(output, "JPEG", quality=JPEG_QUALITY)
    return Picture(
        content=output.getvalue(),
        sha256=hashlib.sha256(content).hexdigest(),
        width=image.width,
        height=image.height,
    )


def _decoded(content: bytes, max_pixels: int, min_side: int) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow warns above its own pixel limit; ours is checked right after opening.
        warnings.simplefilter("ignore")
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > max_pixels:
            raise PictureRefused("too_many_pixels")
        if min(image.size) < min_side:
            raise PictureRefused("too_small")
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        layered = image.convert("RGBA")
    ground = Image.new("RGB", layered.size, "white")
    ground.paste(layered, mask=layered.getchannel("A"))
    return ground
