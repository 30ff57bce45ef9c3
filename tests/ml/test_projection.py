import numpy as np
import pytest

from ml.contract import PROJECTED_SIZE
from ml.inference.projection import BadProjection, Projection, fit_projection, normalized


def embeddings(count, size=640, seed=0):
    """Unit vectors with a strong common direction, as pictures have."""
    random = np.random.default_rng(seed)
    return normalized(random.standard_normal((count, size)) * np.linspace(3, 0.1, size) + 1)


NOTHING = np.empty((0, 640), np.float32)


@pytest.mark.parametrize(("references", "rank"), [(32, 16), (41, 20), (100, 50)])
def test_rank_is_half_the_references(references, rank):
    projection = fit_projection(embeddings(references), embeddings(30, seed=1))

    assert projection.rank == rank
    assert not projection.matrix[:, rank:].any()


def test_projected_pictures_are_white():
    rows = embeddings(300)

    projection = fit_projection(rows, NOTHING)

    white = (rows - projection.mean) @ projection.matrix[:, : projection.rank]
    assert np.allclose(white.T @ white / len(rows), np.eye(projection.rank), atol=1e-2)


def test_both_ways_of_fitting_agree():
    references, others = embeddings(300), embeddings(40, seed=1)

    few = fit_projection(references, others)  # fewer rows than numbers
    many = fit_projection(np.vstack([references] * 2), np.vstack([others] * 2))

    assert (few.rank, many.rank) == (150, 300)
    alike = np.abs((few.matrix[:, :150] * many.matrix[:, :150]).sum(axis=0))
    lengths = np.linalg.norm(few.matrix[:, :150], axis=0)
    assert np.allclose(alike, lengths**2, rtol=1e-3)
    assert np.allclose(few.mean, many.mean, atol=1e-6)


def test_applied_vectors_have_length_one_and_512_numbers():
    projected = fit_projection(embeddings(40), NOTHING).apply(embeddings(7, seed=3))

    assert projected.shape == (7, PROJECTED_SIZE)
    assert projected.dtype == np.float32
    assert np.allclose(np.linalg.norm(projected, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 5, 31])
def test_few_references_keep_their_cosines(count):
    rows = embeddings(60, size=2560, seed=4)
    nothing = np.empty((0, 2560), np.float32)

    projection = fit_projection(rows[:count], nothing)

    centred = normalized(rows - projection.mean)
    projected = projection.apply(rows)
    assert projection.rank == PROJECTED_SIZE
    assert np.allclose(projected @ projected.T, centred @ centred.T, atol=0.2)


def test_a_single_reference_is_not_centred_away():
    rows = embeddings(1)

    projected = fit_projection(rows, NOTHING).apply(rows)

    assert np.allclose(np.linalg.norm(projected, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("size", [64, 640])
def test_small_embeddings_are_padded(size):
    projection = fit_projection(embeddings(5, size=size), np.empty((0, size), np.float32))

    projected = projection.apply(embeddings(3, size=size, seed=1))

    assert projected.shape == (3, PROJECTED_SIZE)
    assert np.isfinite(projected).all()


def test_512_numbers_stay_as_they_are():
    rows = embeddings(50, size=512)

    projection = fit_projection(rows, np.empty((0, 512), np.float32))

    assert np.allclose(projection.apply(rows), rows, atol=1e-6)


def test_equal_pictures_do_not_break_the_fit():
    rows = np.repeat(embeddings(1), 40, axis=0)

    projected = fit_projection(rows, NOTHING).apply(rows)

    assert np.isfinite(projected).all()


def test_stored_bytes_give_the_projection_back():
    projection = fit_projection(embeddings(40), NOTHING)

    stored = Projection.from_bytes(projection.to_bytes())

    assert stored.version == projection.version
    assert np.array_equal(stored.matrix, projection.matrix)


def test_the_version_follows_the_numbers():
    again = fit_projection(embeddings(40), NOTHING)
    other = fit_projection(embeddings(40, seed=9), NOTHING)

    assert fit_projection(embeddings(40), NOTHING).version == again.version
    assert other.version != again.version


@pytest.mark.parametrize("stored", [b"", b"PK\x03\x04 no", b"\x93NUMPY"])
def test_other_bytes_are_refused(stored):
    with pytest.raises(BadProjection):
        Projection.from_bytes(stored)
