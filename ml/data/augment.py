"""How a training picture varies; pure TensorFlow functions with explicit seeds."""

import math

import tensorflow as tf

from ml.training_config import Augmentation

GREY = 128.0


def varied(image: tf.Tensor, side: int, how: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """uint8 [H, W, 3] → uint8 [side, side, 3], the same for the same seed (int [2])."""
    seeds = tf.random.experimental.stateless_split(seed, 6)
    pixels = tf.cast(random_crop(image, side, how, seeds[0]), tf.float32)
    if how.flip:
        pixels = tf.image.stateless_random_flip_left_right(pixels, seeds[1])
    if how.brightness:
        shift = how.brightness * 255
        pixels += tf.random.stateless_uniform((), seeds[2], -shift, shift)
    if how.contrast:
        factor = tf.random.stateless_uniform((), seeds[3], 1 - how.contrast, 1 + how.contrast)
        mean = tf.reduce_mean(pixels, axis=(0, 1))
        pixels = (pixels - mean) * factor + mean
    if how.cutout:
        pixels = _cut_out(pixels, side, how.cutout, seeds[4])
    return tf.cast(tf.clip_by_value(tf.round(pixels), 0, 255), tf.uint8)


def random_crop(image: tf.Tensor, side: int, how: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """A part of the picture, of random area and aspect, squeezed to side × side (Inception's crop).

    The area is uniform from `smallest_crop` to 1, the aspect log-uniform from 1/aspect to
    aspect; what does not fit the picture is cut to it.
    """
    draws = tf.random.stateless_uniform((4,), seed)
    height = tf.cast(tf.shape(image)[0], tf.float32)
    width = tf.cast(tf.shape(image)[1], tf.float32)
    area = height * width * (how.smallest_crop + (1 - how.smallest_crop) * draws[0])
    ratio = tf.exp((2 * draws[1] - 1) * math.log(how.aspect))
    crop_height = tf.minimum(tf.sqrt(area / ratio), height)
    crop_width = tf.minimum(tf.sqrt(area * ratio), width)
    top = draws[2] * (height - crop_height) / height
    left = draws[3] * (width - crop_width) / width
    box = tf.stack([top, left, top + crop_height / height, left + crop_width / width])
    return tf.image.crop_and_resize(tf.cast(image, tf.float32)[None], box[None], [0], (side, side))[
        0
    ]


def squeezed(image: tf.Tensor, side: int) -> tf.Tensor:
    """uint8 [H, W, 3] → uint8 [side, side, 3]: the whole picture, as it is evaluated."""
    resized = tf.image.resize(image, (side, side), antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def _cut_out(pixels: tf.Tensor, side: int, share: float, seed: tf.Tensor) -> tf.Tensor:
    """A grey square somewhere, also over the border (DeVries & Taylor 2017)."""
    half = int(side * share / 2)
    row, column = tf.unstack(tf.random.stateless_uniform((2,), seed, 0, side, tf.int32))
    rows = tf.abs(tf.range(side) - row) < half
    columns = tf.abs(tf.range(side) - column) < half
    hidden = tf.logical_and(rows[:, None], columns[None, :])
    return tf.where(hidden[..., None], GREY, pixels)
