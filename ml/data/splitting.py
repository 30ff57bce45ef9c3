"""Splits that near-duplicates never straddle.

The same photo at another size or crop in training and test makes a model look better than it
is. Pictures whose difference hashes are close belong to one group, and a group goes to one side.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from PIL import Image

HASH_SIDE = 8
# Of 64 bits: re-encoded and resized copies differ in at most about 6, other photos in about 32.
NEAR_BITS = 6


def difference_hash(image: Image.Image) -> int:
    """64 bits: whether each of 8 × 8 cells is brighter than its right neighbour (dHash)."""
    grey = image.convert("L").resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.BOX)
    values = np.asarray(grey, np.int16)
    return int.from_bytes(np.packbits(values[:, 1:] > values[:, :-1]).tobytes(), "big")


def groups_of(hashes: Sequence[int], near: int = NEAR_BITS) -> list[int]:
    """The group of each picture: the lowest index among those it is near to, by chains.

    hashes: 64-bit; near: the greatest number of different bits. Pictures are compared only
    where one of near + 1 pieces of their hashes is equal, which no near pair can miss.
    """
    parent = list(range(len(hashes)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for start, end in _pieces(near + 1):
        mask = (1 << (end - start)) - 1
        buckets = defaultdict(list)
        for index, value in enumerate(hashes):
            buckets[value >> start & mask].append(index)
        for bucket in buckets.values():
            for position, one in enumerate(bucket):
                for other in bucket[position + 1 :]:
                    if (hashes[one] ^ hashes[other]).bit_count() <= near:
                        low, high = sorted((root(one), root(other)))
                        parent[high] = low
    return [root(index) for index in range(len(hashes))]


def _pieces(count: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, HASH_SIDE * HASH_SIDE, count + 1).astype(int).tolist()
    return list(itertools.pairwise(edges))


def held_out(
    groups: Sequence[int], labels: Sequence[str], share: float, seed: int = 1
) -> list[bool]:
    """Whether each picture is kept out of training: whole groups, about `share` of each class.

    A class keeps at least one group for training; a group that shows several classes counts
    as the first one's. The same arguments give the same split.
    """
    class_of: dict[int, str] = {}
    for group, label in zip(groups, labels, strict=True):
        class_of.setdefault(group, label)
    of_class = defaultdict(list)
    for group, label in class_of.items():
        of_class[label].append(group)
    out: set[int] = set()
    random = np.random.default_rng(seed)
    for label in sorted(of_class):
        own = random.permutation(sorted(of_class[label])).tolist()
        out.update(own[: max(0, min(round(len(own) * share), len(own) - 1))])
    return [group in out for group in groups]
