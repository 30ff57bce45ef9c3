"""Check a file and make a new picture from its pixels.

Everything a sender put beside the pixels (position, camera, comments, profiles, further
frames) is dropped here, before anything is stored. Uploads of visitors and of staff, imports
and images to annotate all come this way.
"""

from __future__ import annotations

import hashlib
import io
import time
import warnings
from typing import BinaryIO, NamedTuple

import numpy as np
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

# Pillow opens some 40 formats; most of its advisories lie in those nobody photographs in.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
# How files of these formats begin: one that does, and cannot be opened, is damaged.
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8")
BRANDS = (b"WEBP", b"avif", b"avis")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")
QUALITY = 88

MESSAGES = {
    "empty_file": _("The file is empty. Please choose a photo."),
    "too_large": _("The photo is larger than 20 MB. Please choose a smaller one."),
    "unsupported_type": _(
        "This file is not a photo we can read. Please choose a JPEG, PNG or WebP picture."
    ),
    "corrupt_image": _("The photo is damaged or incomplete. Please choose another one."),
    "too_many_pixels": _("The photo has more than 80 megapixels. Please make it smaller."),
    "too_small": _("The photo is too small: its shorter side needs at least 64 pixels."),
    "invalid_name": _("The name of the file cannot be used. Please rename it."),
    "too_many_files": _("Please send one photo at a time."),
}
STATUS = {"too_large": 413, "too_many_pixels": 413, "unsupported_type": 415}


class PictureRefused(Exception):
    """The upload cannot be used. `code` is stable, `message` speaks to the visitor."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code
        self.message = MESSAGES[code]
        self.status = STATUS.get(code, 400)


class Bounds(NamedTuple):
    """What a file may be, and how large a picture is kept; stored_side None: at its own size."""

    max_bytes: int
    max_pixels: int
    min_side: int
    stored_side: int | None
    quality: int = QUALITY


class PreparedPicture(NamedTuple):
    """A new JPEG made from pixels only, upright, its longest side at most the stored one.

    sha256 is that of the file as it was given.
    """

    content: bytes
    image: Image.Image
    sha256: str
    decode_seconds: float
    encode_seconds: float


def upload_bounds() -> Bounds:
    """Return what an upload may be, from the settings."""
    return Bounds(
        max_bytes=settings.PHOTO_MAX_BYTES,
        max_pixels=settings.PHOTO_MAX_PIXELS,
        min_side=settings.PHOTO_MIN_SIDE,
        stored_side=settings.PHOTO_STORED_SIDE,
    )


def prepare(upload: BinaryIO, *, name: str, bounds: Bounds) -> PreparedPicture:
    """Check a file and re-encode it. Raises PictureRefused."""
    started = time.perf_counter()
    _check_name(name)
    content = _read(upload, bounds)
    try:
        image = _decode(content, bounds)
    except PictureRefused:
        raise
    except Exception as error:
        # Broken files raise ValueError, RuntimeError, SyntaxError and more, not only OSError.
        raise PictureRefused("corrupt_image") from error
    if bounds.stored_side:
        image.thumbnail((bounds.stored_side, bounds.stored_side), reducing_gap=2.0)
    decoded = time.perf_counter()
    output = io.BytesIO()
    image.save(output, "JPEG", quality=bounds.quality)
    return PreparedPicture(
        content=output.getvalue(),
        image=image,
        sha256=hashlib.sha256(content).hexdigest(),
        decode_seconds=decoded - started,
        encode_seconds=time.perf_counter() - decoded,
    )


def open_stored(content: BinaryIO) -> Image.Image:
    """Open a picture that `prepare` made."""
    return Image.open(content, formats=["JPEG"]).convert("RGB")


def _check_name(name: str) -> None:
    if not name or len(name) > 255 or any(ord(character) < 32 for character in name):
        raise PictureRefused("invalid_name")


def _read(upload: BinaryIO, bounds: Bounds) -> bytes:
    content = upload.read(bounds.max_bytes + 1)
    if not content:
        raise PictureRefused("empty_file")
    if len(content) > bounds.max_bytes:
        raise PictureRefused("too_large")
    return content


def _decode(content: bytes, bounds: Bounds) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow warns above its own pixel limit; ours is checked right after opening.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(content), formats=FORMATS)
        except Image.UnidentifiedImageError as error:
            raise PictureRefused(
                "corrupt_image" if _begins_as_a_photo(content) else "unsupported_type"
            ) from error
        except Image.DecompressionBombError as error:
            raise PictureRefused("too_many_pixels") from error
        # Before anything else: asking a PNG for its orientation decodes the whole picture.
        width, height = image.size
        if width * height > bounds.max_pixels:
            raise PictureRefused("too_many_pixels")
        if min(width, height) < bounds.min_side:
            raise PictureRefused("too_small")
        if bounds.stored_side:
            image.draft("RGB", _draft_size(width, height, bounds.stored_side))
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return _rgb(image)


def _begins_as_a_photo(content: bytes) -> bool:
    return content.startswith(BEGINNINGS) or content[8:12] in BRANDS


def _draft_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Return the size down to which a JPEG may be decoded; never under what is stored."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _rgb(image: Image.Image) -> Image.Image:
    """Return 8-bit RGB made of pixels alone, transparent parts on white."""
    if image.mode.startswith(("I", "F")):
        image = _to_eight_bits(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = Image.new("RGB", layered.size, "white")
        ground.paste(layered, mask=layered.getchannel("A"))
        return ground
    plain = image if image.mode == "RGB" else image.convert("RGB")
    # A JPEG's comment and profile live in `info` and would be written out again.
    plain.info = {}
    return plain


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16- and 32-bit grey to 8 bits; a plain conversion would clip it to white."""
    values = np.asarray(image).astype(np.float64)
    low, high = (0.0, 65535.0) if values.max(initial=0) > 255 else (0.0, 255.0)
    scaled = np.clip((values - low) / (high - low), 0, 1) * 255
    return Image.fromarray(scaled.astype(np.uint8), "L")
