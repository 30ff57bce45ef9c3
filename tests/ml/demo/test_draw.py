import csv
import io

import numpy as np
import pytest
from PIL import Image

from ml.demo import draw

NUMBERS = ("x", "y", "width", "height")


@pytest.mark.slow
def test_drawing_again_gives_the_committed_picture_and_its_row():
    job = next(job for job in draw.jobs() if job.slug == "cheomseongdae" and job.number == 1)
    with (draw.PICTURES / "manifest.csv").open(newline="") as file:
        kept = next(row for row in csv.DictReader(file) if row["file"] == job.file)

    pixels, row = draw.draw(job)

    assert [int(row[name]) for name in NUMBERS] == pytest.approx(
        [int(kept[name]) for name in NUMBERS], abs=2
    )
    assert [row[name] for name in draw.COLUMNS[7:]] == [kept[name] for name in draw.COLUMNS[7:]]
    with Image.open(draw.PICTURES / job.file) as picture:
        difference = np.abs(np.asarray(picture, float) - pixels).mean()
    assert difference < 6


def test_compressed_leaves_no_metadata():
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)

    with Image.open(io.BytesIO(draw.compressed(noise))) as picture:
        assert (
            "exif" not in picture.info
            and "comment" not in picture.info
            and "icc_profile" not in picture.info
        )


def test_write_manifest_keeps_the_rows_of_pictures_not_drawn(tmp_path):
    first, second = (
        dict.fromkeys(draw.COLUMNS, "") | {"file": job.file, "slug": "old"}
        for job in draw.jobs()[:2]
    )
    draw.write_manifest(tmp_path, [first, second])

    draw.write_manifest(tmp_path, [second | {"slug": "new"}])

    with (tmp_path / "manifest.csv").open(newline="") as file:
        assert [row["slug"] for row in csv.DictReader(file)] == ["old", "new"]
