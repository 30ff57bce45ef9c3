"""ArcFace against angles worked out with arccos, not with the identities that the head uses."""

import math

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from ml.models.arcface_head import (  # noqa: E402
    ArcFaceHead,
    class_cosines,
    dynamic_margins,
    with_margin,
)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture
def embeddings() -> np.ndarray:
    return unit(np.random.default_rng(1).normal(size=(6, 8))).astype(np.float32)


def test_the_own_class_turns_away_by_the_margin():
    angles = np.array([0.3, 1.0, 2.0])
    cosines = np.cos(np.stack([angles, angles + 0.1, angles - 0.1], axis=1)).astype(np.float32)
    labels = np.array([0, 1, 2])
    margins = np.array([0.1, 0.3, 0.5], np.float32)

    moved = with_margin(tf.constant(cosines), tf.constant(labels), tf.constant(margins)).numpy()

    expected = cosines.copy()
    for row, label in enumerate(labels):
        expected[row, label] = math.cos(math.acos(cosines[row, label]) + margins[label])
    assert np.abs(moved - expected).max() < 1e-5


def test_past_half_a_turn_the_logit_goes_on_falling():
    angles = np.linspace(0.01, math.pi - 0.01, 200)
    cosines = np.cos(angles)[:, None].astype(np.float32)
    labels = np.zeros(200, np.int64)

    moved = with_margin(tf.constant(cosines), tf.constant(labels), tf.constant([0.5])).numpy()[:, 0]

    assert (np.diff(moved) < 0).all()


def test_gradients_equal_differences_of_the_loss(embeddings):
    head = ArcFaceHead(5, scale=16.0, margins=0.3)
    head.build((None, 8))
    labels = tf.constant([0, 1, 2, 3, 4, 0])

    def loss(rows) -> tf.Tensor:
        logits = head(rows, labels)
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        )

    rows = tf.constant(embeddings)
    with tf.GradientTape() as tape:
        tape.watch(rows)
        value = loss(rows)
    gradient = tape.gradient(value, rows).numpy()
    step = 1e-2
    for row, column in ((0, 0), (3, 5), (5, 7)):
        moved = np.zeros_like(embeddings)
        moved[row, column] = step
        numeric = (loss(rows + moved) - loss(rows - moved)).numpy() / (2 * step)
        assert gradient[row, column] == pytest.approx(numeric, rel=0.02, abs=1e-3)


def test_the_nearest_sub_center_speaks_for_its_class(embeddings):
    centers = np.random.default_rng(2).normal(size=(4, 3, 8)).astype(np.float32)

    found = class_cosines(tf.constant(embeddings), tf.constant(centers)).numpy()

    expected = np.einsum("nd,ckd->nck", embeddings, unit(centers)).max(axis=2)
    assert np.abs(found - expected).max() < 1e-5


def test_without_labels_the_cosines_are_served_plain(embeddings):
    head = ArcFaceHead(5, scale=30.0, margins=0.5, subcenters=2)
    head.build((None, 8))

    plain = head(tf.constant(embeddings)).numpy()

    expected = 30 * class_cosines(tf.constant(embeddings), head.centers).numpy()
    assert np.array_equal(plain, expected)


def test_sampling_every_class_gives_the_whole_loss(embeddings):
    head = ArcFaceHead(7, scale=16.0, margins=np.linspace(0.1, 0.5, 7))
    head.build((None, 8))
    labels = tf.constant([6, 1, 2, 2, 4, 0], tf.int64)

    def loss(logits, targets) -> float:
        return float(
            tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
            )
        )

    whole = loss(head(tf.constant(embeddings), labels), labels)
    sampled = loss(*head.sampled(tf.constant(embeddings), labels, negatives=7, seed=3))
    fewer, columns = head.sampled(tf.constant(embeddings), labels, negatives=1, seed=3)

    assert sampled == pytest.approx(whole, rel=1e-5)
    assert fewer.shape == (6, 6)  # five classes of the batch and one other
    assert columns.numpy().tolist() == [0, 1, 2, 2, 3, 4]


def test_rare_classes_get_the_large_margin():
    margins = dynamic_margins([1, 16, 81, 10_000], largest=0.5, smallest=0.05, power=0.25)

    # n^(−1/4): 1, 1/2, 1/3, 1/10; the straight line through (1, 0.5) and (0.1, 0.05) is n ↦ n/2.
    assert margins == pytest.approx([0.5, 0.25, 1 / 6, 0.05], abs=1e-6)
    assert dynamic_margins([7, 7]).tolist() == [0.5, 0.5]
