import io

import numpy as np
import pytest
from PIL import Image

from ml.contract import PHOTO_SIZES, ImageSize, sizes_up_to
from ml.inference.preparing import fit_to_model_size, nearest_size

SIZES = sizes_up_to(320, (240, 160))


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (4000, 3000, ImageSize(240, 320)),
        (3000, 4000, ImageSize(320, 240)),
        (64, 64, ImageSize(320, 320)),
        (5000, 64, ImageSize(160, 320)),
        (64, 5000, ImageSize(320, 160)),
    ],
)
def test_nearest_size_keeps_the_aspect(width, height, expected):
    assert nearest_size(width, height, SIZES) == expected


def test_photo_sizes_squash_ordinary_photos_by_at_most_a_twentieth():
    for width, height in ((1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (2, 1)):
        size = nearest_size(width, height, PHOTO_SIZES)
        assert abs(size.width / size.height / (width / height) - 1) < 0.05


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(mode):
    pixels = fit_to_model_size(Image.new(mode, (200, 150)), SIZES)

    assert pixels.shape == (1, 240, 320, 3)
    assert pixels.dtype == np.uint8


def test_colours_and_directions_stay():
    image = Image.new("RGB", (400, 300), (250, 10, 20))
    image.paste((10, 20, 250), (200, 0, 400, 300))

    pixels = fit_to_model_size(image, SIZES)[0]

    assert pixels[120, 20].tolist() == [250, 10, 20]
    assert pixels[120, 300].tolist() == [10, 20, 250]


def test_a_file_not_yet_decoded_gives_nearly_the_same():
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (30, 40, 3), dtype=np.uint8))
    stream = io.BytesIO()
    coarse.resize((1600, 1200), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=95)
    decoded = Image.open(stream)
    decoded.load()

    lazy = fit_to_model_size(Image.open(stream), SIZES).astype(int)
    eager = fit_to_model_size(decoded, SIZES).astype(int)

    assert np.abs(lazy - eager).mean() < 1
