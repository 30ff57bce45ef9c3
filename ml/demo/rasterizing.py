"""From triangles to the pixels that they cover, nearest first.

Screen positions are pixels from the upper left corner; pixel centres lie at halves.
Nearness is 1/depth for a camera and falls with depth for parallel light; larger is nearer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

NEAREST = 0.25  # metres; triangles that reach closer to the eye are left out
PIXELS_AT_ONCE = 2_000_000


class Camera(NamedTuple):
    """A pinhole. eye, right, up, forward: [3]; focal, width, height: pixels."""

    eye: np.ndarray
    right: np.ndarray
    up: np.ndarray
    forward: np.ndarray
    focal: float
    width: int
    height: int


class Projection(NamedTuple):
    """Triangles on the screen. xy: [n, 3, 2] pixels; nearness: [n, 3], 0 or less is not drawn."""

    xy: np.ndarray
    nearness: np.ndarray


def look_at(
    eye: Sequence[float], target: Sequence[float], degrees: float, width: int, height: int
) -> Camera:
    """Return the camera at `eye`; degrees: view angle across the longer side."""
    eye, target = np.asarray(eye, float), np.asarray(target, float)
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    focal = max(width, height) / 2 / np.tan(np.radians(degrees) / 2)
    return Camera(eye, right, np.cross(right, forward), forward, focal, width, height)


def project(camera: Camera, points: np.ndarray) -> Projection:
    """points: [n, 3, 3] → the same triangles on the screen."""
    basis = np.column_stack([camera.right, -camera.up, camera.forward]).astype(np.float32)
    seen = (points - camera.eye.astype(np.float32)) @ basis
    depth = seen[..., 2]
    nearness = np.where(depth > NEAREST, 1 / np.maximum(depth, NEAREST), 0)
    middle = np.array([camera.width / 2, camera.height / 2], np.float32)
    return Projection(seen[..., :2] * nearness[..., None] * camera.focal + middle, nearness)


def pixel_rays(camera: Camera) -> np.ndarray:
    """Return a direction a pixel with forward part 1. → [height * width, 3]."""
    x = (np.arange(camera.width) + 0.5 - camera.width / 2) / camera.focal
    y = (np.arange(camera.height) + 0.5 - camera.height / 2) / camera.focal
    rays = camera.forward + x[None, :, None] * camera.right - y[:, None, None] * camera.up
    return rays.reshape(-1, 3).astype(np.float32)


def blank(width: int, height: int) -> np.ndarray:
    """Return a buffer in which nothing is drawn yet. → [height * width] uint64."""
    return np.zeros(width * height, np.uint64)


def draw(buffer: np.ndarray, shape: Projection, width: int, height: int, first: int = 0) -> None:
    """Draw triangles into a buffer; triangle i is known as first + i afterwards."""
    keep = _on_screen(shape, width, height)
    xy, nearness = shape.xy[keep].astype(np.float64), shape.nearness[keep].astype(np.float64)
    rows = _Rows(xy, nearness, keep + first, width, height)
    start = 0
    ends = rows.count.cumsum()
    while start < len(ends):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + PIXELS_AT_ONCE)))
        _fill(buffer, rows, slice(start, stop), width)
        start = stop


def read(buffer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return nearness [n] and triangle numbers [n], -1 where nothing was drawn."""
    nearness = (buffer >> np.uint64(32)).astype(np.uint32).view(np.float32)
    number = (buffer & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1
    return nearness, number


def _on_screen(shape: Projection, width: int, height: int) -> np.ndarray:
    low, high = shape.xy.min(axis=1), shape.xy.max(axis=1)
    return np.flatnonzero(
        (shape.nearness.min(axis=1) > 0)
        & (high[:, 0] > 0.5)
        & (low[:, 0] < width - 0.5)
        & (np.floor(high[:, 1] - 0.5) >= np.ceil(low[:, 1] - 0.5))
        & (high[:, 1] > 0.5)
        & (low[:, 1] < height - 0.5)
    )


class _Rows:
    """The part of one pixel row that lies inside one triangle, for all of them.

    number: triangle; y: pixel row; left: first pixel; count: pixels;
    plane: nearness = plane[0] * x + plane[1] * y + plane[2].
    """

    def __init__(self, xy, nearness, numbers, width, height):
        top = np.maximum(np.ceil(xy[:, :, 1].min(axis=1) - 0.5), 0).astype(np.int64)
        bottom = np.minimum(np.floor(xy[:, :, 1].max(axis=1) - 0.5), height - 1).astype(np.int64)
        tall = np.maximum(bottom - top + 1, 0)
        owner = np.repeat(np.arange(len(xy)), tall)
        self.y = np.arange(len(owner)) - np.repeat(tall.cumsum() - tall, tall) + top[owner]
        left, right = self._span(xy, owner, self.y + 0.5)
        self.left = np.maximum(np.ceil(left - 0.5), 0).astype(np.int64)
        last = np.minimum(np.ceil(right - 0.5) - 1, width - 1).astype(np.int64)
        self.count = np.maximum(last - self.left + 1, 0)
        self.number = numbers[owner]
        self.plane = self._planes(xy, nearness)[owner]

    @staticmethod
    def _span(xy, owner, y):
        left, right = np.full(len(y), np.inf), np.full(len(y), -np.inf)
        for i in range(3):
            a, b = xy[:, i][owner], xy[:, (i + 1) % 3][owner]
            low, high = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
            crosses = (low <= y) & (y < high)
            rise = np.where(crosses, b[:, 1] - a[:, 1], 1)
            x = a[:, 0] + (y - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
            left = np.where(crosses, np.minimum(left, x), left)
            right = np.where(crosses, np.maximum(right, x), right)
        nothing = ~np.isfinite(left)
        left[nothing], right[nothing] = 1, 0
        limit = 1e7
        return np.clip(left, -limit, limit), np.clip(right, -limit, limit)

    @staticmethod
    def _planes(xy, nearness):
        first, second = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
        rise, run = nearness[:, 1] - nearness[:, 0], nearness[:, 2] - nearness[:, 0]
        area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
        area = np.where(np.abs(area) < 1e-9, np.inf, area)
        slope_x = (rise * second[:, 1] - run * first[:, 1]) / area
        slope_y = (run * first[:, 0] - rise * second[:, 0]) / area
        constant = nearness[:, 0] - slope_x * xy[:, 0, 0] - slope_y * xy[:, 0, 1]
        # Slivers seen edge-on get steep planes: the answer stays between their corners.
        return np.column_stack(
            [slope_x, slope_y, constant, nearness.min(axis=1), nearness.max(axis=1)]
        )


def _fill(buffer: np.ndarray, rows: _Rows, part: slice, width: int) -> None:
    count = rows.count[part]
    row = np.repeat(np.arange(len(count)), count)
    x = np.arange(len(row)) - np.repeat(count.cumsum() - count, count) + rows.left[part][row]
    y = rows.y[part]
    plane = rows.plane[part]
    steady = plane[:, 1] * (y + 0.5) + plane[:, 2]
    nearness = steady[row] + plane[:, 0][row] * (x + 0.5)
    nearness = np.clip(nearness, plane[:, 3][row], plane[:, 4][row]).astype(np.float32)
    key = nearness.view(np.uint32).astype(np.uint64) << np.uint64(32)
    key |= (rows.number[part] + 1).astype(np.uint64)[row]
    np.maximum.at(buffer, (y * width)[row] + x, key)
