"""Cheomseongdae: the stone observatory of Silla among the lawns of Gyeongju."""

import numpy as np

from ml.demo import greenery, grounds
from ml.demo.meshes import Mesh, box, joined, lathe, moved, quad
from ml.demo.rendering import Scene

STONE = "#c2b08c"
COURSES = 27
COURSE = 0.298  # metres
HEIGHTS = [0, 1.0, 2.4, 3.8, 5.1, 6.1, 7.0, 8.05]
RADII = [2.46, 2.44, 2.32, 2.1, 1.82, 1.6, 1.48, 1.45]


def scene(season: str) -> Scene:
    return Scene(observatory(), surroundings(season), joined([]), _meadow(season), 42)


def observatory() -> Mesh:
    """9.2 m: square footing, 27 round courses, a window to the south, two square rims."""
    courses = [_course(number) for number in range(COURSES)]
    foot = [
        box((5.5, 5.5, 0.3), (0, 0, 0), "small blocks", "#b5a585"),
        box((5.1, 5.1, 0.32), (0, 0, 0.3), "small blocks", STONE),
    ]
    return joined(
        [*foot, moved(joined([*courses, *_window(), *_beam_ends(), *_rims()]), (0, 0, 0.62))]
    )


def _course(number: int) -> Mesh:
    low, high = number * COURSE, (number + 1) * COURSE
    middle = (low + high) / 2
    radius = float(np.interp(middle, HEIGHTS, RADII))
    wobble = 0.02 * ((number * 7) % 5 - 2) / 2
    profile = [
        (radius - 0.07, low),
        (radius - 0.01 + wobble, low + 0.045),
        (radius + wobble, middle),
        (radius - 0.01 + wobble, high - 0.045),
        (radius - 0.07, high),
    ]
    ring = lathe(profile, 56, "courses", STONE)
    # The course's own row of blocks: only upright joints, the lying ones are modelled.
    uv = ring.uv * [1, 0] + [number * 0.47, (number + 0.5) * 0.332]
    return ring._replace(uv=uv.astype(np.float32))


def _window() -> list[Mesh]:
    base, size = 12 * COURSE, 3 * COURSE
    y = -float(np.interp(base, HEIGHTS, RADII)) - 0.03
    hole = np.array(
        [(-0.5, y, base), (0.5, y, base), (0.5, y, base + size), (-0.5, y, base + size)]
    )
    parts = [quad(hole, "plain", "#0d0b09")]
    for x in (-0.56, 0.56):
        parts.append(box((0.16, 0.5, size), (x, y + 0.14, base), "stone", STONE))
    parts.append(box((1.4, 0.5, 0.16), (0, y + 0.16, base - 0.14), "stone", "#cfbf9c"))
    parts.append(box((1.5, 0.55, 0.2), (0, y + 0.2, base + size), "stone", "#cfbf9c"))
    return parts


def _beam_ends() -> list[Mesh]:
    """The long stones of courses 19 and 25 that reach out of the wall."""
    parts = []
    for course in (18, 24):
        z = course * COURSE + 0.03
        radius = float(np.interp(z, HEIGHTS, RADII))
        for offset in (-0.7, 0.7):
            for size, spot in (
                ((2 * radius + 0.1, 0.24, 0.24), (0, offset, z)),
                ((0.24, 2 * radius + 0.1, 0.24), (offset, 0, z)),
            ):
                parts.append(box(size, spot, "stone", "#b3a27e"))
    return parts


def _rims() -> list[Mesh]:
    """Two crossed frames of long beams on the top."""
    parts = []
    for level in (0, 1):
        z = COURSES * COURSE + level * 0.33
        for offset in (-1.32, 1.32):
            parts.append(box((3.15, 0.34, 0.31), (0, offset, z), "stone", "#cdbc99"))
            parts.append(box((0.34, 3.15, 0.31), (offset, 0, z + 0.015), "stone", "#c4b28e"))
    return parts


def surroundings(season: str) -> Mesh:
    """Royal grave mounds, pines, a low rope fence and hills."""
    green = {"spring": "#86a04a", "summer": "#6f9440", "autumn": "#a89450", "winter": "#a3966a"}[
        season
    ]
    parts = [
        moved(greenery.mound(20, 8.5, green), (-52, 78, 0)),
        moved(greenery.mound(26, 11, green), (8, 120, 0)),
        moved(greenery.mound(15, 6.5, green), (62, 84, 0)),
        greenery.mountain(2600, 1500, 210, 9, season),
    ]
    pines = [greenery.pine(i, 8, 1000) for i in range(3)]
    leafy = [greenery.broadleaf(i, season, 8, 1000) for i in range(2)]
    spots = np.array(
        [
            (-34, 42),
            (-27, 50),
            (-22, 44),
            (30, 46),
            (38, 52),
            (45, 40),
            (26, 62),
            (-70, 50),
            (80, 55),
        ]
    )
    parts.append(greenery.scattered(pines + leafy, spots, 12))
    row = np.array([(x, 150 + 5 * np.sin(x), 0) for x in range(-190, 191, 8)])
    parts.append(greenery.wood(5, row, season, 9, 150))
    parts += _fence()
    return joined(parts)


def _fence() -> list[Mesh]:
    posts = []
    for angle in np.linspace(0, 2 * np.pi, 29)[:-1]:
        x, y = 8.4 * np.cos(angle), 8.4 * np.sin(angle)
        posts.append(box((0.1, 0.1, 0.55), (x, y, 0), "plain", "#5a4634"))
    return posts


def _meadow(season: str):
    green = {"spring": "#7a9a40", "summer": "#628a38", "autumn": "#a08c4c", "winter": "#9c8f64"}[
        season
    ]
    return grounds.patched(
        grounds.lawn(green),
        (grounds.disc(0, 0, 5.2, 5.2, 0.1), grounds.earth("#b7a279")),
        (grounds.ring(0, 0, 9.6, 12.4), grounds.earth("#c2ad84")),
        (grounds.winding_path(3.0, 2.5, 14, 1), grounds.earth("#c2ad84")),
    )
