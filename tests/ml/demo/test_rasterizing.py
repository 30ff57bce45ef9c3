import numpy as np
import pytest

from ml.demo import rasterizing
from ml.demo.rasterizing import Projection


def drawn(*shapes: Projection, width: int = 8, height: int = 6) -> tuple[np.ndarray, np.ndarray]:
    buffer = rasterizing.blank(width, height)
    for number, shape in enumerate(shapes):
        rasterizing.draw(buffer, shape, width, height, number * 10)
    nearness, number = rasterizing.read(buffer)
    return nearness.reshape(height, width), number.reshape(height, width)


def rectangle(left: float, top: float, right: float, bottom: float, nearness: float) -> Projection:
    a, b, c, d = (left, top), (right, top), (right, bottom), (left, bottom)
    return Projection(np.array([[a, b, c], [a, c, d]]), np.full((2, 3), nearness))


def test_draw_covers_the_pixels_whose_centres_lie_inside():
    _, number = drawn(rectangle(2, 1, 5, 4, 1.0))

    rows, columns = np.nonzero(number >= 0)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (2, 4, 1, 3)
    assert (number >= 0).sum() == 9


def test_draw_keeps_the_nearer_shape_in_either_order():
    near, far = rectangle(0, 0, 4, 4, 2.0), rectangle(2, 2, 8, 6, 1.0)

    for shapes, owner in (((near, far), 0), ((far, near), 10)):
        nearness, number = drawn(*shapes)
        assert nearness[3, 3] == 2.0
        assert number[3, 3] - owner in (0, 1)


def test_draw_interpolates_nearness_linearly():
    shape = Projection(np.array([[(0, 0), (8, 0), (0, 6)]], float), np.array([[1.0, 9.0, 1.0]]))

    nearness, _ = drawn(shape)

    assert nearness[0, 0] == pytest.approx(1.5)
    assert nearness[0, 3] == pytest.approx(4.5)


def test_draw_leaves_out_what_reaches_behind_the_eye():
    shape = Projection(np.array([[(0, 0), (8, 0), (0, 6)]], float), np.array([[1.0, 0.0, 1.0]]))

    _, number = drawn(shape)

    assert (number == -1).all()


def test_draw_clips_at_the_edges():
    _, number = drawn(rectangle(-100, -100, 100, 100, 1.0))

    assert (number >= 0).all()


def test_project_puts_the_target_in_the_middle():
    camera = rasterizing.look_at((0, -10, 2), (0, 0, 2), 90, 400, 300)

    shape = rasterizing.project(camera, np.array([[(0, 0, 2), (10, 0, 2), (0, 0, 7)]], np.float32))

    # 90 degrees across 400 pixels: 10 m aside at 10 m is half the width.
    assert shape.xy[0] == pytest.approx(np.array([(200, 150), (400, 150), (200, 50)]), abs=1e-3)
    assert shape.nearness[0] == pytest.approx(0.1)


def test_pixel_rays_agree_with_project():
    camera = rasterizing.look_at((3, -8, 2), (0, 1, 4), 60, 40, 30)
    rays = rasterizing.pixel_rays(camera).reshape(30, 40, 3)

    point = (camera.eye + 7 * rays[12, 33]).astype(np.float32)
    shape = rasterizing.project(camera, np.broadcast_to(point, (1, 3, 3)))

    assert shape.xy[0, 0] == pytest.approx((33.5, 12.5), abs=1e-2)
    assert shape.nearness[0, 0] == pytest.approx(1 / 7, rel=1e-4)
