import numpy as np
import pytest

from ml.demo import rasterizing, views, words
from ml.demo.landmarks import LANDMARKS
from ml.demo.skies import SKIES, sun_direction


def test_every_landmark_has_a_stand():
    assert set(views.STANDS) == set(LANDMARKS)


def test_plan_has_eight_references_four_samples_and_twelve_more_views():
    splits = [view.split for view in views.PLAN]

    counts = [splits.count(split) for split in ("reference", "sample", "view")]
    assert counts == [8, 4, 12]


def test_plan_shows_every_season_and_no_view_twice():
    assert {view.season for view in views.PLAN} == {"spring", "summer", "autumn", "winter"}
    assert len({view[1:] for view in views.PLAN}) == 24


def test_names_of_skies_and_fronts_are_known():
    for view in views.PLAN:
        assert view.sky in SKIES and view.front in views.FRONTS


def test_every_view_has_words_of_its_own_in_both_languages():
    for language in ("ko", "en"):
        said = [
            words.texts(number, occluded=True, truncated=True)[f"alt_{language}"]
            for number in range(len(views.PLAN))
        ]
        assert len(set(said)) == 24
        assert all("{name}" in text and len(text) > 15 for text in said)


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["cheomseongdae", "gwangandaegyo"])
def test_take_looks_at_the_landmark(slug):
    scene, shot = views.take(slug, 0)

    shape = rasterizing.project(shot.camera, scene.landmark.corners)
    ahead = shape.nearness.min(axis=1) > 0
    middle = np.median(shape.xy[ahead].reshape(-1, 2), axis=0)
    assert 0 < middle[0] < shot.camera.width
    assert 0 < middle[1] < shot.camera.height


def test_sun_direction_is_behind_the_viewer_at_zero():
    sky = SKIES["noon"]._replace(height=30.0)

    assert sun_direction(sky, 0) == pytest.approx([0, -np.cos(np.pi / 6), 0.5], abs=1e-6)
    assert sun_direction(sky, 90) == pytest.approx([np.cos(np.pi / 6), 0, 0.5], abs=1e-6)
