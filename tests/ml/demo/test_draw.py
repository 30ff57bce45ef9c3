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


def test_words_are_written_of_what_visitors_see_and_tell_what_is_in_the_way(tmp_path):
    jobs = [job for job in draw.jobs() if job.slug == "sungnyemun"]
    hidden = {"occluded": "1", "truncated": "0"}
    free = {"occluded": "0", "truncated": "0"}
    rows = [
        dict.fromkeys(draw.COLUMNS, "") | {"file": job.file} | (hidden if n == 1 else free)
        for n, job in enumerate(jobs)
    ]
    draw.write_manifest(tmp_path, rows)

    draw.write_texts(tmp_path)

    with (tmp_path / "texts.csv").open(newline="", encoding="utf-8") as file:
        texts = {row["file"]: row for row in csv.DictReader(file)}
    assert list(texts) == [job.file for job in jobs if job.split != "sample"]
    fronts = [name for name, row in texts.items() if "visitors" in row["alt_en"]]
    assert fronts == [jobs[1].file]
