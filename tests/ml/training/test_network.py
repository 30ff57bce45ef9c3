import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from ml.models import resnet  # noqa: E402
from ml.models.network import embedding_network  # noqa: E402
from ml.training_config import InvalidConfig, config_named  # noqa: E402


@pytest.mark.slow
def test_resnet101_gives_unit_embeddings_of_the_wanted_size():
    config = config_named("nia_resnet101_arcface").with_values({"weights": None})

    network = embedding_network(config)
    picture = np.random.default_rng(0).integers(0, 256, (1, 64, 48, 3), dtype=np.uint8)
    embedding = network(picture, training=False).numpy()

    assert embedding.shape == (1, 2048)
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)
    # ResNet101 without its classifier 42,658,176, GeM 1, dense 2048 × 2049, batch norm 4 × 2048.
    assert network.count_params() == 42_658_176 + 1 + 2048 * 2049 + 4 * 2048


def test_pictures_are_normalized_as_their_weights_expect():
    pixels = tf.constant([[[[255.0, 128.0, 0.0]]]])

    caffe = resnet.normalized(pixels, "caffe").numpy().ravel()
    half = resnet.normalized(pixels, "half").numpy().ravel()

    assert caffe == pytest.approx([0 - 103.939, 128 - 116.779, 255 - 123.68])
    assert half == pytest.approx([127 / 128, 0, -1])


def test_a_file_of_weights_is_held_to_its_checksum(tmp_path):
    (tmp_path / "weights.h5").write_bytes(b"other weights")

    with pytest.raises(resnet.WeightsDiffer, match="has SHA-256"):
        resnet.backbone("resnet50", str(tmp_path / "weights.h5"), sha256="0" * 64)


def test_conv4_is_the_stage_at_stride_16():
    network = resnet.backbone("resnet50", None)

    features = network.get_layer(resnet.CONV4["resnet50"]).output

    assert features.shape[-1] == 1024


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"train_from": "nowhere"}, "no layer 'nowhere'"),
        ({"normalization": "caffe"}, "normalization is 'lite'"),
    ],
)
def test_what_does_not_fit_together_is_said(values, said):
    with pytest.raises(InvalidConfig, match=said):
        embedding_network(config_named("smoke").with_values(values))
