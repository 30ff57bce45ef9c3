"""Boxes from where the network looks, against the exact boxes of the drawn pictures."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

from ml.contract import DEFAULT_PROFILE
from ml.export import ensure_exported
from ml.inference.activation import Shares, activation_map, box_of, in_pixels
from ml.model_config import ConfiguredModel, config_text, stable_folder
from tests.environment import ROOT, TEST_DATA

PICTURES = ROOT / "ml" / "demo" / "pictures"


def test_the_box_surrounds_what_the_channels_of_the_embedding_see():
    features = np.zeros((3, 10, 8), dtype=np.float32)
    features[0, 3:7, 2:5] = 5.0  # strong and common: most of the embedding
    features[1, 0, 0] = 1.0  # a weak corner

    box = in_pixels(box_of(activation_map([features])), 800, 1000)

    left, top, width, height = box
    assert (left, top) == pytest.approx((200, 300), abs=40)
    assert (width, height) == pytest.approx((300, 400), abs=60)


def test_a_map_without_anything_gives_the_whole_picture():
    assert box_of(activation_map([np.ones((2, 4, 4), np.float32)])) == Shares(0, 0, 1, 1)


def test_the_stable_version_is_read_off_the_configuration(tmp_path):
    models = [
        ConfiguredModel("one", "/elsewhere/one", (3,), {"canary": 3}),
        ConfiguredModel("two", "/elsewhere/two", (4, 7), {"stable": 7}),
    ]
    (tmp_path / "models.config").write_text(config_text(models))

    assert stable_folder(tmp_path) == tmp_path / "two" / "7"


def overlap(one: list[float], other: list[float]) -> float:
    """Intersection over union of [x, y, width, height]."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


@pytest.mark.slow
def test_on_the_drawn_landmarks_the_boxes_beat_a_centred_one():
    from PIL import Image

    with (PICTURES / "manifest.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["x"]][1::4]
    files = [str(PICTURES / row["file"]) for row in rows]
    export = ensure_exported(TEST_DATA / "models", DEFAULT_PROFILE)

    done = subprocess.run(
        [sys.executable, "-m", "ml.suggest_boxes", "--export", str(export)],
        cwd=ROOT,
        input="\n".join([*files, "no such file.jpg"]),
        capture_output=True,
        text=True,
        check=True,
    )

    *answers, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["file"] for answer in answers] == files
    assert last["box"] is None
    found, centred = [], []
    for row, answer in zip(rows, answers, strict=True):
        exact = [float(row[name]) for name in ("x", "y", "width", "height")]
        with Image.open(PICTURES / row["file"]) as image:
            width, height = image.size
        found.append(overlap(exact, answer["box"]))
        middle = [0.15 * width, 0.15 * height, 0.7 * width, 0.7 * height]
        centred.append(overlap(exact, middle))
    assert np.mean(found) >= 0.5
    assert np.mean(found) > np.mean(centred) + 0.02
