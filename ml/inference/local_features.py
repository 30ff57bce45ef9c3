"""Local features of a picture, as they are computed, sent and stored; numpy only."""

from typing import NamedTuple

import numpy as np


class LocalFeatures(NamedTuple):
    """locations float32 [M, 2], (y, x) in pixels of the described picture;
    descriptors float32 [M, 40], L2-normalized; attention float32 [M]; scales float32 [M]."""

    locations: np.ndarray
    descriptors: np.ndarray
    attention: np.ndarray
    scales: np.ndarray


class StoredFeatures(NamedTuple):
    """locations uint16 [M, 2] and descriptors uint8 [M, 40]: 44 bytes a feature."""

    locations: np.ndarray
    descriptors: np.ndarray


def stored(features: LocalFeatures) -> StoredFeatures:
    """Quantize for storage: descriptors to steps of 2/255, places to whole pixels."""
    return StoredFeatures(
        np.clip(np.round(features.locations), 0, 65535).astype(np.uint16),
        np.round((np.clip(features.descriptors, -1, 1) + 1) * 127.5).astype(np.uint8),
    )


def restored(features: StoredFeatures) -> tuple[np.ndarray, np.ndarray]:
    """Places float32 [M, 2] and unit descriptors float32 [M, 40] of stored features."""
    descriptors = features.descriptors.astype(np.float32) / 127.5 - 1
    lengths = np.linalg.norm(descriptors, axis=1, keepdims=True)
    return features.locations.astype(np.float32), descriptors / np.maximum(lengths, 1e-6)
