import csv
import importlib.util
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from apps.catalogue.pictures import Bounds, PictureRefused, open_stored, prepare
from tests.conftest import shared_folder
from tests.pictures import encoded, picture

BOUNDS = Bounds(max_bytes=20 * 2**20, max_pixels=80_000_000, min_side=64, stored_side=2048)
MARKER = "DEVLEAK-a90b"


def prepared(content: bytes, name: str = "photo.jpg"):
    return prepare(io.BytesIO(content), name=name, bounds=BOUNDS)


def refusal(content: bytes, name: str = "photo.jpg") -> str:
    with pytest.raises(PictureRefused) as refused:
        prepared(content, name)
    return refused.value.code


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_prepare_takes_the_formats_people_photograph_in(format):
    photo = prepared(encoded(picture(), format))

    stored = open_stored(io.BytesIO(photo.content))
    assert stored.size == (320, 240)
    assert np.asarray(stored)[10, 10].astype(int) == pytest.approx([255, 165, 0], abs=40)


@pytest.mark.S1
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"hello, I am a text\n" * 20, "unsupported_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "unsupported_type"),
        (encoded(picture(), "TIFF"), "unsupported_type"),
        (encoded(picture())[:2000], "corrupt_image"),
        (encoded(picture((63, 200))), "too_small"),
        (b"\xff\xd8\xff" + b"x" * (20 * 2**20), "too_large"),
    ],
)
def test_prepare_refuses_with_a_code(content, code):
    assert refusal(content) == code


@pytest.mark.S1
def test_prepare_checks_the_size_before_it_decodes():
    """A 100 MP picture is refused from its header; its body here is not even there."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)

    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")
    assert refusal(content) == "too_many_pixels"


@pytest.mark.S2
@pytest.mark.parametrize("name", ["", "a" * 300, "photo\x00.jpg", "a\nb.jpg"])
def test_prepare_refuses_names_with_control_characters_or_without_end(name):
    assert refusal(encoded(picture()), name) == "invalid_name"


@pytest.mark.S1
@pytest.mark.S16
def test_prepare_drops_everything_beside_the_pixels():
    exif = Image.Exif()
    exif[0x010E] = MARKER  # description
    exif.get_ifd(0x8825)[1] = "N"  # position
    content = encoded(picture(), exif=exif, comment=MARKER.encode(), icc_profile=b"profile")

    photo = prepared(content)

    assert MARKER.encode() not in photo.content
    stored = Image.open(io.BytesIO(photo.content))
    assert not stored.getexif()
    assert "comment" not in stored.info
    assert "icc_profile" not in stored.info


def test_prepare_turns_the_photo_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side

    photo = prepared(encoded(picture((320, 240)), exif=exif))

    assert photo.image.size == (240, 320)
    # The shape of the upper left corner is now at the upper right.
    assert np.asarray(photo.image)[10, 230].astype(int) == pytest.approx([255, 165, 0], abs=40)


def test_prepare_shrinks_a_large_photo_and_keeps_its_aspect():
    photo = prepared(encoded(picture((4000, 3000))))

    assert photo.image.size == (2048, 1536)


def test_prepare_keeps_sixteen_bit_grey_from_clipping():
    ramp = np.linspace(0, 65535, 200, dtype=np.uint16)[None, :].repeat(100, axis=0)

    photo = prepared(encoded(Image.fromarray(ramp), "PNG"))

    grey = np.asarray(photo.image)[50, :, 0].astype(int)
    assert grey[5] < 20
    assert 110 < grey[100] < 145
    assert grey[195] > 235


def test_prepare_lays_transparent_pictures_on_white():
    photo = prepared(encoded(Image.new("RGBA", (100, 100), (0, 0, 0, 0)), "PNG"))

    assert np.asarray(photo.image).min() > 250


def test_prepare_takes_the_first_frame_of_an_animation():
    frames = [picture(colour="teal"), picture(colour="red")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    photo = prepared(content, "moving.gif")

    assert np.asarray(photo.image)[200, 300].astype(int) == pytest.approx([0, 128, 128], abs=30)


def test_heic_needs_the_optional_package(shared_data):
    content = (shared_data / "hostile_images" / "made" / "ok.heic").read_bytes()

    if importlib.util.find_spec("pi_heif"):
        assert (prepared(content).width, prepared(content).height) == (480, 320)
    else:
        assert refusal(content) == "unsupported_type"


def hostile_rows() -> list[dict]:
    try:
        folder = shared_folder() / "data" / "hostile_images"
    except pytest.skip.Exception:
        return []
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.S1
@pytest.mark.slow
@pytest.mark.parametrize("row", hostile_rows(), ids=lambda row: row["file"])
def test_hostile_image_ends_as_it_should(shared_data, row):
    content = (shared_data / "hostile_images" / row["file"]).read_bytes()
    accepted = {"accept"} | ({"reject"} if row["optional_format"] else set())
    right = {code.removeprefix("reject:") for code in row["also_ok"].split("|")}
    right |= {row["error_code"]} | ({"unsupported_type"} if row["optional_format"] else set())
    try:
        photo = prepared(content, row["upload_name"])
    except PictureRefused as refused:
        if row["expect"] == "accept":
            assert "reject" in accepted or refused.code in right, refused.code
        else:
            assert refused.code in right, refused.code
        return
    assert row["expect"] == "accept" or "accept" in right
    for marker in (MARKER.encode(), MARKER.encode("utf-16-le"), MARKER.encode("utf-16-be")):
        assert marker not in photo.content
    assert not Image.open(io.BytesIO(photo.content)).getexif()
    if row["upright_width"]:
        wanted = int(row["upright_width"]) / int(row["upright_height"])
        got = photo.image.width / photo.image.height
        assert got == pytest.approx(wanted, rel=0.05)


@pytest.mark.parametrize(
    ("scanner", "code"),
    [
        ("sh -c 'exit 0'", None),
        ("sh -c 'grep -q JFIF && exit 1'", "unsafe_file"),
        ("sh -c 'exit 2'", "scanner_unavailable"),
        ("/no/such/program", "scanner_unavailable"),
        ("an 'open quote", "scanner_unavailable"),
    ],
)
def test_a_scanner_sees_each_file_and_nothing_passes_unchecked(settings, scanner, code):
    settings.UPLOAD_SCANNER = scanner
    content = encoded(picture())

    if code is None:
        assert prepared(content).width == 320
    else:
        assert refusal(content) == code


def test_refused_files_are_kept_only_where_a_setting_says_so(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    broken = encoded(picture())[:2000]

    refusal(broken)
    assert not (tmp_path / "quarantine").exists()

    settings.QUARANTINE_MEGABYTES = 1
    refusal(broken)
    [kept] = (tmp_path / "quarantine").iterdir()
    assert kept.name.startswith("corrupt_image-")
    assert kept.read_bytes() == broken
    assert kept.stat().st_mode & 0o077 == 0


def test_the_oldest_refused_files_make_room(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.QUARANTINE_MEGABYTES = 1

    for number in range(5):
        refusal(b"\xff\xd8\xff" + bytes([number]) * 300_000)

    kept = list((tmp_path / "quarantine").iterdir())
    assert len(kept) == 3
    assert sum(path.stat().st_size for path in kept) <= 2**20
