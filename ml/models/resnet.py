"""ResNet50 and ResNet101 from keras.applications, as backbones without their classifier.

He et al. 2015 (arXiv 1512.03385). The ImageNet weights that keras.applications knows expect
BGR pictures less the mean of ImageNet; `normalization="caffe"` puts that into the graph. The
data set's own model used (x − 128) / 128: `normalization="half"`.
"""

import hashlib
from pathlib import Path

import keras
from keras import layers, ops

IMAGENET_BGR_MEAN = (103.939, 116.779, 123.68)
BUILDERS = {
    "resnet50": keras.applications.ResNet50,
    "resnet101": keras.applications.ResNet101,
}
# The end of the fourth stage: 1,024 channels at stride 16, what DELF looks at.
CONV4 = {"resnet50": "conv4_block6_out", "resnet101": "conv4_block23_out"}
# From random weights. Keras's 0.99 leaves a third of the first guess after a hundred steps, and
# over a hundred layers nothing of the picture: what was learned could not be seen in evaluation.
RANDOM_MOMENTUM = 0.9


class WeightsDiffer(ValueError):
    """A file of weights is not the one that the configuration names."""


def backbone(name: str, weights: str | None, sha256: str = "") -> keras.Model:
    """float32 [N, H, W, 3], normalized → float32 [N, ⌈H/32⌉, ⌈W/32⌉, 2048].

    weights: "imagenet" (keras.applications fetches them), a local file, or None for random
    ones. A local file must have the given SHA-256, where one is given. Raises WeightsDiffer.
    """
    if weights not in (None, "imagenet"):
        check_weights(weights, sha256)
    network = BUILDERS[name](include_top=False, weights=weights, input_shape=(None, None, 3))
    if weights is None:
        for layer in network.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.momentum = RANDOM_MOMENTUM
    return network


def check_weights(file: str | Path, sha256: str) -> None:
    """Raise WeightsDiffer unless the file has this checksum; any file where it is empty."""
    if not sha256:
        return
    with open(file, "rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise WeightsDiffer(f"{file} has SHA-256 {found}, not {sha256}")


def normalized(pixels, normalization: str):
    """float32 [N, H, W, 3] RGB of 0–255 → what the weights expect.

    "caffe": BGR less ImageNet's mean; "half": (x − 128) / 128.
    """
    if normalization == "half":
        return layers.Rescaling(1 / 128.0, -1.0, name="scale")(pixels)
    return Caffe(name="scale")(pixels)


class Caffe(layers.Layer):
    """RGB of 0–255 → BGR less the mean of ImageNet."""

    def call(self, pixels):
        mean = ops.convert_to_tensor(IMAGENET_BGR_MEAN, dtype=self.compute_dtype)
        return ops.flip(pixels, axis=-1) - mean

    def compute_output_shape(self, input_shape):
        return input_shape
