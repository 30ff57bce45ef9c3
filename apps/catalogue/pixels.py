"""From a file's bytes to new pictures; pure. Runs in a decoding process, without Django.

Everything a sender put beside the pixels (position, camera, comments, profiles, further
frames) is dropped here.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from PIL import Image, ImageOps

# Pillow opens some 40 formats; most of its advisories lie in those nobody photographs in.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
# How files of these formats begin: one that does, and cannot be opened, is damaged.
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8")
BRANDS = (b"WEBP", b"avif", b"avis")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")


# Above it (a full 24 MP camera) a picture that cannot be decoded smaller takes its turn.
LARGE_PIXELS = 25_000_000
Turn = Callable[[], AbstractContextManager]


class Refused(Exception):
    """The file cannot be used; the code says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class Bounds(NamedTuple):
    """What a file may be, and how large a picture is kept; stored_side None: at its own size."""

    max_bytes: int
    max_pixels: int
    min_side: int
    stored_side: int | None
    quality: int = 88


def new_picture(content: bytes, bounds: Bounds, *, turn: Turn = nullcontext) -> Image.Image:
    """Return the upright RGB pixels of a file. Raises Refused.

    turn: held while a picture is decoded that needs much memory.
    """
    try:
        return _decode(content, bounds, turn)
    except Refused:
        raise
    except MemoryError as error:
        raise Refused("too_many_pixels") from error
    except Exception as error:
        # Broken files raise ValueError, RuntimeError, SyntaxError and more, not only OSError.
        raise Refused("corrupt_image") from error


def _decode(content: bytes, bounds: Bounds, turn: Turn) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow warns above its own pixel limit; ours is checked right after opening.
        warnings.simplefilter("ignore")
        image = _open(content)
        # Before anything else: asking a PNG for its orientation decodes the whole picture.
        width, height = image.size
        if width * height > bounds.max_pixels:
            raise Refused("too_many_pixels")
        if min(width, height) < bounds.min_side:
            raise Refused("too_small")
        side = bounds.stored_side
        if side:
            image.draft("RGB", _draft_size(width, height, side))
        with turn() if image.width * image.height > LARGE_PIXELS else nullcontext():
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            return _on_white(_shrunk(_eight_bits(image), side))


def _open(content: bytes) -> Image.Image:
    formats, heif = FORMATS, content[8:12] in HEIF_BRANDS and importlib.util.find_spec("pi_heif")
    if heif:
        import pi_heif  # the optional extra; its libraries load for such files only

        pi_heif.register_heif_opener()
        formats = (*FORMATS, "HEIF")
    try:
        return Image.open(io.BytesIO(content), formats=formats)
    except Image.UnidentifiedImageError as error:
        damaged = heif or _begins_as_a_photo(content)
        raise Refused("corrupt_image" if damaged else "unsupported_type") from error
    except Image.DecompressionBombError as error:
        raise Refused("too_many_pixels") from error


def _begins_as_a_photo(content: bytes) -> bool:
    return content.startswith(BEGINNINGS) or content[8:12] in BRANDS


def _draft_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Return the size down to which a JPEG may be decoded; never under what is stored."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return RGB or RGBA. 16- and 32-bit grey is scaled: plain conversion clips it to white."""
    if image.mode.startswith(("I", "F")):
        values = image.convert("F")
        factor = 255 / 65535 if values.getextrema()[1] > 255 else 1
        image = values.point(lambda value: value * factor).convert("L")
    clear = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    mode = "RGBA" if clear else "RGB"
    # Converting to the mode it has would copy a picture that may be large.
    plain = image if image.mode == mode else image.convert(mode)
    # A JPEG's comment and profile live in `info` and would be written out again.
    plain.info = {}
    return plain


def _shrunk(image: Image.Image, side: int | None) -> Image.Image:
    if side:
        image.thumbnail((side, side), reducing_gap=2.0)
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def encoded(image: Image.Image, format: str, **options) -> bytes:
    output = io.BytesIO()
    image.save(output, format, **options)
    return output.getvalue()


class Rendition(NamedTuple):
    shape: str
    size: tuple[int, int]
    files: dict[str, bytes]  # by suffix


# As good to the eye as a JPEG of quality 80. AVIF's slow settings gain a tenth of the bytes
# for four times the time; on small pictures the time does not matter.
AVIF = {"quality": 60, "max_threads": 1}
AVIF_FAST_FROM = 800
WEBP = {"quality": 78, "method": 4}
JPEG = {"quality": 80, "optimize": True, "progressive": True}
CARD = (1, 1)
# A step that is nearly as wide as the next is not worth its files.
WORTH = 1.15


def renditions(
    content: bytes,
    *,
    focal: tuple[float, float],
    widths: Sequence[int],
    card_widths: Sequence[int],
) -> Iterator[Rendition]:
    """Make the smaller versions of a stored JPEG, and square crops around the focal point.

    Never larger than the picture itself. Each shape comes from its smallest width to its largest.
    """
    image = Image.open(io.BytesIO(content), formats=["JPEG"])
    wanted = steps(image.width, widths)
    image.draft("RGB", (wanted[-1], max(1, wanted[-1] * image.height // image.width)))
    whole = image.convert("RGB")
    card = _crop(whole, focal)
    for shape, source, sizes in (
        ("whole", whole, wanted),
        ("card", card, steps(card.width, card_widths)),
    ):
        aspect = source.height / source.width
        made = []
        for width in reversed(sizes):
            # Each step comes from the one before, which is much smaller than the picture.
            source = _scaled(source, (width, max(1, round(width * aspect))))
            made.append(Rendition(shape, source.size, _encodings(source)))
        yield from reversed(made)


def steps(width: int, widths: Sequence[int]) -> list[int]:
    """Return the widths to make of a picture, and its own where it lies between them."""
    smaller = [step for step in sorted(widths) if step <= width]
    if not smaller or (smaller[-1] < max(widths) and width >= smaller[-1] * WORTH):
        smaller.append(width)
    return smaller


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _crop(image: Image.Image, focal: tuple[float, float]) -> Image.Image:
    """Cut out the largest card whose middle is as near the focal point as it can be."""
    width = min(image.width, image.height * CARD[0] // CARD[1])
    height = min(image.height, max(1, image.width * CARD[1] // CARD[0]))
    left = min(max(round(focal[0] * image.width - width / 2), 0), image.width - width)
    top = min(max(round(focal[1] * image.height - height / 2), 0), image.height - height)
    return image.crop((left, top, left + width, top + height))


def _encodings(image: Image.Image) -> dict[str, bytes]:
    speed = 9 if image.width >= AVIF_FAST_FROM else 8
    return {
        "avif": encoded(image, "AVIF", speed=speed, **AVIF),
        "webp": encoded(image, "WEBP", **WEBP),
        "jpg": encoded(image, "JPEG", **JPEG),
    }
