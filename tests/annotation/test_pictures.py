import io

import pytest
from PIL import Image

from apps.annotation.pictures import PictureRefused, prepare_picture

LIMITS = {"max_pixels": 10_000_000, "min_side": 64}


def encoded(size=(400, 300), mode="RGB", format="JPEG", colour="red", **options) -> bytes:
    output = io.BytesIO()
    Image.new(mode, size, colour).save(output, format, **options)
    return output.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    return encoded(exif=exif)


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (400, 300)), (3, (400, 300)), (6, (300, 400)), (8, (300, 400))]
)
def test_prepare_picture_turns_it_upright_at_its_own_size(orientation, size):
    picture = prepare_picture(turned(orientation), **LIMITS)

    made = Image.open(io.BytesIO(picture.content))
    assert (picture.width, picture.height) == made.size == size
    assert made.format == "JPEG"
    assert not made.getexif()


def test_prepare_picture_puts_transparent_parts_on_white():
    content = encoded(mode="RGBA", format="PNG", colour=(0, 0, 0, 0))

    made = Image.open(io.BytesIO(prepare_picture(content, **LIMITS).content))

    assert made.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"only words", "unsupported_type"),
        (encoded(colour="blue")[:700], "corrupt_image"),
        (encoded(size=(63, 400)), "too_small"),
        (encoded(size=(4000, 3000)), "too_many_pixels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_prepare_picture_refuses_what_it_cannot_use(content, code):
    with pytest.raises(PictureRefused) as refused:
        prepare_picture(content, **LIMITS)

    assert refused.value.code == code
