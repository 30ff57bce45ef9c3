"""From shards to batches, the same for the same seed, and to be taken up at any step."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ml.data import shard_files
from ml.data.augment import squeezed, varied
from ml.training_config import Augmentation

RECORD = {
    "image": tf.io.FixedLenFeature([], tf.string),
    "label": tf.io.FixedLenFeature([], tf.int64),
}
SHUFFLED_PICTURES = 4096  # encoded, about 50 kB each
MOST_REPEATS = 10.0  # of a picture of a rare class in one pass


class NoShards(ValueError):
    """A folder holds no shards of the wanted split."""


class Classes(NamedTuple):
    """Labels in the order of their numbers, and how many training pictures each has."""

    labels: list[str]
    counts: np.ndarray


def read_classes(shards: str) -> Classes:
    """The classes of a shard folder; raises NoShards."""
    try:
        content = json.loads(shard_files.read(shards, "classes.json"))
    except (*shard_files.UNREADABLE, ValueError) as error:
        raise NoShards(f"{shards} holds no classes.json: {error}") from error
    return Classes(content["classes"], np.array(content["training"], np.int64))


def repeats(counts: np.ndarray) -> np.ndarray:
    """How often a picture of each class comes in one pass, so that all classes come alike.

    Mean count ÷ own count, at most MOST_REPEATS. float32 [classes].
    """
    own = np.maximum(counts, 1)
    return np.minimum(own.mean() / own, MOST_REPEATS).astype(np.float32)


def training_batches(
    shards: str,
    *,
    side: int,
    batch: int,
    augmentation: Augmentation,
    seed: int,
    class_balanced: bool = True,
    skip_batches: int = 0,
) -> tf.data.Dataset:
    """Endless batches (uint8 [batch, side, side, 3], int64 [batch]).

    The n-th batch depends on the arguments and on n alone, so training taken up with
    skip_batches = n goes on as it would have. Skipped pictures are read, not decoded.
    Raises NoShards.
    """
    counts = read_classes(shards).counts
    records = _records(shards, "train", seed)
    if class_balanced:
        wanted = tf.constant(repeats(counts))
        records = records.enumerate().flat_map(
            lambda number, record: _repeated(number, record, wanted, seed)
        )
    records = records.shuffle(min(SHUFFLED_PICTURES, int(counts.sum())), seed=seed)
    records = records.enumerate().skip(skip_batches * batch)
    pictures = records.map(
        lambda number, record: _varied_picture(number, record, side, augmentation, seed),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return pictures.batch(batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def evaluation_batches(shards: str, split: str, *, side: int, batch: int) -> tf.data.Dataset:
    """Each picture of a split once, whole and unvaried, in file order. Raises NoShards."""
    files = tf.data.Dataset.from_tensor_slices(_files(shards, split))
    pictures = files.flat_map(shard_files.reader(shards)).map(
        lambda record: _whole_picture(record, side), num_parallel_calls=tf.data.AUTOTUNE
    )
    return pictures.batch(batch).prefetch(tf.data.AUTOTUNE)


def has(shards: str, split: str) -> bool:
    """Whether a set of shards holds pictures of a split. Raises NoShards."""
    try:
        return any(shard_files.names(shards, f"{split}-"))
    except shard_files.UNREADABLE as error:
        raise NoShards(f"{shards} cannot be listed: {error}") from error


def _files(shards: str, split: str) -> list[str]:
    if not has(shards, split):
        raise NoShards(f"{shards} holds no {split}-*.tfrecord")
    return shard_files.names(shards, f"{split}-")


def _records(shards: str, split: str, seed: int) -> tf.data.Dataset:
    files = tf.data.Dataset.from_tensor_slices(_files(shards, split))
    files = files.shuffle(files.cardinality(), seed=seed).repeat()
    return files.interleave(
        shard_files.reader(shards), cycle_length=8, num_parallel_calls=4, deterministic=True
    )


def _repeated(number, record, wanted, seed: int) -> tf.data.Dataset:
    """A record as often as its class wants: the whole part surely, the rest by chance."""
    label = tf.io.parse_single_example(record, RECORD)["label"]
    chance = tf.random.stateless_uniform((), [tf.cast(seed, tf.int64), number])
    times = tf.cast(tf.floor(wanted[label] + chance), tf.int64)
    return tf.data.Dataset.from_tensors(record).repeat(times)


def _varied_picture(number, record, side: int, augmentation: Augmentation, seed: int):
    parsed = tf.io.parse_single_example(record, RECORD)
    image = tf.io.decode_jpeg(parsed["image"], channels=3)
    return varied(image, side, augmentation, tf.stack([tf.cast(seed, tf.int64), number])), parsed[
        "label"
    ]


def _whole_picture(record, side: int):
    parsed = tf.io.parse_single_example(record, RECORD)
    return squeezed(tf.io.decode_jpeg(parsed["image"], channels=3), side), parsed["label"]
