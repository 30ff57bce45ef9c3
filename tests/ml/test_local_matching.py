import numpy as np
import pytest
from PIL import Image

from ml.inference import local_features
from ml.inference.local_features import LocalFeatures, StoredFeatures
from ml.inference.local_matching import match, strongest
from ml.inference.match_picture import match_picture

RANDOM = np.random.default_rng(11)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def features(places: np.ndarray, descriptors: np.ndarray) -> StoredFeatures:
    ones = np.ones(len(places), np.float32)
    return local_features.stored(LocalFeatures(places, descriptors, ones, ones))


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray]:
    """120 places of a picture of 400 × 400 and what is seen there."""
    places = RANDOM.uniform(80, 320, (120, 2)).astype(np.float32)
    return places, unit(RANDOM.normal(size=(120, 40)))


def test_an_affine_map_is_found_among_wrong_pairs(scene):
    places, descriptors = scene
    turn = np.array([[0.9, -0.2], [0.25, 0.8]])
    moved = places @ turn.T + (30, 12)
    moved[:40] = RANDOM.uniform(0, 400, (40, 2))  # a third is somewhere else

    found = match(features(places, descriptors), features(moved, descriptors), residual=5.0)

    assert found.inliers >= 80
    assert np.abs(found.query @ turn.T + (30, 12) - found.reference).max() < 6


def test_a_homography_of_a_wall_seen_from_the_side_is_near_enough(scene):
    places, descriptors = scene
    weights = 1 + 0.0004 * places[:, 1:]
    seen = places / weights

    assert match(features(places, descriptors), features(seen, descriptors)).inliers > 100


def test_other_places_do_not_match(scene):
    places, descriptors = scene
    others = unit(RANDOM.normal(size=(120, 40)))

    assert match(features(places, descriptors), features(places[::-1], others)).inliers < 15


def test_too_little_to_prove_anything_is_no_match(scene):
    places, descriptors = scene
    few = features(places[:3], descriptors[:3])
    one_place = features(np.full((20, 2), 50.0), np.repeat(descriptors[:1], 20, axis=0))

    assert match(few, few).inliers == 0
    assert match(one_place, one_place).inliers == 0


def test_the_same_arguments_give_the_same_pairs(scene):
    places, descriptors = scene
    noisy = features(places + RANDOM.normal(0, 6, places.shape), descriptors)

    first = match(features(places, descriptors), noisy, seed=4)

    assert np.array_equal(first.query, match(features(places, descriptors), noisy, seed=4).query)


def test_stored_features_take_44_bytes_and_lose_little(scene):
    places, descriptors = scene

    kept = features(places, descriptors)
    again, restored = local_features.restored(kept)

    assert kept.locations.nbytes + kept.descriptors.nbytes == 120 * 44
    assert np.abs(again - places).max() <= 0.5
    assert (restored * descriptors).sum(axis=1).min() > 0.999


def test_of_overlapping_features_the_strongest_stays():
    found = LocalFeatures(
        locations=np.array([[100, 100], [102, 100], [100, 100], [300, 300]], np.float32),
        descriptors=np.eye(4, 40, dtype=np.float32),
        attention=np.array([5, 9, 7, 0.5], np.float32),
        scales=np.array([1, 1, 0.25, 1], np.float32),
    )

    kept = strongest(found, receptive_side=200, least_attention=1.0)

    # The second beats the first; the third sees a four times larger part; the last is too weak.
    assert kept.attention.tolist() == [9, 7]
    assert strongest(found, receptive_side=200, least_attention=0, most=1).attention == [9]


def test_the_picture_of_a_match_shows_both_and_draws_on_them(scene):
    places, descriptors = scene
    found = match(features(places, descriptors), features(places, descriptors))
    grey = Image.new("RGB", (400, 400), "grey")

    sheet = match_picture(grey, grey.resize((200, 400)), found)

    assert sheet.size == (480 + 8 + 240, 480)
    assert {(255, 255, 255), (23, 196, 140), (255, 176, 32)} <= {
        colour for _, colour in sheet.getcolors(1 << 20)
    }
