"""Pictures that tests upload, made here."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


def picture(size: tuple[int, int] = (320, 240), colour: str = "teal") -> Image.Image:
    """Return a picture with a shape in it, so that scaling and turning can be seen."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1] // 2), fill="orange")
    return image


def encoded(image: Image.Image, format: str = "JPEG", **options) -> bytes:
    output = io.BytesIO()
    image.save(output, format, **options)
    return output.getvalue()
