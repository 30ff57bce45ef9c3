"""Dongdaemun Design Plaza: a flowing silver building without straight lines."""

import numpy as np

from ml.demo import greenery, grounds, townscapes
from ml.demo.meshes import Mesh, box, joined, moved, surface, tube
from ml.demo.rendering import Scene

SILVER = "#c3c9cf"


def scene(season: str) -> Scene:
    return Scene(plaza_building(), surroundings(season), joined([]), _plaza(), 120)


def plaza_building() -> Mesh:
    """About 120 m wide and 29 m high: a main body with a deep overhang and a low wing."""
    main = _body(62, 36, 27, overhang=9.0, dip=0.30, shift=0.0)
    wing = moved(_body(36, 24, 17, overhang=6.0, dip=0.12, shift=2.0), (-58, -12, 0))
    prow = moved(_body(30, 20, 21, overhang=8.0, dip=0.1, shift=4.0), (48, -26, 0))
    return joined([main, wing, prow, *_glass_foot(), *_ramp()])


def _body(half_x: float, half_y: float, height: float, overhang: float, dip: float, shift: float) -> Mesh:
    """A shell closed at the top: foot drawn in, belly leaning out, roof rounded off."""
    angle = np.linspace(0, 2 * np.pi, 121)[None]
    share = np.linspace(0, 1, 40)[:, None]
    rise = np.clip(share / 0.62, 0, 1)
    lean = np.sin(rise * np.pi * 0.55) ** 1.2
    top = np.clip((share - 0.62) / 0.38, 0, 1)
    reach = np.cos(top * np.pi / 2) ** 0.75
    wave = 1 + 0.10 * np.sin(2 * angle + shift) + 0.05 * np.sin(3 * angle + 1 + shift)
    tilt = 0.5 + 0.5 * np.cos(angle + 0.6 + shift * 0.3)
    body_height = height * (1 - dip + dip * tilt * 1.4)
    draw_in = overhang * (1 - lean) * (0.35 + 0.65 * tilt)
    z = body_height * (0.7 * rise**0.85 + 0.3 * np.sin(top * np.pi / 2))
    x = (half_x * wave - draw_in) * reach * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.82
    y = (half_y * wave - draw_in) * reach * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.82
    around = np.broadcast_to(angle / (2 * np.pi) * np.round((half_x + half_y) * np.pi), z.shape)
    along = np.broadcast_to(share * (height * 1.1 + overhang), z.shape)
    uv = np.stack([around, along], axis=-1)
    return surface(np.stack(np.broadcast_arrays(x, y, z), axis=-1), "panels", SILVER, uv)


def _glass_foot() -> list[Mesh]:
    """Dark glazed halls under the overhang and the long slot window."""
    angle = np.linspace(0, 2 * np.pi, 81)
    ring = np.column_stack([52 * np.cos(angle), 27 * np.sin(angle)])
    sheet = np.stack([np.column_stack([ring, np.full(81, z)]) for z in (0, 5.0)])
    return [surface(sheet, "curtain wall", "#34424d")]


def _ramp() -> list[Mesh]:
    """A grassed roof path that sweeps up over the wing."""
    t = np.linspace(0, 1, 40)
    middle = np.column_stack([-92 + 78 * t, -46 + 26 * t + 6 * np.sin(t * 3), 0.4 + 9.5 * t**1.5])
    left, right = middle - [0, 3.4, 0], middle + [0, 3.4, 0]
    deck = surface(np.stack([left, right]), "paving", "#bfc3c4", smooth=False)
    skirts = [surface(np.stack([edge, edge * [1, 1, 0]]), "panels", SILVER, smooth=False) for edge in (left, right)]
    rails = [tube(edge + [0, 0, 1.1], 0.09, 4, "chrome", "#dfe3e6") for edge in (left, right)]
    return [deck, *skirts, *rails]


def surroundings(season: str) -> Mesh:
    """Fashion malls behind, young trees, light poles and benches."""
    malls = [
        (-130, 120, 46, 36, 92, "windows", "#d8d2c6"), (-76, 135, 40, 36, 110, "curtain wall", "#6f8796"),
        (-20, 140, 44, 36, 84, "windows", "#c3b8a6"), (38, 138, 42, 36, 118, "curtain wall", "#7f95a2"),
        (96, 130, 46, 36, 96, "windows", "#b5b0a8"), (150, 118, 40, 40, 70, "windows", "#d0c6b6"),
    ]
    parts = [box((w, d, h), (x, y, 0), material, tint) for x, y, w, d, h, material, tint in malls]
    parts.append(townscapes.blocks(3, (-420, 420, 200, 420), 26, (25, 80)))
    kinds = [greenery.broadleaf(i, season, 7, 700) for i in range(3)]
    spots = np.array([(-98, -20), (-104, -34), (-92, -6), (92, -10), (99, -22), (104, -2), (88, 8), (-100, 10)])
    parts.append(greenery.scattered(kinds, spots, 6))
    for x in (-40, -14, 14, 40, 68):
        parts.append(moved(townscapes.street_lamp(8), (x, -62, 0)))
    for x in (-26, 4, 30):
        parts.append(box((3.4, 0.9, 0.48), (x, -70, 0), "stone", "#d3d2cd"))
    return joined(parts)


def _plaza():
    return grounds.patched(
        grounds.slabs(2.4, 1.2, "#8b8d90", 0.1),
        (lambda x, y: np.abs(np.sin((x + 24 * np.sin(y / 30)) / 17)) < 0.12, grounds.slabs(2.4, 1.2, "#bfc0be", 0.06)),
        (grounds.disc(-70, -74, 24, 9, 0.2), grounds.lawn("#6d8a40")),
    )
