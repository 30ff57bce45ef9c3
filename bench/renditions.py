"""Renditions of a 12 MP photo on one core: all widths and crops in three formats."""

from __future__ import annotations

import io
import os
import statistics
import time

import numpy as np
from PIL import Image

from bench.rows import Row
from tests.running import ROOT

SAMPLE = ROOT / "ml" / "demo" / "pictures" / "samples" / "sungnyemun" / "sungnyemun-10.jpg"
TIMES = 5


def run() -> list[Row]:
    """Measure in this process, as a decoding process does it: the processor time is the figure."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.conf import settings

    from apps.catalogue.pixels import renditions

    photo = twelve_megapixels()
    seconds, made = [], []
    for _ in range(TIMES):
        started = time.process_time()
        made = list(
            renditions(
                photo,
                focal=(0.5, 0.4),
                widths=settings.RENDITION_WIDTHS,
                card_widths=settings.RENDITION_CARD_WIDTHS,
            )
        )
        seconds.append(time.process_time() - started)
    median = statistics.median(seconds)
    whole = [each for each in made if each.shape == "whole"]
    largest = whole[-1]
    original = Image.open(io.BytesIO(photo)).convert("RGB")
    original = original.resize(largest.size, Image.Resampling.LANCZOS)
    sizes = ", ".join(
        f"{suffix} {len(blob) / 1000:.0f} kB" for suffix, blob in largest.files.items()
    )
    worst = min(likeness(original, blob) for blob in largest.files.values())
    return [
        Row(
            "renditions of a 12 MP photo, one core",
            median,
            "s",
            "≤ 1.5",
            median <= 1.5,
            f"processor time; {sum(len(each.files) for each in made)} files, "
            f"{largest.size[0]} wide: {sizes}",
        ),
        Row(
            "… likeness to the photo at that width",
            worst,
            "dB",
            "≥ 34",
            worst >= 34,
            "worst format",
        ),
    ]


def likeness(original: Image.Image, content: bytes) -> float:
    """Return the peak signal-to-noise ratio of an encoding."""
    made = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=float)
    error = np.mean((made - np.asarray(original, dtype=float)) ** 2)
    return float(10 * np.log10(255**2 / error))


def twelve_megapixels(seed: int = 1) -> bytes:
    """Return a JPEG of 4000 × 3000 with the grain of a photo, about 5 MB; each seed its own."""
    chance = np.random.default_rng(seed)
    pixels = np.asarray(Image.open(SAMPLE).resize((4000, 3000), Image.Resampling.BICUBIC))
    grain = chance.integers(-8, 9, (3000, 4000, 1))
    image = Image.fromarray(np.clip(pixels.astype(int) + grain, 0, 255).astype(np.uint8))
    output = io.BytesIO()
    image.save(output, "JPEG", quality=92)
    return output.getvalue()
