"""Pooling of a feature map to one vector. Functions are pure; layers are thin coats over them."""

import keras
from keras import layers, ops

GEM_START = 3.0
GEM_SMALLEST = 1e-6


def generalized_mean(features, p, smallest: float = GEM_SMALLEST):
    """GeM: (1/|Ω| · Σ max(x, smallest)^p)^(1/p) over the map (Radenović et al. 2018, eq. 3).

    features: float [N, H, W, C]; p: positive, one number or [C]. Returns [N, C].
    p = 1 is the mean, p → ∞ the maximum.
    """
    lifted = ops.power(ops.maximum(features, smallest), p)
    return ops.power(ops.mean(lifted, axis=(1, 2)), 1.0 / p)


class GeneralizedMean(layers.Layer):
    """GeM with a p that is learned, from 3. Computes in float32 also under mixed precision."""

    def __init__(self, start: float = GEM_START, **options) -> None:
        super().__init__(dtype="float32", **options)
        self.start = start

    def build(self, input_shape) -> None:
        self.p = self.add_weight(
            name="p",
            shape=(),
            initializer=keras.initializers.Constant(self.start),
            # Below 1 the root of a small mean explodes.
            constraint=_AtLeastOne(),
        )

    def call(self, features):
        return generalized_mean(features, self.p)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])

    def get_config(self) -> dict:
        return {"name": self.name, "start": self.start}


class _AtLeastOne(keras.constraints.Constraint):
    def __call__(self, value):
        return ops.maximum(value, 1.0)
