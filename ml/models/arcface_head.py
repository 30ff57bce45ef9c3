"""ArcFace and sub-center ArcFace heads: cosines to class centers with a margin on the angle.

ArcFace: Deng et al. 2019 (arXiv 1801.07698). Sub-centers: Deng et al. 2020 (ECCV).
Dynamic margins: Ha et al. 2020 (arXiv 2010.05350). Sampled centers: An et al. 2021,
"Partial FC" (arXiv 2010.05222).
"""

import math
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# The derivative of arccos is infinite at ±1.
COSINE_LIMIT = 1.0 - 1e-6


def dynamic_margins(
    counts: Sequence[int], largest: float = 0.5, smallest: float = 0.05, power: float = 0.25
) -> np.ndarray:
    """A margin for each class: rare classes get a large one, frequent ones a small one.

    counts: photos of each class, from 1. margin(n) = a · n^(−power) + b, with a and b such
    that the rarest class has `largest` and the most frequent `smallest` (Ha et al. 2020,
    eq. 3). Returns float32 [classes] in radians; all `largest` where counts are equal.
    """
    powers = np.asarray(counts, np.float64) ** -power
    spread = powers.max() - powers.min()
    if spread == 0:
        return np.full(len(powers), largest, np.float32)
    slope = (largest - smallest) / spread
    return (slope * (powers - powers.min()) + smallest).astype(np.float32)


def with_margin(cosines, labels, margins):
    """Replace each picture's cosine of its own class, cos θ, by cos(θ + m).

    cosines: float [N, classes]; labels: int [N]; margins: float [classes], radians.
    Where θ + m would pass π, cos θ − m · sin m goes on falling, as in the authors' code.
    """
    margin = ops.take(margins, labels)
    own = ops.squeeze(ops.take_along_axis(cosines, labels[:, None], axis=1), axis=1)
    own = ops.clip(own, -COSINE_LIMIT, COSINE_LIMIT)
    sine = ops.sqrt(1.0 - ops.square(own))
    turned = own * ops.cos(margin) - sine * ops.sin(margin)
    beyond = own - margin * ops.sin(margin)
    moved = ops.where(own > ops.cos(math.pi - margin), turned, beyond)
    is_own = ops.one_hot(labels, ops.shape(cosines)[1], dtype=cosines.dtype)
    return cosines + is_own * (moved - own)[:, None]


def class_cosines(embeddings, centers):
    """The cosine to the nearest sub-center of each class.

    embeddings: float [N, D], L2-normalized; centers: float [classes, sub-centers, D].
    Returns [N, classes].
    """
    classes, subcenters, size = ops.shape(centers)
    unit = ops.normalize(ops.reshape(centers, (-1, size)), axis=-1)
    cosines = ops.matmul(embeddings, ops.transpose(unit))
    return ops.max(ops.reshape(cosines, (-1, classes, subcenters)), axis=-1)


class ArcFaceHead(layers.Layer):
    """Logits of a classification with angular margins, for training.

    Call with (embeddings float [N, D] L2-normalized, labels int [N]) → float32 [N, classes]:
    scale · cosine, the own class's with its margin. Without labels the plain scaled
    cosines, as served.

    margins: one number or one for each class, radians. scale: NIA's √2048 ≈ 45, otherwise
    30. subcenters: K of sub-center ArcFace, 1 for ArcFace. centred: angles are seen from a
    mean that `imprint` sets, for embeddings that all point the same way.
    """

    def __init__(
        self,
        classes: int,
        *,
        scale: float,
        margins: float | Sequence[float],
        subcenters: int = 1,
        centred: bool = False,
        **options,
    ) -> None:
        super().__init__(dtype="float32", **options)
        self.classes = classes
        self.scale = scale
        self.subcenters = subcenters
        self.centred = centred
        self.margins = np.broadcast_to(np.asarray(margins, np.float32), (classes,))

    def build(self, input_shape) -> None:
        self.centers = self.add_weight(
            name="centers",
            shape=(self.classes, self.subcenters, input_shape[-1]),
            initializer=keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(1)),
        )

        if self.centred:
            self.mean = self.add_weight(
                name="mean", shape=(input_shape[-1],), initializer="zeros", trainable=False
            )

    def imprint(self, centers: np.ndarray, mean: np.ndarray) -> None:
        """Begin with these centers, float [classes, D]; every sub-center with the same."""
        self.mean.assign(mean)
        self.centers.assign(np.repeat((centers - mean)[:, None], self.subcenters, axis=1))

    def _seen(self, embeddings):
        return ops.normalize(embeddings - self.mean, axis=-1) if self.centred else embeddings

    def cosines(self, embeddings):
        """float [N, D], L2-normalized → the cosine to each class, [N, classes]."""
        return class_cosines(self._seen(embeddings), self.centers)

    def call(self, embeddings, labels=None):
        cosines = self.cosines(embeddings)
        if labels is not None:
            cosines = with_margin(cosines, labels, ops.convert_to_tensor(self.margins))
        return self.scale * cosines

    def compute_output_shape(self, input_shape, labels_shape=None):
        return (input_shape[0], self.classes)

    def sampled(self, embeddings, labels, negatives: int, seed: int):
        """Logits over the classes of the batch and a random share of the others.

        For heads of 25,000 classes and more: the matrix product, its gradient and the
        logits shrink to `negatives` classes (Partial FC). Returns (logits float32
        [N, k], labels int [N] as columns of it), k = batch's classes + negatives at most.
        """
        present, columns = _positions(labels, self.classes)
        chosen = _sample(present, self.classes, negatives, seed)
        centers = ops.take(self.centers, chosen, axis=0)
        cosines = class_cosines(self._seen(embeddings), centers)
        margins = ops.take(ops.convert_to_tensor(self.margins), chosen)
        return self.scale * with_margin(cosines, columns, margins), columns


def _positions(labels, classes: int):
    """The distinct labels, rising, and for each label its place among them."""
    present, columns = tf.unique(labels)
    return present, columns


def _sample(present, classes: int, negatives: int, seed: int):
    """`present` followed by classes that are not in it, drawn without repetition."""
    order = tf.random.experimental.stateless_shuffle(
        tf.range(classes, dtype=present.dtype), seed=[seed, 0]
    )
    is_present = tf.scatter_nd(present[:, None], tf.ones_like(present), [classes])
    others = tf.boolean_mask(order, tf.gather(is_present, order) == 0)
    return tf.concat([present, others[:negatives]], axis=0)
