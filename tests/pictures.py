"""Pictures that tests upload, made here."""

from __future__ import annotations

import io
import random

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


SCENES = {
    "tower": ("skyblue", "firebrick"),
    "gate": ("khaki", "darkgreen"),
    "bridge": ("midnightblue", "gold"),
    "plain": ("gray", "dimgray"),
}


def scene(kind: str, seed: int) -> Image.Image:
    """Return one of several views of a kind of scene; the same seed gives the same view."""
    chance = random.Random(f"{kind} {seed}")
    ground, figure = SCENES[kind]
    image = Image.new("RGB", (320, 240), ground)
    draw = ImageDraw.Draw(image)
    left, top = chance.randint(20, 120), chance.randint(10, 60)
    box = (left, top, left + chance.randint(110, 170), 230)
    if kind == "gate":
        draw.ellipse(box, fill=figure)
    elif kind == "bridge":
        draw.polygon((left, 230, left + 80, top, left + 180, 230), fill=figure)
    else:
        draw.rectangle(box, fill=figure)
    return image
