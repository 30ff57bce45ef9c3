"""Dongdaemun Design Plaza: a flowing silver building without straight lines."""

import numpy as np

from ml.demo import greenery, grounds, townscapes
from ml.demo.colours import linear
from ml.demo.meshes import Mesh, box, joined, material_index, moved, surface, tube
from ml.demo.rendering import Scene

SILVER = "#c3c9cf"


def scene(season: str) -> Scene:
    return Scene(plaza_building(), surroundings(season), joined([]), _plaza(), 120)


def plaza_building() -> Mesh:
    """About 130 m wide and 29 m high: three flowing bodies that lean far out over their feet."""
    main = _body(60, 34, 29, overhang=15.0, gate=-1.05, shift=0.0)
    wing = moved(_body(38, 24, 17, overhang=11.0, gate=-2.2, shift=2.0), (-52, -16, 0))
    prow = moved(_body(34, 22, 22, overhang=14.0, gate=-1.9, shift=4.2), (44, -24, 0))
    return joined([main, wing, prow, *_glass_feet(), *_ramp()])


def _body(
    half_x: float, half_y: float, height: float, overhang: float, gate: float, shift: float
) -> Mesh:
    """A closed shell: foot drawn in by `overhang`, belly leaning out, roof rounded off.

    gate: angle at which the lower edge is lifted off the ground; shift: phase of its waves.
    """
    angle = np.linspace(0, 2 * np.pi, 161)[None]
    share = np.linspace(0, 1, 48)[:, None]
    rise, top = np.clip(share / 0.6, 0, 1), np.clip((share - 0.6) / 0.4, 0, 1)
    wave = 1 + 0.10 * np.sin(2 * angle + shift) + 0.06 * np.sin(3 * angle + 1 + shift)
    crest = height * (0.84 + 0.16 * np.cos(angle + 0.7 + shift))
    foot = 8.5 * np.clip(np.cos(angle - gate), 0, 1) ** 4
    inward = overhang * (1 - np.sin(rise * np.pi / 2) ** 1.4)
    reach = np.cos(top * np.pi / 2) ** 0.7
    z = foot + (crest * 0.68 - foot) * rise**0.9 + crest * 0.32 * np.sin(top * np.pi / 2)
    across = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8
    along = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.8
    x = (half_x * wave - inward) * reach * across
    y = (half_y * wave - inward) * reach * along
    around = angle / (2 * np.pi) * np.round((half_x + half_y) * np.pi / 1.6) * 1.6
    down = share * (height * 1.1 + overhang)
    uv = np.stack(np.broadcast_arrays(around + 0 * share, down + 0 * angle), axis=-1)
    shell = surface(np.stack(np.broadcast_arrays(x, y, z), axis=-1), "panels", SILVER, uv)
    return _with_slots(shell, height * 1.1 + overhang, (half_x + half_y) * np.pi)


def _with_slots(shell: Mesh, tall: float, length: float) -> Mesh:
    """Give the shell long dark windows that run along its belly."""
    middle = shell.uv.mean(axis=1)
    share, around = middle[:, 1] / tall, middle[:, 0] / length
    wavy = 0.43 + 0.06 * np.sin(around * 2 * np.pi * 2 + 1)
    slot = (np.abs(share - wavy) < 0.022) & (np.sin(around * 2 * np.pi * 3) > -0.25)
    tint = np.where(slot[:, None], linear("#2c3a45"), shell.tint).astype(np.float32)
    material = np.where(slot, material_index("curtain wall"), shell.material)
    return shell._replace(tint=tint, material=material.astype(np.int16))


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
    for x in (-40, -14, 14, 40, 68):
        parts.append(moved(townscapes.street_lamp(8), (x, -62, 0)))
    for x in (-26, 4, 30):
        parts.append(box((3.4, 0.9, 0.48), (x, -70, 0), "stone", "#d3d2cd"))
    return joined(parts)


def _plaza():
    return grounds.patched(
        grounds.slabs(2.4, 1.2, "#8b8d90", 0.1),
        (
            lambda x, y: np.abs(np.sin((x + 24 * np.sin(y / 30)) / 17)) < 0.12,
            grounds.slabs(2.4, 1.2, "#bfc0be", 0.06),
        ),
        (grounds.disc(-70, -74, 24, 9, 0.2), grounds.lawn("#6d8a40")),
    )
