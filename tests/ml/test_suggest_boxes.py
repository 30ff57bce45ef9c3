"""Boxes from where the network looks, against exact ones and ones drawn by hand."""

import json
import subprocess
import sys

import numpy as np
import pytest

from ml.check_boxes import OtherPicture, centred, known_boxes, measured, overlap
from ml.inference.activation import Shares, activation_map, box_of, in_pixels
from ml.model_config import ConfiguredModel, config_text, stable_folder
from ml.suggest_boxes import Looker
from tests.environment import ROOT

PICTURES = ROOT / "ml" / "demo" / "pictures"
BY_HAND = ROOT / "tests" / "ml" / "fixtures" / "landmarks50_boxes.json"


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


@pytest.mark.slow
def test_every_picture_asked_for_is_answered_in_order(exported_model):
    files = [str(file) for file in sorted((PICTURES / "samples" / "dabotap").glob("*.jpg"))[:2]]

    done = subprocess.run(
        [sys.executable, "-m", "ml.suggest_boxes", "--export", str(exported_model)],
        cwd=ROOT,
        input="\n".join([*files, "no such file.jpg"]),
        capture_output=True,
        text=True,
        check=True,
    )

    *answers, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["file"] for answer in answers] == files
    assert all(min(answer["box"][2:]) > 8 for answer in answers)
    assert last["box"] is None


@pytest.fixture(scope="module")
def looker(exported_model) -> Looker:
    return Looker(exported_model)


@pytest.mark.slow
def test_on_the_drawn_landmarks_the_boxes_beat_a_centred_one(looker):
    found = measured(looker, list(known_boxes(PICTURES / "manifest.csv", PICTURES))[1::4])

    assert found["overlap"] >= 0.5
    assert found["overlap"] > max(found["centred_sides"], found["centred_area"]) + 0.02


@pytest.mark.slow
def test_so_they_do_on_photographs_with_boxes_drawn_by_hand(looker, shared_data):
    photos = shared_data / "landmarks50" / "test"
    if not photos.is_dir():
        pytest.skip("needs landmarks50 beside the project, which is not here")

    found = measured(looker, list(known_boxes(BY_HAND, photos)))

    assert found["n"] == 60
    assert found["overlap"] >= 0.5
    assert found["overlap"] > max(found["centred_sides"], found["centred_area"])


def test_overlap_is_intersection_over_union():
    left, right = Shares(0, 0, 0.6, 1), Shares(0.4, 0, 1, 1)

    assert overlap(left, right) == pytest.approx(0.2)
    assert overlap(left, Shares(0.7, 0, 1, 1)) == 0
    assert overlap(centred(0.7), centred(0.7)) == pytest.approx(1)


def test_another_picture_under_the_same_name_is_refused(tmp_path):
    (tmp_path / "one.jpg").write_bytes(b"another")
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps([{"file": "one.jpg", "sha256": "0" * 64, "box": [0, 0, 1, 1]}]))

    with pytest.raises(OtherPicture, match=r"one\.jpg"):
        list(known_boxes(boxes, tmp_path))
