import numpy as np
import pytest

from ml.demo import meshes


def bounds(mesh: meshes.Mesh) -> list[list[float]]:
    points = mesh.corners.reshape(-1, 3).astype(float)
    return [points.min(axis=0).round(4).tolist(), points.max(axis=0).round(4).tolist()]


def area(mesh: meshes.Mesh) -> float:
    a, b, c = (mesh.corners[:, i] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_box_stands_on_the_middle_of_its_underside():
    mesh = meshes.box((2, 4, 6), (1, 0, 3))

    assert bounds(mesh) == [[0, -2, 3], [2, 2, 9]]
    assert area(mesh) == pytest.approx(2 * (2 * 4 + 2 * 6 + 4 * 6))


def test_box_with_a_narrow_top_has_the_area_of_a_cut_pyramid():
    mesh = meshes.box((2, 2, 1), top_scale=0.0)

    # Four triangles with base 2 and slant height sqrt(2), and the underside.
    assert area(mesh) == pytest.approx(4 * np.sqrt(2) + 4)


def test_quad_in_pieces_keeps_its_area():
    corners = np.array([(0, 0, 0), (3, 0, 0), (3, 0, 2), (0, 0, 2)])

    mesh = meshes.quad(corners, piece=0.5)

    assert len(mesh.material) == 2 * 6 * 4
    assert area(mesh) == pytest.approx(6)


def test_lathe_with_four_flat_sides_is_a_square_pillar():
    mesh = meshes.lathe([(np.sqrt(2), 0), (np.sqrt(2), 5)], 4, flat=True, turn=np.pi / 4)

    assert bounds(mesh) == [[-1, -1, 0], [1, 1, 5]]
    assert area(mesh) == pytest.approx(4 * 2 * 5)


def test_ball_comes_close_to_the_surface_of_a_sphere():
    mesh = meshes.ball(2.0, (1, 1, 1), sides=40)

    assert area(mesh) == pytest.approx(4 * np.pi * 4, rel=0.02)
    assert bounds(mesh) == [[-1, -1, -1], [3, 3, 3]]


def test_tube_has_its_radius_about_the_path():
    mesh = meshes.tube([(0, 0, 0), (0, 5, 0), (0, 10, 0)], 0.5, 32)

    points = mesh.corners.reshape(-1, 3)
    assert np.hypot(points[:, 0], points[:, 2]) == pytest.approx(0.5, abs=1e-5)


def test_arched_wall_leaves_its_passage_open():
    mesh = meshes.arched_wall(10, 8, 2, 4, 3)

    points = mesh.corners.reshape(-1, 3)
    inside = (np.abs(points[:, 0]) < 1.9) & (points[:, 2] > 0.1) & (points[:, 2] < 3)
    assert not inside.any()
    assert bounds(mesh) == [[-5, -1, 0], [5, 1, 8]]


def test_surface_normals_are_upright_on_a_level_sheet():
    x, y = np.meshgrid(np.arange(3.0), np.arange(4.0))

    mesh = meshes.surface(np.stack([x, y, 0 * x], axis=2))

    assert np.abs(mesh.normals[..., 2]) == pytest.approx(1)


def test_turned_by_a_quarter_brings_x_to_y():
    mesh = meshes.turned(meshes.box((2, 0.2, 0.2), (5, 0, 0)), 90)

    assert bounds(mesh) == [[-0.1, 4, 0], [0.1, 6, 0.2]]


def test_placed_makes_a_copy_at_each_spot():
    mesh = meshes.placed(meshes.box((1, 1, 1)), [(0, 0, 0), (10, 0, 0)], [0, 90], [1, 2])

    assert bounds(mesh) == [[-0.5, -1, 0], [11, 1, 2]]
