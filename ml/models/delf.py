"""DELF: where to look in a picture, learned from image labels, and what is seen there.

Noh et al. 2017 (arXiv 1612.06321). The features are a backbone's map at stride 16 (ResNet50's
conv4). Attention is 1×1 convolution of 512 → batch norm → ReLU → 1×1 convolution → softplus;
it is trained by classifying the weighted mean of the L2-normalized features. No gradient goes
into the backbone.
"""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

ATTENTION_FILTERS = 512
STRIDE = 16
# What one place of the map sees at scale 1, in pixels. Each k × k layer adds (k − 1) · the
# stride so far (Araujo et al. 2019, "Computing receptive fields of convolutional networks").
RECEPTIVE_SIDE = {"resnet50": 291.0, "resnet101": 835.0, "lite0": 339.0, "lite2": 475.0}
SCALES = (0.25, 0.3536, 0.5, 0.7071, 1.0, 1.4142, 2.0)
DESCRIPTOR_SIZE = 40


class Attention(layers.Layer):
    """features [N, H, W, C] → how much each place matters, positive, [N, H, W, 1]."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.look = layers.Conv2D(ATTENTION_FILTERS, 1, name="look")
        self.normalization = layers.BatchNormalization(momentum=0.9, name="normalization")
        self.weigh = layers.Conv2D(1, 1, activation="softplus", dtype="float32", name="weigh")

    def build(self, input_shape) -> None:
        self.look.build(input_shape)
        inner = (*input_shape[:-1], ATTENTION_FILTERS)
        self.normalization.build(inner)
        self.weigh.build(inner)

    def call(self, features, training=None):
        x = ops.relu(self.normalization(self.look(features), training=training))
        return self.weigh(x)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 1)


def attended_mean(features, attention):
    """Σ attention · feature ÷ ‖feature‖ over the map, as a mean: [N, H, W, C] → [N, C]."""
    unit = ops.normalize(ops.cast(features, "float32"), axis=-1)
    return ops.sum(unit * attention, axis=(1, 2)) / (ops.sum(attention, axis=(1, 2)) + 1e-6)


def feature_strength(backbone: keras.Model, layer: str) -> keras.Model:
    """Attention without training: where a backbone's map is strong (Tolias et al. 2020, HOW).

    Returns float32 [N, H, W, 3] of 0–255 → (map [N, h, w, C], its lengths [N, h, w, 1]).
    """
    features = backbone.get_layer(layer).output
    lengths = layers.Lambda(
        lambda x: ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True)),
        output_shape=lambda shape: (*shape[:-1], 1),
        name="strength",
    )(features)
    return keras.Model(backbone.input, [features, lengths], name=f"{backbone.name}_strength")


class LocalBranch(layers.Layer):
    """The trained part of DELF on a feature map: returns (pooled [N, C], attention [N, H, W, 1]).

    The features are cut off from the gradient, so that the backbone learns nothing here.
    """

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.attention = Attention(name="attention")

    def build(self, input_shape) -> None:
        self.attention.build(input_shape)

    def call(self, features, training=None):
        features = ops.stop_gradient(features)
        attention = self.attention(features, training=training)
        return attended_mean(features, attention), attention

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1]), (*input_shape[:-1], 1)


class Reduction(NamedTuple):
    """PCA to DESCRIPTOR_SIZE: mean float32 [C], axes float32 [C, 40]."""

    mean: np.ndarray
    axes: np.ndarray


def fitted_reduction(descriptors: np.ndarray, size: int = DESCRIPTOR_SIZE) -> Reduction:
    """PCA without whitening of L2-normalized descriptors, float [n, C] with n ≥ size."""
    if len(descriptors) < size:
        raise ValueError(f"PCA to {size} needs as many descriptors, not {len(descriptors)}")
    mean = descriptors.mean(axis=0)
    centred = (descriptors - mean).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return Reduction(mean.astype(np.float32), axes[:, ::-1][:, :size].astype(np.float32))


class Pyramid(tf.Module):
    """The exported graph: uint8 [1, H, W, 3] → the strongest local features of all scales.

    features: a model of float32 [N, H, W, 3] of 0–255 → (map [N, h, w, C], attention
    [N, h, w, 1]). Suppression of overlapping ones is ml.inference.local_matching.strongest.
    """

    def __init__(
        self, features: keras.Model, reduction: Reduction, *, scales=SCALES, most: int = 2000
    ) -> None:
        super().__init__()
        self.features = features
        self.reduction = reduction
        self.scales = scales
        self.most = most

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3), tf.uint8, name="image")])
    def local_features(self, image):
        """locations [M, 2] (y, x in pixels of the picture), descriptors [M, 40], attention [M],
        scales [M]; M ≤ most, best first."""
        parts = [self._at(image, scale) for scale in self.scales]
        locations, descriptors, attention, scales = (
            tf.concat(values, axis=0) for values in zip(*parts, strict=True)
        )
        count = tf.minimum(self.most, tf.shape(attention)[0])
        attention, order = tf.math.top_k(attention, count)
        return {
            "locations": tf.gather(locations, order),
            "descriptors": tf.gather(descriptors, order),
            "attention": attention,
            "scales": tf.gather(scales, order),
        }

    def _at(self, image, scale: float):
        pixels = tf.cast(image, tf.float32)
        sides = tf.cast(tf.shape(image)[1:3], tf.float32)
        scaled = tf.maximum(tf.cast(tf.round(sides * scale), tf.int32), 2 * STRIDE)
        features, attention = self.features(tf.image.resize(pixels, scaled), training=False)
        rows, columns = tf.shape(features)[1], tf.shape(features)[2]
        # The centre of place i sees the pixel 16 i + 8 of the scaled picture.
        y = (tf.cast(tf.range(rows), tf.float32) + 0.5) * STRIDE
        x = (tf.cast(tf.range(columns), tf.float32) + 0.5) * STRIDE
        places = tf.stack(tf.meshgrid(y, x, indexing="ij"), axis=-1)
        # Where the sides are no multiples of the stride, the last centres lie outside.
        places = tf.minimum(places * sides / tf.cast(scaled, tf.float32), sides - 1)
        flat = tf.math.l2_normalize(tf.reshape(features, (-1, features.shape[-1])), axis=1)
        reduced = (flat - self.reduction.mean) @ self.reduction.axes
        return (
            tf.reshape(places, (-1, 2)),
            tf.math.l2_normalize(reduced, axis=1),
            tf.reshape(attention, (-1,)),
            tf.fill((rows * columns,), tf.constant(scale, tf.float32)),
        )
