"""Pictures made by arithmetic: the same on every machine."""

import numpy as np


def drawn_picture(height: int, width: int) -> np.ndarray:
    """uint8 [H, W, 3]: slopes of colour, texture, an edge and a checkerboard."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x * 255 // (width - 1), y * 255 // (height - 1), x * y // 7 % 256], axis=-1)
    picture[height // 4 : height // 2, width // 5 : width // 2] = (200, 60, 40)
    corner = (slice(height // 2, None), slice(width // 2, None))
    checks = ((x // 8 + y // 8) % 2 * 100)[corner][..., None]
    picture[corner] = picture[corner] // 2 + checks
    return picture.astype(np.uint8)
