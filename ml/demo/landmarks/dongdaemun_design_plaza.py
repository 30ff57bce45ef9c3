"""Dongdaemun Design Plaza: a flowing silver building without straight lines."""

from typing import NamedTuple

import numpy as np

from ml.demo import greenery, grounds, townscapes
from ml.demo.meshes import Mesh, ball, box, joined, moved, surface, tube
from ml.demo.rendering import Scene

SILVER = "#d9dde0"


def scene(season: str) -> Scene:
    return Scene(plaza_building(), surroundings(season), joined([]), _plaza(), 120)


class Body(NamedTuple):
    """half_x, half_y, height, overhang: metres; gate: angle at which the lower edge is lifted
    off the ground; shift: phase of the waves.
    """

    half_x: float
    half_y: float
    height: float
    overhang: float
    gate: float
    shift: float


def plaza_building() -> Mesh:
    """About 130 m wide and 29 m high: three flowing bodies that lean far out over their feet."""
    main = _shell(Body(60, 34, 29, 15.0, -1.05, 0.0))
    wing = moved(_shell(Body(38, 24, 17, 11.0, -2.2, 2.0)), (-52, -16, 0))
    prow = moved(_shell(Body(34, 22, 22, 14.0, -1.9, 4.2)), (44, -24, 0))
    return joined([main, wing, prow, *_glass_feet(), *_ramp()])


def _points(body: Body, angle: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Points of a body: foot drawn in, belly leaning out, roof rounded off.

    angle: radians around; share: 0 at the foot, 0.6 where the roof begins, 1 at its middle.
    """
    rise, top = np.clip(share / 0.6, 0, 1), np.clip((share - 0.6) / 0.4, 0, 1)
    wave = 1 + 0.10 * np.sin(2 * angle + body.shift) + 0.06 * np.sin(3 * angle + 1 + body.shift)
    crest = body.height * (0.84 + 0.16 * np.cos(angle + 0.7 + body.shift))
    foot = 8.5 * np.clip(np.cos(angle - body.gate), 0, 1) ** 4
    inward = body.overhang * (1 - np.sin(rise * np.pi / 2) ** 1.4)
    reach = np.cos(top * np.pi / 2) ** 0.7
    z = foot + (crest * 0.68 - foot) * rise**0.9 + crest * 0.32 * np.sin(top * np.pi / 2)
    across = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8
    along = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.8
    x = (body.half_x * wave - inward) * reach * across
    y = (body.half_y * wave - inward) * reach * along
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def _shell(body: Body) -> Mesh:
    angle = np.linspace(0, 2 * np.pi, 161)[None]
    share = np.linspace(0, 1, 48)[:, None]
    around = angle / (2 * np.pi) * np.round((body.half_x + body.half_y) * np.pi / 1.6) * 1.6
    up = share * (body.height * 1.1 + body.overhang)
    uv = np.stack(np.broadcast_arrays(around, up), axis=-1)
    skin = surface(_points(body, angle, share), "panels", SILVER, uv)
    return joined([skin, _slot_window(body)])


def _slot_window(body: Body) -> Mesh:
    """Long dark windows that swell and vanish along the belly."""
    angle = np.linspace(0, 2 * np.pi, 321)[None]
    wide = 0.024 * np.clip(np.sin(3 * angle) * 3 + 0.9, 0, 1)
    share = 0.43 + 0.05 * np.sin(2 * angle + 1) + wide * np.array([[-1.0], [0.0], [1.0]])
    points = _points(body, angle, share) * [1.006, 1.006, 1]
    return surface(points, "curtain wall", "#2c3a45")


def _glass_feet() -> list[Mesh]:
    """Dark glazed halls under the overhangs."""
    feet = []
    for x0, y0, half_x, half_y in ((0, 0, 42, 18), (-52, -16, 25, 12), (44, -24, 19, 9)):
        angle = np.linspace(0, 2 * np.pi, 81)
        ring = np.column_stack([x0 + half_x * np.cos(angle), y0 + half_y * np.sin(angle)])
        sheet = np.stack([np.column_stack([ring, np.full(81, z)]) for z in (0, 12.0)])
        feet.append(surface(sheet, "curtain wall", "#34424d"))
    return feet


def _ramp() -> list[Mesh]:
    """A grassed roof path that sweeps up over the wing."""
    t = np.linspace(0, 1, 40)
    middle = np.column_stack([-92 + 78 * t, -46 + 26 * t + 6 * np.sin(t * 3), 0.4 + 9.5 * t**1.5])
    left, right = middle - [0, 3.4, 0], middle + [0, 3.4, 0]
    deck = surface(np.stack([left, right]), "paving", "#bfc3c4", smooth=False)
    skirts = [
        surface(np.stack([edge, edge * [1, 1, 0]]), "panels", SILVER, smooth=False)
        for edge in (left, right)
    ]
    rails = [tube(edge + [0, 0, 1.1], 0.09, 4, "chrome", "#dfe3e6") for edge in (left, right)]
    return [deck, *skirts, *rails]


def surroundings(season: str) -> Mesh:
    """Fashion malls behind, young trees, light poles and benches."""
    malls = [
        (-130, 120, 46, 36, 92, "windows", "#d8d2c6"),
        (-76, 135, 40, 36, 110, "curtain wall", "#6f8796"),
        (-20, 140, 44, 36, 84, "windows", "#c3b8a6"),
        (38, 138, 42, 36, 118, "curtain wall", "#7f95a2"),
        (96, 130, 46, 36, 96, "windows", "#b5b0a8"),
        (150, 118, 40, 40, 70, "windows", "#d0c6b6"),
    ]
    parts = [
        box((w, d, h * 0.8), (x, y + 60, 0), material, tint)
        for x, y, w, d, h, material, tint in malls
    ]
    parts.append(townscapes.blocks(3, (-420, 420, 200, 420), 26, (25, 80)))
    kinds = [greenery.broadleaf(i, season, 7, 700) for i in range(3)]
    spots = np.array(
        [(-98, -20), (-104, -34), (-92, -6), (92, -10), (99, -22), (104, -2), (88, 8), (-100, 10)]
    )
    parts.append(greenery.scattered(kinds, spots, 6))
    for x in (-52, -10, 30, 62):
        parts.append(moved(townscapes.street_lamp(6), (x, -50, 0)))
    shrubs = np.array([(-34 + 12 * np.cos(a), -60 + 5 * np.sin(a)) for a in np.arange(0, 6.2, 0.3)])
    parts.append(greenery.scattered([greenery.shrub(4, season, 0.7)], shrubs, 2))
    parts.append(_light_roses())
    return joined(parts)


def _light_roses() -> Mesh:
    """The field of white roses that glow after dark."""
    rose = joined(
        [
            tube([(0, 0, 0), (0, 0, 0.35), (0, 0, 0.7)], 0.03, 3, "plain", "#4f6a44"),
            ball((0.16, 0.16, 0.14), (0, 0, 0.78), "lamp", "#fbfbff", 8),
        ]
    )
    x, y = np.meshgrid(np.arange(8, 40, 1.25), np.arange(-61, -50, 1.25))
    spots = np.column_stack(
        [x.ravel() + 0.5 * np.sin(y.ravel()), y.ravel() + 0.4 * np.sin(x.ravel())]
    )
    inside = ((spots[:, 0] - 24) / 15) ** 2 + ((spots[:, 1] + 55.5) / 5) ** 2 < 1
    return greenery.scattered([rose], spots[inside], 3, 0.9, 1.1)


def _plaza():
    return grounds.patched(
        grounds.slabs(2.4, 1.2, "#a7a8a9", 0.1),
        (
            lambda x, y: np.abs(np.sin((x + 24 * np.sin(y / 30)) / 17)) < 0.12,
            grounds.slabs(2.4, 1.2, "#d6d6d2", 0.06),
        ),
        (grounds.disc(24, -55.5, 17, 6.5), grounds.lawn("#66843c")),
        (grounds.disc(-34, -60, 15, 7, 0.15), grounds.lawn("#6d8a40")),
    )
