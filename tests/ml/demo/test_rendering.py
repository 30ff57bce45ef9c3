import numpy as np
import pytest

from ml.demo import draw, grounds, rendering
from ml.demo.meshes import box, empty
from ml.demo.rasterizing import look_at
from ml.demo.skies import SKIES


def picture_of_a_cube(foreground=None, sky="noon") -> rendering.Picture:
    """A red cube of 2 m seen from 10 m, 96 by 64 pixels."""
    scene = rendering.Scene(
        box((2, 2, 2), tint="#c03020"), empty(), foreground or empty(), grounds.lawn(), 8
    )
    camera = look_at((0, -10, 1), (0, 0, 1), 60, 96, 64)
    return rendering.render(scene, rendering.Shot(camera, SKIES[sky], 20))


@pytest.mark.slow
def test_render_gives_the_same_pixels_again():
    assert (picture_of_a_cube().pixels == picture_of_a_cube().pixels).all()


@pytest.mark.slow
def test_silhouette_is_where_geometry_says():
    # The front face lies 9 m away: 48 / tan(30°) / 9 pixels a metre.
    half = 48 / np.tan(np.radians(30)) / 9

    found = draw.box(picture_of_a_cube().silhouette)

    assert int(found["x"]) == pytest.approx(48 - half, abs=1)
    assert int(found["width"]) == pytest.approx(2 * half, abs=1)
    assert int(found["y"]) == pytest.approx(32 - half, abs=1)
    assert int(found["height"]) == pytest.approx(2 * half, abs=1)


@pytest.mark.slow
def test_silhouette_ignores_what_stands_in_front():
    before = box((1, 0.2, 3), (-0.5, -4, 0), tint="#2040c0")

    clear, hidden = picture_of_a_cube(), picture_of_a_cube(before)

    assert (clear.silhouette == hidden.silhouette).all()
    assert clear.hidden == 0
    assert 0.2 < hidden.hidden < 1


@pytest.mark.slow
def test_shadow_darkens_the_ground_beside_the_cube():
    scene = rendering.Scene(box((2, 2, 4)), empty(), empty(), grounds.earth(), 12)
    camera = look_at((0, -14, 9), (0, 0, 0), 50, 96, 64)
    sky = SKIES["clear"]._replace(height=30.0)

    pixels = rendering.render(scene, rendering.Shot(camera, sky, 90)).pixels.mean(axis=2)

    # The sun stands on the right, so the left side of the ground is darker.
    assert pixels[30:34, 22:38].mean() < 0.85 * pixels[30:34, 58:74].mean()


@pytest.mark.slow
def test_snow_whitens_what_faces_up():
    assert (
        picture_of_a_cube(sky="winter").pixels[58, 5].min()
        > picture_of_a_cube(sky="clear").pixels[58, 5].min() + 40
    )


def test_box_is_the_smallest_around_the_silhouette():
    silhouette = np.zeros((20, 30))
    silhouette[4:9, 11:17] = 1
    silhouette[2, 2] = 0.4

    assert draw.box(silhouette) == {"x": "11", "y": "4", "width": "6", "height": "5"}
