"""A model without weights for tests: how much of each colour a picture holds."""

import keras
from keras import layers, ops

LEVELS = 4  # of each channel: 4 × 4 × 4 = 64 colours


class ColourHistogram(layers.Layer):
    """float32 [N, H, W, 3] of 0–255 → float32 [N, 64], summing to 1.

    Each pixel is shared among the eight nearest of 64 colours in proportion to
    its nearness, so that similar colours give similar histograms.
    """

    def call(self, pixels):
        steps = pixels * ((LEVELS - 1) / 255.0)
        red, green, blue = (
            ops.relu(1.0 - ops.abs(steps[..., channel : channel + 1] - self._levels()))
            for channel in range(3)
        )
        pairs = red[..., :, None] * green[..., None, :]
        colours = pairs[..., :, :, None] * blue[..., None, None, :]
        histogram = ops.mean(colours, axis=(1, 2))
        return ops.reshape(histogram, (-1, LEVELS**3))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], LEVELS**3)

    def _levels(self):
        return ops.arange(LEVELS, dtype="float32")


def embedding_model() -> keras.Model:
    """uint8 [N, H, W, 3] → float32 [N, 64], L2-normalized."""
    image = keras.Input((None, None, 3), dtype="uint8", name="image")
    pixels = layers.Rescaling(1.0, name="as_float")(image)
    histogram = ColourHistogram(name="histogram")(pixels)
    embedding = layers.UnitNormalization(name="embedding")(histogram)
    return keras.Model(image, embedding, name="colour_histogram")
