"""Check a file and make a new picture from its pixels.

Everything a sender put beside the pixels (position, camera, comments, profiles, further
frames) is dropped, before anything is stored. Uploads of visitors and of staff, imports and
images to annotate all come this way. The decoding itself happens in another process.
"""

from __future__ import annotations

import hashlib
import io
import logging
from typing import BinaryIO, NamedTuple

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from PIL import Image

from apps.catalogue import decoding, quarantine, scanning
from apps.catalogue.pixels import Bounds

__all__ = ["SUFFIXES", "Bounds", "PictureRefused", "PreparedPicture", "prepare"]

logger = logging.getLogger(__name__)

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".heif")

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
    "too_busy": _("Too many photos are being read right now. Please try again in a moment."),
    "unsafe_file": _("The check for harmful files refused this one. Please choose another photo."),
    "scanner_unavailable": _(
        "The check for harmful files does not answer. Please try again in a few minutes."
    ),
}
STATUS = {
    "too_large": 413,
    "too_many_pixels": 413,
    "unsupported_type": 415,
    "too_busy": 503,
    "scanner_unavailable": 503,
}


class PictureRefused(Exception):
    """The file cannot be used. `code` is stable, `message` speaks to the visitor."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code
        self.message = MESSAGES[code]
        self.status = STATUS.get(code, 400)


class PreparedPicture(NamedTuple):
    """A new JPEG made from pixels only, upright, its longest side at most the stored one.

    sha256 is that of the file as it was given.
    """

    content: bytes
    width: int
    height: int
    sha256: str
    decode_seconds: float
    encode_seconds: float

    @property
    def image(self) -> Image.Image:
        """The stored picture, decoded only as far as whoever takes it needs."""
        return open_stored(io.BytesIO(self.content))


def upload_bounds() -> Bounds:
    """Return what an upload of a visitor may be, from the settings."""
    return Bounds(
        max_bytes=settings.PHOTO_MAX_BYTES,
        max_pixels=settings.PHOTO_MAX_PIXELS,
        min_side=settings.PHOTO_MIN_SIDE,
        stored_side=settings.PHOTO_STORED_SIDE,
    )


def prepare(upload: BinaryIO, *, name: str, bounds: Bounds) -> PreparedPicture:
    """Check a file and re-encode it. Raises PictureRefused."""
    _check_name(name)
    content = _read(upload, bounds)
    try:
        _scan(content)
        answer, (made,) = _decode(content, bounds)
    except PictureRefused as refused:
        quarantine.keep(content, code=refused.code)
        raise
    return PreparedPicture(content=made, sha256=hashlib.sha256(content).hexdigest(), **answer)


def open_stored(content: BinaryIO) -> Image.Image:
    """Open a picture that `prepare` made; it is decoded when its pixels are asked for."""
    return Image.open(io.BytesIO(content.read()), formats=["JPEG"])


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


def _scan(content: bytes) -> None:
    try:
        scanning.scan(content)
    except scanning.HarmfulFile as error:
        raise PictureRefused("unsafe_file") from error
    except scanning.ScannerUnavailable as error:
        logger.exception("The scanner does not answer")
        raise PictureRefused("scanner_unavailable") from error


def _decode(content: bytes, bounds: Bounds) -> tuple[dict, list[bytes]]:
    try:
        answer, made = decoding.decoders.ask(
            {"verb": "prepare", "bounds": bounds}, [content], seconds=settings.PICTURE_SECONDS
        )
    except decoding.AllBusy as error:
        raise PictureRefused("too_busy") from error
    except decoding.TookTooLong as error:
        logger.warning("A picture of %s bytes took too long: %s", len(content), error)
        raise PictureRefused("corrupt_image") from error
    except decoding.DecodingFailed as error:
        raise PictureRefused("corrupt_image") from error
    if "refused" in answer:
        raise PictureRefused(answer["refused"])
    return answer, made
