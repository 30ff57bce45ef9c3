"""Colours as they are written and as light is added up."""

from collections.abc import Sequence

import numpy as np

Colour = str | Sequence[float] | np.ndarray


def linear(colour: Colour) -> np.ndarray:
    """Return linear red, green, blue for "#rrggbb"; numbers are linear already. → [..., 3]."""
    if not isinstance(colour, str):
        return np.asarray(colour, np.float32)
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def encoded(light: np.ndarray) -> np.ndarray:
    """Return sRGB values in [0, 1] for linear light in [0, 1]; any shape."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def blend(first: np.ndarray, second: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Go from first to second by a share in [0, 1]; a share of shape [n] works on [n, 3]."""
    share = np.asarray(share, np.float32)
    if share.ndim == 1:
        share = share[:, None]
    return first + (second - first) * share
