"""EfficientNet-Lite0 and Lite2 in Keras 3, fully convolutional.

Architecture: EfficientNet (Tan & Le 2019) without squeeze-and-excitation, with
ReLU6, and with stem, head, first and last stage not scaled, as published in
tensorflow/tpu models/official/efficientnet/lite. Pictures are normalized by
(x − 127) / 128; borders follow TensorFlow's SAME padding.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

STEM_FILTERS = 32
HEAD_FILTERS = 1280
BATCH_NORM_EPSILON = 1e-3
PIXEL_MEAN = 127.0
PIXEL_DEVIATION = 128.0


class Stage(NamedTuple):
    """A run of inverted residual blocks; only the first has the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


# EfficientNet-B0's stages, which Lite0 keeps.
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class Scaling(NamedTuple):
    """How much wider and deeper a variant is than Lite0, and its native side."""

    width: float
    depth: float
    side: int


SCALINGS = {"lite0": Scaling(1.0, 1.0, 224), "lite2": Scaling(1.1, 1.2, 260)}


class WeightsDoNotFit(ValueError):
    """A checkpoint lacks a layer of the network, or has another shape for it."""


def scaled_stages(variant: str) -> list[Stage]:
    """The stages of "lite0" or "lite2": filters in eights, first and last not deeper."""
    scaling = SCALINGS[variant]
    stages = []
    for index, stage in enumerate(STAGES):
        outer = index in (0, len(STAGES) - 1)
        repeats = stage.repeats if outer else math.ceil(stage.repeats * scaling.depth)
        filters = _in_eights(stage.filters * scaling.width)
        stages.append(stage._replace(repeats=repeats, filters=filters))
    return stages


def feature_model(variant: str) -> keras.Model:
    """float32 [N, H, W, 3] of 0–255 → float32 [N, ⌈H/32⌉, ⌈W/32⌉, 1280], random weights."""
    pixels = keras.Input((None, None, 3), dtype="float32", name="pixels")
    return keras.Model(pixels, _features(pixels, variant), name=variant)


def classifier_model(variant: str) -> keras.Model:
    """float32 [N, H, W, 3] of 0–255 → ImageNet logits float32 [N, 1000]: for parity tests."""
    pixels = keras.Input((None, None, 3), dtype="float32", name="pixels")
    pooled = layers.GlobalAveragePooling2D(name="pool")(_features(pixels, variant))
    return keras.Model(pixels, layers.Dense(1000, name="fc")(pooled), name=f"{variant}_classifier")


def trainable_root(values):
    """The square root, with a gradient of 0 instead of ∞ where a channel is silent."""
    heard = values > 0
    return ops.where(heard, ops.sqrt(ops.where(heard, values, 1.0)), 0.0)


def embedding_model(backbones: Sequence[keras.Model], root=ops.sqrt) -> keras.Model:
    """uint8 [N, H, W, 3] → float32 [N, 1280 · backbones], L2-normalized.

    Of each backbone's mean-pooled features the square root is taken: it keeps a
    few strong channels from deciding every comparison, as the Hellinger kernel
    does for histograms (Arandjelović & Zisserman 2012); worth 1 to 3 points on
    new landmarks. Each part is normalized before they are joined, so that each
    has the same say. To train it, give trainable_root: the numbers are the same.
    """
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    pixels = layers.Rescaling(1.0, name="as_float")(image)
    parts = []
    for backbone in backbones:
        pooled = layers.GlobalAveragePooling2D(name=f"{backbone.name}_pool")(backbone(pixels))
        rooted = layers.Activation(root, name=f"{backbone.name}_root")(pooled)
        parts.append(layers.UnitNormalization(name=f"{backbone.name}_unit")(rooted))
    joined = layers.Concatenate(name="join")(parts) if len(parts) > 1 else parts[0]
    embedding = layers.UnitNormalization(name="embedding")(joined)
    return keras.Model(image, embedding, name="_".join(backbone.name for backbone in backbones))


def load_weights(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Fill a feature_model or classifier_model from PyTorch's arrays by layer name.

    A layer is named as in PyTorch, less the leading underscore that TensorFlow
    does not allow. Raises WeightsDoNotFit. Arrays that the model has no layer for are left.
    """
    for layer in model.layers:
        if layer.weights:
            try:
                layer.set_weights(_LAYOUTS[type(layer)](f"_{layer.name}", arrays))
            except (KeyError, ValueError) as error:
                raise WeightsDoNotFit(f"{model.name}, layer {layer.name}: {error}") from error


def _in_eights(filters: float) -> int:
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded


def _features(pixels, variant: str):
    x = layers.Rescaling(1 / PIXEL_DEVIATION, -PIXEL_MEAN / PIXEL_DEVIATION, name="scale")(pixels)
    x = _convolution(x, STEM_FILTERS, "conv_stem", "bn0", kernel=3, stride=2)
    x = layers.ReLU(6.0, name="stem_relu")(x)
    number = 0
    for stage in scaled_stages(variant):
        for repeat in range(stage.repeats):
            x = _block(x, stage, stage.stride if repeat == 0 else 1, f"blocks.{number}")
            number += 1
    x = _convolution(x, HEAD_FILTERS, "conv_head", "bn1", kernel=1, stride=1)
    return layers.ReLU(6.0, name="head_relu")(x)


def _block(x, stage: Stage, stride: int, name: str):
    """Inverted residual: widen 1×1, filter each channel, narrow 1×1, add."""
    shortcut = x
    filters = x.shape[-1]
    if stage.expansion != 1:
        x = _convolution(
            x, filters * stage.expansion, f"{name}._expand_conv", f"{name}._bn0", kernel=1, stride=1
        )
        x = layers.ReLU(6.0, name=f"{name}._relu0")(x)
    x = layers.DepthwiseConv2D(
        stage.kernel, stride, "same", use_bias=False, name=f"{name}._depthwise_conv"
    )(x)
    x = _normalization(f"{name}._bn1")(x)
    x = layers.ReLU(6.0, name=f"{name}._relu1")(x)
    x = _convolution(x, stage.filters, f"{name}._project_conv", f"{name}._bn2", kernel=1, stride=1)
    if stride == 1 and filters == stage.filters:
        x = layers.Add(name=f"{name}._add")([x, shortcut])
    return x


def _convolution(x, filters: int, name: str, normalization: str, *, kernel: int, stride: int):
    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=name)(x)
    return _normalization(normalization)(x)


def _normalization(name: str) -> layers.BatchNormalization:
    return layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=name)


def _convolution_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    return [arrays[f"{name}.weight"].transpose(2, 3, 1, 0)]


def _depthwise_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    return [arrays[f"{name}.weight"].transpose(2, 3, 0, 1)]


def _normalization_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return [arrays[f"{name}.{part}"] for part in parts]


def _dense_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    return [arrays[f"{name}.weight"].T, arrays[f"{name}.bias"]]


_LAYOUTS = {
    layers.Conv2D: _convolution_arrays,
    layers.DepthwiseConv2D: _depthwise_arrays,
    layers.BatchNormalization: _normalization_arrays,
    layers.Dense: _dense_arrays,
}
