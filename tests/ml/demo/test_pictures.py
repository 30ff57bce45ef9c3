"""The committed demo pictures against their manifest."""

import csv
import hashlib
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from ml.demo import draw, views

PICTURES = draw.PICTURES
MEGABYTE = 1_000_000
SPLITS = {"reference": 8, "sample": 4, "view": 12}
SIZES = {(480, 360), (360, 480), (480, 320)}


def rows() -> list[dict[str, str]]:
    with (PICTURES / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def landmark_rows() -> list[dict[str, str]]:
    return [row for row in rows() if row["split"] in SPLITS]


def files() -> list[Path]:
    return sorted(PICTURES.rglob("*.jpg"))


def test_manifest_names_each_picture_once():
    assert sorted(row["file"] for row in rows()) == [
        file.relative_to(PICTURES).as_posix() for file in files()
    ]


def test_manifest_lists_the_pictures_the_code_draws():
    assert [row["file"] for row in rows()] == [job.file for job in draw.jobs()]


def test_each_landmark_has_references_samples_and_twelve_more_views():
    counts = Counter((row["slug"], row["split"]) for row in landmark_rows())

    assert len(views.STANDS) == 12
    assert counts == {
        (slug, split): size for slug in views.STANDS for split, size in SPLITS.items()
    }


def test_no_picture_is_in_two_splits():
    kinds = {}
    for row in rows():
        content = hashlib.sha256((PICTURES / row["file"]).read_bytes()).hexdigest()
        kinds.setdefault(content, []).append(row["split"])

    assert all(len(splits) == 1 for splits in kinds.values())


def test_every_picture_that_pages_show_has_its_words():
    with (PICTURES / "texts.csv").open(newline="", encoding="utf-8") as file:
        texts = {row["file"]: row for row in csv.DictReader(file)}

    shown = [row["file"] for row in landmark_rows() if row["split"] != "sample"]
    assert list(texts) == shown
    assert all(all(row.values()) for row in texts.values())


def test_nonlandmarks_alternate_between_fitting_and_trying_in_name_order():
    splits = {row["file"]: row["split"] for row in rows() if row["split"].startswith("nonlandmark")}

    assert [splits[name] for name in sorted(splits)] == ["nonlandmark-fit", "nonlandmark-try"] * 30


def test_boxes_lie_inside_their_pictures():
    for row in landmark_rows():
        x, y, width, height = (int(row[name]) for name in ("x", "y", "width", "height"))
        with Image.open(PICTURES / row["file"]) as picture:
            assert x >= 0 and y >= 0, row["file"]
            assert x + width <= picture.width and y + height <= picture.height, row["file"]
        assert width >= 8 and height >= 8, row["file"]


def test_landmarks_fill_a_fair_part_of_their_pictures():
    for row in landmark_rows():
        with Image.open(PICTURES / row["file"]) as picture:
            share = int(row["width"]) * int(row["height"]) / (picture.width * picture.height)
        assert share >= 0.1, row["file"]


def test_none_of_these_stands_alone_and_no_row_is_without_a_tag():
    for row in landmark_rows():
        found = [row[name] == "1" for name in ("truncated", "occluded", "reflection")]
        assert (row["none_of_these"] == "1") == (not any(found)), row["file"]


def test_every_tag_occurs_among_references_and_samples():
    for split in ("reference", "sample"):
        for tag in ("truncated", "occluded", "reflection", "none_of_these"):
            assert any(row[tag] == "1" for row in landmark_rows() if row["split"] == split), (
                split,
                tag,
            )


def test_truncated_means_that_the_box_reaches_the_edge():
    for row in landmark_rows():
        x, y, width, height = (int(row[name]) for name in ("x", "y", "width", "height"))
        with Image.open(PICTURES / row["file"]) as picture:
            at_edge = x == 0 or y == 0 or x + width == picture.width or y + height == picture.height
        assert (row["truncated"] == "1") == at_edge, row["file"]


def test_nonlandmarks_have_neither_box_nor_tags():
    for row in rows():
        if row["split"].startswith("nonlandmark"):
            assert not any(row[name] for name in draw.COLUMNS[3:]), row["file"]


def test_pictures_stay_under_ten_megabytes():
    assert sum(file.stat().st_size for file in files()) <= 10 * MEGABYTE


@pytest.mark.slow
def test_pictures_are_whole_plain_jpegs_without_metadata():
    for file in files():
        with Image.open(file) as picture:
            picture.load()
            assert picture.format == "JPEG" and picture.mode == "RGB"
            assert picture.size in SIZES, file
            assert set(picture.info) <= {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
            }, file
            assert not picture.getexif()


def test_licence_lies_beside_the_pictures():
    assert "CC0" in (PICTURES / "LICENSE").read_text()
