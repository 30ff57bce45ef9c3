"""How surfaces look: patterns computed from place and surface coordinates.

Every pattern fades to its mean where it is finer than a pixel, so that distant
walls do not shimmer.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ml.demo.colours import blend, linear
from ml.demo.meshes import MATERIAL_NAMES, material_index
from ml.demo.noise import cell_value, fractal_noise, smooth_noise


class Surface(NamedTuple):
    """Points to be coloured. position, normal: [n, 3]; uv: [n, 2] metres; tint: [n, 3];
    pixel: [n] metres that a pixel spans there; lamps: how far electric light counts.
    """

    position: np.ndarray
    normal: np.ndarray
    uv: np.ndarray
    tint: np.ndarray
    pixel: np.ndarray
    lamps: float


class Coat(NamedTuple):
    """albedo: [n, 3]; gloss: mirror share seen straight on, a number or [n]; emission: [n, 3];
    puddles: how far rain stays on top, for grounds, a number or [n].
    """

    albedo: np.ndarray
    gloss: np.ndarray | float = 0.0
    emission: np.ndarray | float = 0.0
    puddles: np.ndarray | float = 1.0


Material = Callable[[Surface], Coat]


def line(along: np.ndarray, period: float, width: float, pixel: np.ndarray) -> np.ndarray:
    """Return the share of each pixel that lines of `width` every `period` cover. → [n]."""
    distance = np.abs(along - np.round(along / period) * period)
    sharp = np.clip((width / 2 - distance) / np.maximum(pixel, 1e-6) + 0.5, 0, 1)
    coarse = np.clip(pixel / period * 2 - 0.6, 0, 1)
    return sharp + (width / period - sharp) * coarse


def fine(period: float, pixel: np.ndarray) -> np.ndarray:
    """Return 1 where a pattern of this period can be seen, 0 where it is finer than a pixel."""
    return np.clip(1.6 - pixel / period * 3, 0, 1)


def plain(s: Surface) -> Coat:
    tone = 0.9 + 0.2 * fractal_noise(s.position * 0.8, 2)
    return Coat(s.tint * tone[:, None])


def smooth_paint(s: Surface) -> Coat:
    return Coat(s.tint, 0.05)


def polished(s: Surface) -> Coat:
    return Coat(s.tint, 0.22)


def mirror_glass(s: Surface) -> Coat:
    return Coat(s.tint * 0.35, 0.5)


def chrome(s: Surface) -> Coat:
    return Coat(s.tint * 0.4, 0.6)


def stone(s: Surface) -> Coat:
    grain = fractal_noise(s.position * 2.2, 4) - 0.5
    speck = (smooth_noise(s.position * 26) - 0.5) * fine(0.08, s.pixel)
    streak = fractal_noise(s.position * [3.0, 3.0, 0.35], 3)
    tone = 1 + 0.4 * grain + 0.22 * speck - 0.3 * np.clip(streak - 0.55, 0, 1)
    return Coat(s.tint * tone[:, None])


def masonry(
    width: float, height: float, joint: float, variety: float, dark: float = 0.45
) -> Material:
    """Courses of blocks, each of its own tone; sizes in metres."""

    def material(s: Surface) -> Coat:
        course = np.floor(s.uv[:, 1] / height)
        shifted = s.uv[:, 0] + cell_value(course, course * 7) * width + (course % 2) * width / 2
        block = np.floor(shifted / width)
        tone = 1 + variety * (cell_value(block, course) - 0.5) * 2 * fine(height, s.pixel)
        upright = line(shifted, width, joint, s.pixel)
        lying = line(s.uv[:, 1], height, joint, s.pixel)
        seam = np.maximum(upright, lying)
        grain = fractal_noise(s.position * 2.0, 3) - 0.5
        warm = (cell_value(course + 11, block) - 0.5)[:, None] * [0.10, 0.0, -0.12] * variety * 3
        colour = s.tint * (tone * (1 + 0.35 * grain))[:, None] * (1 + warm)
        return Coat(colour * (1 - seam * (1 - dark))[:, None])

    return material


def roof_tiles(s: Surface) -> Coat:
    across, down = s.uv[:, 0], s.uv[:, 1]
    period = 0.42
    wave = 0.5 + 0.5 * np.cos(across / period * 2 * np.pi)
    seen = fine(period, s.pixel)
    wave = 0.55 + (wave - 0.55) * seen
    row = line(down, 0.36, 0.05, s.pixel)
    own = cell_value(np.floor(across / period), np.floor(down / 0.36)) - 0.5
    weather = fractal_noise(s.position * 0.7, 3) - 0.5
    tone = (0.42 + 0.85 * wave) * (1 - 0.3 * row) * (1 + 0.22 * own * seen + 0.5 * weather)
    return Coat(s.tint * tone[:, None], 0.025)


def tile_ends(s: Surface) -> Coat:
    round_end = line(s.uv[:, 0], 0.42, 0.26, s.pixel)
    return Coat(blend(s.tint * 0.35, s.tint * 2.0, round_end))


RED, GREEN, TEAL, WHITE = (linear(c) for c in ("#8c2f1f", "#3f7a55", "#2f6f7c", "#e8e0c8"))
OCHRE, NAVY = linear("#c98a3a"), linear("#2a3f6e")


def painted_beam(s: Surface) -> Coat:
    """The dancheong of a lintel: green fields, banded flower ends every bay."""
    bay = 3.6
    place = np.abs((s.uv[:, 0] / bay) % 1 - 0.5) * bay
    colour = np.broadcast_to(GREEN, s.tint.shape)
    edges = [
        (1.05, RED),
        (1.15, WHITE),
        (1.22, TEAL),
        (1.38, OCHRE),
        (1.46, NAVY),
        (1.62, WHITE),
        (1.68, GREEN),
    ]
    for start, paint in edges:
        colour = blend(
            colour, paint, np.clip((place - start) / np.maximum(s.pixel, 0.01) + 0.5, 0, 1)
        )
    middle = np.clip(
        (0.3 - np.hypot(place, (s.uv[:, 1] % 0.7) - 0.35)) / np.maximum(s.pixel, 0.01), 0, 1
    )
    colour = blend(colour, OCHRE, middle)
    return Coat(colour * s.tint)


def bracket_band(s: Surface) -> Coat:
    """Rows of bracket arms seen from afar: green tongues, red and ochre ends, dark gaps."""
    period, row = 0.9, 0.42
    step = np.floor(s.uv[:, 1] / row)
    along = s.uv[:, 0] + (step % 2) * period / 2
    place = np.abs((along / period) % 1 - 0.5) * 2
    inside = (s.uv[:, 1] / row) % 1
    seen = fine(period, s.pixel)[:, None]
    arm = blend(TEAL, GREEN, np.clip(place * 3 - 1, 0, 1))
    arm = blend(arm, OCHRE, (place < 0.18).astype(np.float32))
    arm = blend(arm, RED * 1.2, ((inside > 0.72) & (place < 0.75)).astype(np.float32))
    arm = blend(arm, WHITE, ((inside < 0.14) & (place < 0.6)).astype(np.float32) * 0.8)
    gap = (place > 0.8).astype(np.float32)
    arm = arm * (1 - 0.75 * gap[:, None])
    mean = GREEN * 0.35 + TEAL * 0.2 + RED * 0.25 + OCHRE * 0.12
    return Coat((mean + (arm - mean) * seen) * s.tint)


def rafters(s: Surface) -> Coat:
    """Eaves from below: green rafters with red boards between."""
    bar = line(s.uv[:, 0], 0.5, 0.3, s.pixel)
    ends = np.clip((0.35 - s.uv[:, 1]) / 0.1, 0, 1)
    rafter = blend(GREEN * 0.9, OCHRE, ends * 0.6)
    return Coat(blend(RED * 0.55, rafter, bar) * s.tint)


def lattice_door(s: Surface) -> Coat:
    """Wooden doors with a slanted lattice before paper, framed every 0.9 m."""
    frame = np.maximum(
        line(s.uv[:, 0], 0.9, 0.16, s.pixel), line(s.uv[:, 1] - 0.05, 1.35, 0.16, s.pixel)
    )
    one = line(s.uv[:, 0] + s.uv[:, 1], 0.24, 0.09, s.pixel)
    two = line(s.uv[:, 0] - s.uv[:, 1], 0.24, 0.09, s.pixel)
    colour = blend(linear("#a89468"), s.tint, np.maximum(one, two))
    colour = blend(colour, s.tint * 0.7, frame)
    return Coat(colour, 0.0, linear("#ffb765") * (s.lamps * 0.16 * (1 - frame[:, None])))


def boards(s: Surface) -> Coat:
    gap = line(s.uv[:, 0], 0.3, 0.03, s.pixel)
    own = cell_value(np.floor(s.uv[:, 0] / 0.3), 3) - 0.5
    grain = fractal_noise(s.position * [6, 6, 0.6], 3) - 0.5
    return Coat(s.tint * ((1 - 0.6 * gap) * (1 + 0.3 * own + 0.4 * grain))[:, None])


def floor_boards(s: Surface) -> Coat:
    width, length = 0.16, 1.4
    row = np.floor(s.uv[:, 1] / width)
    along = s.uv[:, 0] + cell_value(row, 5) * length
    own = cell_value(np.floor(along / length), row) - 0.5
    gap = np.maximum(line(s.uv[:, 1], width, 0.008, s.pixel), line(along, length, 0.008, s.pixel))
    grain = fractal_noise(np.column_stack([along * 1.5, s.uv[:, 1] * 25, row]), 3) - 0.5
    return Coat(s.tint * ((1 - 0.5 * gap) * (1 + 0.3 * own + 0.3 * grain))[:, None], 0.05)


def curtain_wall(s: Surface) -> Coat:
    """Glass in a grid of 3 m by 4 m; some rooms are lit after dark."""
    column, floor = np.floor(s.uv[:, 0] / 3), np.floor(s.uv[:, 1] / 4)
    seen = fine(3.0, s.pixel)
    mullion = line(s.uv[:, 0], 3.0, 0.22, s.pixel)
    slab_edge = line(s.uv[:, 1], 4.0, 0.7, s.pixel)
    own = 1 + 0.25 * (cell_value(column, floor) - 0.5) * seen
    glass = s.tint * own[:, None]
    frame = np.maximum(mullion * 0.7, slab_edge)
    lit = np.where(seen > 0.2, (cell_value(column, floor * 3 + 1) > 0.7), 0.28) * (1 - frame)
    return Coat(
        blend(glass * 0.5, linear("#8d99a3"), frame * 0.6),
        0.42 * (1 - 0.7 * frame),
        linear("#ffd9a0") * (lit * s.lamps * 0.6)[:, None],
    )


def windowed_wall(s: Surface) -> Coat:
    """A plain building: windows every 3.4 m along and 3.2 m up."""
    column, floor = np.floor(s.uv[:, 0] / 3.4), np.floor(s.uv[:, 1] / 3.2)
    across, up = (s.uv[:, 0] / 3.4) % 1, (s.uv[:, 1] / 3.2) % 1
    upright = np.abs(s.normal[:, 2]) < 0.5
    inside = ((across > 0.16) & (across < 0.84) & (up > 0.28) & (up < 0.8) & upright).astype(
        np.float32
    )
    seen = fine(3.3, s.pixel)
    inside = 0.3 * upright + (inside - 0.3 * upright) * seen
    lit = inside * (cell_value(column, floor + 40) > 0.55)
    tone = 0.95 + 0.1 * smooth_noise(s.position * 0.3)
    colour = blend(s.tint * tone[:, None], linear("#3b4a58"), inside)
    return Coat(colour, 0.18 * inside, linear("#ffcf8c") * (lit * s.lamps * 0.8)[:, None])


def metal_panels(s: Surface) -> Coat:
    """Staggered bright sheets with thin joints and rows of small holes."""
    width, height = 1.6, 1.15
    row = np.floor(s.uv[:, 1] / height)
    along = s.uv[:, 0] + (row % 2) * width / 2
    own = cell_value(np.floor(along / width), row) - 0.5
    seen = fine(height, s.pixel)
    joint = np.maximum(line(along, width, 0.05, s.pixel), line(s.uv[:, 1], height, 0.05, s.pixel))
    holed = cell_value(np.floor(along / width) + 90, row) > 0.45
    holes = holed * 0.35 * line(along, 0.16, 0.06, s.pixel) * line(s.uv[:, 1], 0.16, 0.06, s.pixel)
    tone = (1 + 0.3 * own * seen) * (1 - 0.5 * joint) * (1 - holes)
    glow = holed * (cell_value(np.floor(along / width), row + 55) > 0.5) * seen
    return Coat(
        s.tint * 0.62 * tone[:, None],
        0.3 * (1 + 0.5 * own * seen),
        linear("#cfe2ff") * (glow * s.lamps * 0.12)[:, None],
    )


def foliage(s: Surface) -> Coat:
    tone = 0.65 + 0.7 * smooth_noise(s.position * 1.7)
    return Coat(s.tint * tone[:, None])


def bark(s: Surface) -> Coat:
    grain = fractal_noise(s.position * [9, 9, 1.6], 3)
    return Coat(s.tint * (0.55 + 0.9 * grain)[:, None])


def grass(s: Surface) -> Coat:
    patch = fractal_noise(s.position * 0.12, 3) - 0.5
    blade = (smooth_noise(s.position * 9) - 0.5) * fine(0.2, s.pixel)
    tone = 1 + 0.7 * patch + 0.5 * blade
    return Coat(s.tint * tone[:, None])


def forest(s: Surface) -> Coat:
    """A hillside of tree tops seen from afar."""
    crowns = smooth_noise(s.position * 0.11) * 0.6 + smooth_noise(s.position * 0.27) * 0.4
    crowns = 0.5 + (crowns - 0.5) * np.clip(1.7 - s.pixel * 0.2, 0.25, 1) * 1.7
    patch = fractal_noise(s.position * 0.012, 3)
    warm = (patch - 0.5)[:, None] * [0.5, 0.1, -0.2]
    return Coat(s.tint * (0.35 + 0.75 * crowns + 0.4 * (patch - 0.5))[:, None] * (1 + warm))


def bronze(s: Surface) -> Coat:
    green = np.clip(fractal_noise(s.position * [1.4, 1.4, 0.6], 3) * 1.6 - 0.5, 0, 1)
    return Coat(blend(s.tint, s.tint * [0.75, 1.15, 1.0], green), 0.12)


def lamp(s: Surface) -> Coat:
    return Coat(s.tint * 0.6, 0.0, s.tint * s.lamps * 1.6)


def screen(s: Surface) -> Coat:
    return Coat(s.tint * 0.1, 0.1, s.tint * 0.8)


def woven(s: Surface) -> Coat:
    weave = line(s.uv[:, 0], 0.03, 0.012, s.pixel) + line(s.uv[:, 1], 0.03, 0.012, s.pixel)
    soft = fractal_noise(s.position * 5, 3) - 0.5
    return Coat(s.tint * (1 - 0.2 * weave + 0.3 * soft)[:, None])


def marbled(s: Surface) -> Coat:
    vein = np.abs(fractal_noise(s.position * 3.1, 4) - 0.5)
    return Coat(s.tint * (0.82 + 0.9 * np.clip(vein * 2, 0, 0.2))[:, None], 0.1)


def grainy(s: Surface) -> Coat:
    """Food such as rice, minced meat and herbs: fine uneven grains; uv is not used."""
    grain = smooth_noise(s.position * 160) + smooth_noise(s.position * 75) - 1
    return Coat(np.clip(s.tint * (1 + 0.75 * grain)[:, None], 0, 1), 0.05)


def ceramic_tiles(s: Surface) -> Coat:
    joint = np.maximum(line(s.uv[:, 0], 0.3, 0.012, s.pixel), line(s.uv[:, 1], 0.3, 0.012, s.pixel))
    own = cell_value(np.floor(s.uv[:, 0] / 0.3), np.floor(s.uv[:, 1] / 0.3)) - 0.5
    return Coat(s.tint * ((1 + 0.1 * own) * (1 - 0.35 * joint))[:, None], 0.12)


MATERIALS: dict[str, Material] = {
    "plain": plain,
    "paint": smooth_paint,
    "polished": polished,
    "glass": mirror_glass,
    "chrome": chrome,
    "stone": stone,
    "blocks": masonry(1.1, 0.55, 0.045, 0.16),
    "large blocks": masonry(1.5, 0.8, 0.06, 0.16),
    "small blocks": masonry(0.6, 0.34, 0.035, 0.2),
    "bricks": masonry(0.42, 0.16, 0.03, 0.22, dark=0.8),
    "courses": masonry(1.25, 0.332, 0.03, 0.14),
    "paving": masonry(0.9, 0.9, 0.03, 0.1, dark=0.6),
    "roof tiles": roof_tiles,
    "tile ends": tile_ends,
    "painted beam": painted_beam,
    "brackets": bracket_band,
    "rafters": rafters,
    "lattice": lattice_door,
    "boards": boards,
    "floor boards": floor_boards,
    "curtain wall": curtain_wall,
    "windows": windowed_wall,
    "panels": metal_panels,
    "foliage": foliage,
    "bark": bark,
    "grass": grass,
    "forest": forest,
    "bronze": bronze,
    "lamp": lamp,
    "screen": screen,
    "woven": woven,
    "marble": marbled,
    "grains": grainy,
    "ceramic": ceramic_tiles,
}
BARE_OF_SNOW = {"glass", "chrome", "lamp", "screen", "curtain wall"}

for _name in MATERIALS:
    material_index(_name)


def coat(surface: Surface, material: np.ndarray) -> Coat:
    """Colour points of many materials at once. material: [n] indices → one Coat of [n] rows."""
    albedo, emission = np.zeros_like(surface.position), np.zeros_like(surface.position)
    gloss = np.zeros(len(material), np.float32)
    for index in np.unique(material):
        rows = np.flatnonzero(material == index)
        part = Surface(*(column[rows] for column in surface[:-1]), surface.lamps)
        one = MATERIALS[MATERIAL_NAMES[index]](part)
        albedo[rows], gloss[rows], emission[rows] = one.albedo, one.gloss, one.emission
    return Coat(albedo, gloss, emission)
