import numpy as np
import pytest

from ml.demo import grounds, materials
from ml.demo.meshes import MATERIAL_NAMES


def points(count: int = 500, pixel: float = 0.01) -> materials.Surface:
    random = np.random.default_rng(1)
    position = random.uniform(-20, 20, (count, 3)).astype(np.float32)
    normal = np.broadcast_to(np.array([0, -1, 0], np.float32), position.shape)
    tint = np.full_like(position, 0.5)
    return materials.Surface(
        position, normal, position[:, [0, 2]], tint, np.full(count, pixel, np.float32), 0.5
    )


@pytest.mark.parametrize("name", sorted(materials.MATERIALS))
def test_material_gives_finite_light_that_it_does_not_make_up(name):
    coat = materials.MATERIALS[name](points())

    assert coat.albedo.shape == (500, 3)
    assert np.isfinite(coat.albedo).all()
    assert coat.albedo.min() >= 0
    assert np.median(coat.albedo) <= 1
    assert np.all((np.asarray(coat.gloss) >= 0) & (np.asarray(coat.gloss) <= 1))


def test_line_covers_its_width_in_each_period():
    along = np.linspace(0, 10, 100_001)

    covered = materials.line(along, 1.0, 0.2, np.full(len(along), 1e-4))

    assert covered.mean() == pytest.approx(0.2, abs=1e-3)


def test_line_fades_to_its_mean_where_it_is_finer_than_a_pixel():
    along = np.linspace(0, 10, 1001)

    covered = materials.line(along, 1.0, 0.2, np.full(len(along), 2.0))

    assert covered == pytest.approx(0.2)


def test_coat_colours_each_material_by_itself():
    surface = points(4)
    index = np.array([MATERIAL_NAMES.index(name) for name in ("paint", "glass", "paint", "glass")])

    coat = materials.coat(surface, index)

    assert coat.gloss.tolist() == pytest.approx([0.05, 0.5, 0.05, 0.5])
    assert coat.albedo[1].tolist() == pytest.approx([0.175] * 3)


def test_patched_ground_lays_the_last_claim_on_top():
    white, black = (
        lambda s, value=value: materials.Coat(np.full_like(s.position, value), value)
        for value in (1.0, 0.0)
    )
    ground = grounds.patched(white, (grounds.rectangle(0, 50, -50, 50), black))
    surface = points()

    coat = ground(surface)

    right = surface.position[:, 0] > 0
    assert (coat.albedo[right] == 0).all() and (coat.albedo[~right] == 1).all()
    assert (coat.gloss[right] == 0).all() and (coat.gloss[~right] == 1).all()
