import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from ml.models.pooling import GeneralizedMean, generalized_mean  # noqa: E402

FEATURES = np.random.default_rng(4).uniform(0.1, 2.0, (2, 5, 3, 4)).astype(np.float32)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, 6.5])
def test_gem_is_the_power_mean(p):
    found = generalized_mean(tf.constant(FEATURES), p).numpy()

    flat = FEATURES.reshape(2, 15, 4).astype(np.float64)
    assert found == pytest.approx((flat**p).mean(axis=1) ** (1 / p), rel=1e-5)


def test_gem_goes_from_the_mean_to_the_maximum():
    mean = generalized_mean(tf.constant(FEATURES), 1.0).numpy()
    nearly_largest = generalized_mean(tf.constant(FEATURES), 60.0).numpy()

    assert mean == pytest.approx(FEATURES.mean(axis=(1, 2)), rel=1e-5)
    assert nearly_largest == pytest.approx(FEATURES.max(axis=(1, 2)), rel=0.06)


def test_dark_and_negative_features_do_no_harm():
    pooled = generalized_mean(tf.constant(-FEATURES), 3.0).numpy()

    assert pooled == pytest.approx(np.full((2, 4), 1e-6), rel=1e-3)


def test_p_is_learned_from_three_and_stays_at_least_one():
    layer = GeneralizedMean()
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(layer(tf.constant(FEATURES)))
    gradient = tape.gradient(value, layer.p)

    assert float(layer.p) == 3.0
    assert float(gradient) > 0  # a higher p lets the larger features speak
    assert float(layer.p.constraint(tf.constant(0.2))) == 1.0
