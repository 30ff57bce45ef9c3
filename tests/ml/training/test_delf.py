"""DELF's parts against numpy, and a picture found again after it was turned and shrunk."""

import numpy as np
import pytest
from PIL import Image

tf = pytest.importorskip("tensorflow")

from ml.inference import local_features, local_matching  # noqa: E402
from ml.local_exporting import attended_features  # noqa: E402
from ml.models import delf  # noqa: E402
from ml.models.efficientnet_lite import SCALINGS, STAGES, scaled_stages  # noqa: E402
from ml.models.network import LOCAL_LAYER, feature_network, training_network  # noqa: E402
from ml.training_config import Stage, TrainingConfig  # noqa: E402
from tests.environment import ROOT  # noqa: E402

CONFIG = TrainingConfig(
    name="local",
    task="local",
    backbone="lite0",
    weights="imagenet",
    normalization="lite",
    stages=(Stage(side=64, epochs=1, batch=4),),
)
PICTURE = ROOT / "ml" / "demo" / "pictures" / "samples" / "dabotap"


def test_the_attended_mean_is_the_weighted_mean_of_unit_features():
    random = np.random.default_rng(3)
    features = random.normal(size=(2, 3, 4, 5)).astype(np.float32)
    attention = random.uniform(0.1, 2, (2, 3, 4, 1)).astype(np.float32)

    found = delf.attended_mean(tf.constant(features), tf.constant(attention)).numpy()

    unit = features / np.linalg.norm(features, axis=-1, keepdims=True)
    expected = (unit * attention).sum(axis=(1, 2)) / attention.sum(axis=(1, 2))
    assert found == pytest.approx(expected, abs=1e-5)


def test_no_gradient_goes_into_the_features():
    branch = delf.LocalBranch()
    features = tf.Variable(np.random.default_rng(1).normal(size=(1, 4, 4, 8)).astype(np.float32))
    branch.build(features.shape)

    with tf.GradientTape() as tape:
        pooled, _ = branch(features, training=True)
        value = tf.reduce_sum(pooled**2)
    into_features, *into_attention = tape.gradient(value, [features, *branch.trainable_variables])

    assert into_features is None
    assert any(np.abs(gradient).max() > 0 for gradient in into_attention)


@pytest.mark.slow
def test_only_the_attention_is_trained():
    network = training_network(CONFIG)

    paths = {variable.path for variable in network.trainable_variables}

    assert paths
    assert all("attention" in path for path in paths)


@pytest.mark.slow
def test_what_is_exported_of_a_run_attends_as_the_trained_network_does():
    network = training_network(CONFIG)
    image = np.random.default_rng(2).integers(0, 256, (1, 96, 128, 3), np.uint8)

    features, attention = attended_features(network, "lite0")(image.astype(np.float32))

    assert features.shape[1:3] == (6, 8)
    pooled = delf.attended_mean(features, attention).numpy()
    assert pooled == pytest.approx(network(image)["pooled"].numpy(), abs=1e-5)


@pytest.mark.parametrize("variant", list(SCALINGS))
def test_receptive_sides_are_what_the_layers_add_up_to(variant):
    side, stride = 1 + (3 - 1), 2  # the stem
    for stage in scaled_stages(variant)[: len(STAGES) - 2]:
        for repeat in range(stage.repeats):
            side += (stage.kernel - 1) * stride
            stride *= stage.stride if repeat == 0 else 1

    assert stride == delf.STRIDE
    assert side == delf.RECEPTIVE_SIDE[variant]
    last = sum(stage.repeats for stage in scaled_stages(variant)[: len(STAGES) - 2]) - 1
    assert LOCAL_LAYER[variant] == f"blocks.{last}._add"


def test_the_reduction_is_pca():
    random = np.random.default_rng(5)
    spread = np.diag([9.0, 4.0, 1.0, 0.1, 0.1])
    data = random.normal(size=(4000, 5)) @ spread + 3

    reduction = delf.fitted_reduction(data, size=2)

    _, _, axes = np.linalg.svd(data - data.mean(axis=0), full_matrices=False)
    assert reduction.mean == pytest.approx(data.mean(axis=0), rel=1e-5)
    assert np.abs(axes[:2] @ reduction.axes) == pytest.approx(np.eye(2), abs=1e-4)
    with pytest.raises(ValueError, match="as many descriptors"):
        delf.fitted_reduction(data[:1], size=2)


@pytest.fixture(scope="module")
def pyramid() -> delf.Pyramid:
    """An untrained attention: how strong a place's features are."""
    network = feature_network(CONFIG)
    features = network.output[1]
    strength = tf.keras.layers.Lambda(lambda x: tf.norm(x, axis=-1, keepdims=True))(features)
    model = tf.keras.Model(network.input, [features, strength])
    picture = np.asarray(Image.open(sorted(PICTURE.glob("*.jpg"))[0]).convert("RGB"))
    described = model(picture[None].astype(np.float32), training=False)[0].numpy()
    flat = described.reshape(-1, described.shape[-1])
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return delf.Pyramid(model, delf.fitted_reduction(unit), scales=(0.5, 0.7071, 1.0, 1.4142))


def features_of(pyramid: delf.Pyramid, image: Image.Image) -> local_features.StoredFeatures:
    found = pyramid.local_features(tf.constant(np.asarray(image.convert("RGB"))[None]))
    strongest = local_matching.strongest(
        local_features.LocalFeatures(
            *(found[name].numpy() for name in local_features.LocalFeatures._fields)
        ),
        receptive_side=delf.RECEPTIVE_SIDE["lite0"],
        least_attention=0.0,
    )
    return local_features.stored(strongest)


@pytest.mark.slow
def test_a_shrunk_and_turned_copy_is_verified_and_another_place_is_not(pyramid):
    image = Image.open(sorted(PICTURE.glob("*.jpg"))[0]).convert("RGB")
    turned = image.rotate(8, resample=Image.Resampling.BICUBIC, fillcolor="grey")
    copy = turned.resize((round(image.width * 0.8), round(image.height * 0.8)))
    other = Image.open(sorted((PICTURE.parent / "lotte-world-tower").glob("*.jpg"))[0]).convert(
        "RGB"
    )
    original = features_of(pyramid, image)

    same = local_matching.match(original, features_of(pyramid, copy))
    different = local_matching.match(original, features_of(pyramid, other))

    assert same.inliers > 40
    assert different.inliers < same.inliers / 2
    # The pairs lie where the turn and the shrinking put them.
    angle = np.deg2rad(8)
    centre = np.array([image.height, image.width]) / 2
    y, x = (same.query - centre).T
    expected = np.stack(
        [y * np.cos(angle) - x * np.sin(angle), y * np.sin(angle) + x * np.cos(angle)], axis=1
    )
    error = np.linalg.norm((expected + centre) * 0.8 - same.reference, axis=1)
    assert np.median(error) < 20
