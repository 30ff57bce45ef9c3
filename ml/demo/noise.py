"""Smooth random patterns that come out the same on every run."""

import numpy as np

SIDE = 64
TABLE = np.random.default_rng(20).random(SIDE**3).astype(np.float32)


def cell_value(x: np.ndarray, y: np.ndarray, z: np.ndarray | int = 0) -> np.ndarray:
    """Return one value in [0, 1) for each integer cell; any shape."""
    x, y, z = (np.asarray(part).astype(np.int64) for part in (x, y, z))
    index = (x * 73856093) ^ (y * 19349663) ^ (z * 83492791)
    return TABLE[(index ^ (index >> 13)) % TABLE.size]


def smooth_noise(points: np.ndarray) -> np.ndarray:
    """Return values in [0, 1] that change smoothly over one unit. points: [n, 3] → [n]."""
    cell = np.floor(points)
    part = (points - cell).astype(np.float32)
    part = part * part * (3 - 2 * part)
    low = cell.astype(np.int64) & (SIDE - 1)
    high = (low + 1) & (SIDE - 1)
    x = (low[:, 0] * SIDE * SIDE, high[:, 0] * SIDE * SIDE)
    y = (low[:, 1] * SIDE, high[:, 1] * SIDE)
    z = (low[:, 2], high[:, 2])

    def along_z(i: int, j: int) -> np.ndarray:
        base = x[i] + y[j]
        first = TABLE[base + z[0]]
        return first + (TABLE[base + z[1]] - first) * part[:, 2]

    near = along_z(0, 0) + (along_z(0, 1) - along_z(0, 0)) * part[:, 1]
    far = along_z(1, 0) + (along_z(1, 1) - along_z(1, 0)) * part[:, 1]
    return near + (far - near) * part[:, 0]


def fractal_noise(points: np.ndarray, octaves: int = 3) -> np.ndarray:
    """Return noise with finer and finer detail, in [0, 1]. points: [n, 3] → [n]."""
    total = np.zeros(len(points), np.float32)
    weight = 0.5
    for octave in range(octaves):
        total += weight * smooth_noise(points * 2.0**octave + 17.3 * octave)
        weight /= 2
    return total / (1 - 2.0**-octaves)
