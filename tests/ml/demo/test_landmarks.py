"""The models against the measures of the real places."""

import numpy as np
import pytest

from ml.demo.landmarks import LANDMARKS, cheomseongdae, n_seoul_tower

# Metres from the ground to the top; halls are known less exactly.
HEIGHTS = {
    "cheomseongdae": (9.17, 0.3),
    "dabotap": (10.29, 0.3),
    "dongdaemun-design-plaza": (29, 4),
    "gwangandaegyo": (116.5, 3),
    "gwanghwamun-yi-sun-sin-statue": (17.5, 0.8),
    "gyeongbokgung-geunjeongjeon": (25, 3),
    "hwaseong-fortress-hwaseomun": (17, 3),
    "independence-gate": (14.28, 0.8),
    "lotte-world-tower": (555, 6),
    "n-seoul-tower": (236.7, 5),
    "seokgatap": (10.75, 0.6),
    "sungnyemun": (25, 4),
}


@pytest.mark.slow
@pytest.mark.parametrize("slug", sorted(LANDMARKS))
def test_landmark_is_as_tall_as_the_real_one(slug):
    corners = LANDMARKS[slug]("summer").landmark.corners.reshape(-1, 3)
    base = n_seoul_tower.HILL - 3 if slug == "n-seoul-tower" else 0

    height, allowance = HEIGHTS[slug]
    assert corners[:, 2].max() - base == pytest.approx(height, abs=allowance)


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["cheomseongdae", "independence-gate"])
def test_seasons_change_the_surroundings_and_not_the_landmark(slug):
    summer, autumn = LANDMARKS[slug]("summer"), LANDMARKS[slug]("autumn")

    assert np.array_equal(summer.landmark.corners, autumn.landmark.corners)
    assert summer.setting.tint.shape != autumn.setting.tint.shape or not np.array_equal(
        summer.setting.tint, autumn.setting.tint
    )


def test_cheomseongdae_has_twenty_seven_round_courses():
    assert cheomseongdae.COURSES == 27
    assert cheomseongdae.RADII[0] > 1.6 * cheomseongdae.RADII[-1]
