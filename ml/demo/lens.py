"""What a lens and a film add to the light of a scene: spill, flakes, drops, tone."""

import numpy as np

from ml.demo.colours import encoded, linear


def blurred(image: np.ndarray, radius: int) -> np.ndarray:
    """Three running means, close to a Gaussian. image: [h, w, k]."""
    for axis in (0, 1, 0, 1, 0, 1):
        pad = [(0, 0)] * image.ndim
        pad[axis] = (radius + 1, radius)
        total = np.pad(image, pad, mode="edge").cumsum(axis=axis, dtype=np.float64)
        size = image.shape[axis]
        high = np.take(total, np.arange(2 * radius + 1, 2 * radius + 1 + size), axis=axis)
        image = ((high - np.take(total, np.arange(size), axis=axis)) / (2 * radius + 1)).astype(
            np.float32
        )
    return image


def glare(
    light: np.ndarray, silhouette: np.ndarray, strength: float, sun_side: float
) -> np.ndarray:
    """Bright parts spill light; with strength the sun also flashes on the landmark itself.

    light: [h, w, 3]; silhouette: [h, w]; sun_side: positive with the sun to the right.
    """
    bright = np.clip(light - 1.05, 0, 3)
    light = light + 0.22 * blurred(bright, 5) + 0.16 * blurred(bright, 18)
    if strength == 0 or not (silhouette > 0.5).any():
        return light
    rows, columns = np.nonzero(silhouette > 0.5)
    rank = np.argsort(rows - 0.6 * columns * np.sign(sun_side))
    spot = rank[len(rank) // 5]
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    dx, dy = (x - columns[spot]) / light.shape[1], (y - rows[spot]) / light.shape[1]
    away = np.hypot(dx, dy)
    flash = 2.4 * np.exp(-((away / 0.03) ** 2)) + 0.4 * np.exp(-away / 0.1)
    turn = np.arctan2(dy, dx)
    flash += 0.55 * np.abs(np.cos(3 * turn + 0.4)) ** 40 * np.exp(-away / 0.16)
    return light + (strength * flash)[..., None] * linear("#ffe9c4")


def falling(light: np.ndarray, what: str, seed: int) -> np.ndarray:
    """Return the light with what falls before the lens: "snow", "rain" or nothing."""
    if what == "snow":
        return _with_flakes(light, seed)
    if what == "rain":
        return _with_drops(light, seed)
    return light


def _with_flakes(light: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed + 500)
    cover = np.zeros(light.shape[:2], np.float32)
    for radius, count in ((1, 260), (2, 60), (3, 14)):
        layer = np.zeros_like(cover)
        y, x = random.integers(0, light.shape[0], count), random.integers(0, light.shape[1], count)
        layer[y, x] = 1
        layer = blurred(layer[..., None], radius)[..., 0]
        cover = np.maximum(cover, layer / layer.max() * (0.85 if radius < 3 else 0.5))
    return light + (0.95 - light) * cover[..., None]


def _with_drops(light: np.ndarray, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed + 900)
    cover = np.zeros(light.shape[:2], np.float32)
    for _ in range(240):
        y, x = random.integers(0, light.shape[0] - 30), random.integers(6, light.shape[1])
        length = random.integers(8, 26)
        steps = np.arange(length)
        cover[y + steps, x - steps // 6] = random.uniform(0.06, 0.2)
    return light + (0.9 - light) * cover[..., None]


def developed(light: np.ndarray, exposure: float) -> np.ndarray:
    """Return 8-bit colours: filmic tone, a little more colour, slightly darker corners."""
    height, width = light.shape[:2]
    y, x = np.mgrid[:height, :width]
    away = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2)[..., None]
    light = light * exposure * 0.82 * (1 - 0.28 * away)
    toned = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    grey = toned.mean(axis=2, keepdims=True)
    toned = grey + (toned - grey) * 1.02
    return (encoded(toned) * 255 + 0.5).astype(np.uint8)
