"""A backbone of three convolutions, for tests of the training loop: it trains in seconds."""

import keras
from keras import layers

FILTERS = (16, 32, 48)


def feature_model() -> keras.Model:
    """float32 [N, H, W, 3] of 0–255 → float32 [N, ⌈H/32⌉, ⌈W/32⌉, 48], random weights."""
    pixels = keras.Input((None, None, 3), dtype="float32", name="pixels")
    x = layers.Rescaling(1 / 128.0, -1.0, name="scale")(pixels)
    for number, (filters, stride) in enumerate(zip(FILTERS, (4, 4, 2), strict=True), 1):
        x = layers.Conv2D(filters, stride + 1, stride, "same", name=f"convolution_{number}")(x)
        x = layers.ReLU(name=f"relu_{number}")(x)
    return keras.Model(pixels, x, name="tiny")
