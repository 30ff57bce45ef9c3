"""Gwangandaegyo: the double-deck suspension bridge off Gwangalli beach."""

from itertools import pairwise

import numpy as np

from ml.demo import greenery, grounds, townscapes
from ml.demo.meshes import Mesh, box, joined, moved, surface, tube
from ml.demo.rendering import Scene

STEEL = "#cdd3d6"
TOWER_X, ANCHOR_X, END_X = 250.0, 450.0, 1250.0
TOWER_TOP, DECK = 117.0, 38.0


def scene(season: str) -> Scene:
    return Scene(bridge(), surroundings(season), joined([]), _sea(), 640)


def bridge() -> Mesh:
    """The part hung from cables, 200 m + 500 m + 200 m; upper deck at 38 m."""
    hung = (-ANCHOR_X, ANCHOR_X)
    return joined([*_towers(), *_cables(), *_decks(*hung), *_truss(*hung), *_anchorages()])


def _viaducts() -> list[Mesh]:
    parts = _piers()
    for start, end in ((-END_X, -ANCHOR_X), (ANCHOR_X, END_X)):
        parts += _decks(start, end) + _truss(start, end)
    return parts


def _towers() -> list[Mesh]:
    parts = []
    for x in (-TOWER_X, TOWER_X):
        parts.append(box((26, 58, 9), (x, 0, 0), "stone", "#c9c8c2"))
        for side in (-1, 1):
            leg = [(x, side * 19, 8), (x, side * 16, 60), (x, side * 14.5, TOWER_TOP)]
            parts.append(surface(_leg_sheet(leg, 4.2, 3.6), "paint", STEEL, smooth=False))
        for z, half, tall in ((24, 17, 4.5), (70, 15, 5.5), (TOWER_TOP - 9, 14, 6.5)):
            parts.append(box((5, 2 * half, tall), (x, 0, z), "paint", "#d3d8da"))
        for side in (-1, 1):
            parts.append(
                tube([(x, side * 15.6, 72), (x, -side * 14.8, 107)], 1.0, 5, "paint", "#d3d8da")
            )
    return parts


def _leg_sheet(path, half_x: float, half_y: float) -> np.ndarray:
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * [half_x, half_y]
    return np.array(
        [
            [(p[0] + c[0] * k, p[1] + c[1] * k, p[2]) for c in corners]
            for p, k in zip(path, (1, 0.85, 0.7), strict=True)
        ]
    )


def _cable_height(x: np.ndarray) -> np.ndarray:
    inside = DECK + 5 + (TOWER_TOP - DECK - 5) * (x / TOWER_X) ** 2
    share = (np.abs(x) - TOWER_X) / (ANCHOR_X - TOWER_X)
    outside = TOWER_TOP + (DECK + 2 - TOWER_TOP) * share - 14 * share * (1 - share)
    return np.where(np.abs(x) <= TOWER_X, inside, outside)


def _cables() -> list[Mesh]:
    parts = []
    x = np.linspace(-ANCHOR_X, ANCHOR_X, 121)
    hangers = np.arange(-ANCHOR_X + 18, ANCHOR_X - 10, 14.0)
    for y in (-13, 13):
        parts.append(
            tube(
                np.column_stack([x, np.full(121, y), _cable_height(x)]), 1.5, 6, "paint", "#eef0f0"
            )
        )
        for place in hangers:
            top = float(_cable_height(np.array(place)))
            if top > DECK + 3:
                parts.append(
                    tube(
                        [(place, y, DECK), (place, y, (top + DECK) / 2), (place, y, top)],
                        0.3,
                        4,
                        "paint",
                        "#e8ebec",
                    )
                )
        for place in hangers:
            for z in (DECK + 2.4, float(_cable_height(np.array(place))) + 1.0):
                parts.append(box((1.7, 1.7, 1.4), (place, y, z), "lamp", "#cfe6ff"))
    return parts


def _decks(start: float, end: float) -> list[Mesh]:
    """Two roadways, bent a little towards the shore at both ends."""
    parts = []
    x = np.linspace(start, end, 90)
    y = _bend(x)
    for z, half, thick in ((DECK, 13.5, 1.6), (DECK - 9, 12.5, 1.6)):
        edges = [(-half, z), (-half, z + thick), (half, z + thick), (half, z), (-half, z)]
        sheet = np.stack(
            [np.column_stack([x, y + offset, np.full(90, level)]) for offset, level in edges]
        )
        parts.append(surface(sheet, "paint", "#c7ccce", smooth=False))
    for side in (-13.3, 13.3):
        rail = np.column_stack([x, y + side, np.full(90, DECK + 2.6)])
        parts.append(tube(rail, 0.3, 4, "paint", "#eef0f0"))
    return parts


def _bend(x: np.ndarray) -> np.ndarray:
    return -0.00022 * np.maximum(np.abs(x) - ANCHOR_X, 0) ** 2


def _truss(start: float, end: float) -> list[Mesh]:
    parts = []
    stations = np.arange(start, end + 1, 13.0)
    for side in (-13, 13):
        zigzag = np.where(np.arange(len(stations)) % 2 == 0, DECK - 8, DECK)
        path = np.column_stack([stations, _bend(stations) + side, zigzag])
        for first, second in pairwise(path):
            parts.append(tube([first, second], 0.7, 4, "paint", STEEL))
        for x, y, _ in path[::2]:
            parts.append(tube([(x, y, DECK - 8), (x, y, DECK)], 0.4, 4, "paint", STEEL))
    return parts


def _piers() -> list[Mesh]:
    parts = []
    for x in [*np.arange(-END_X, -ANCHOR_X - 30, 80.0), *np.arange(ANCHOR_X + 70, END_X + 1, 80.0)]:
        y = float(_bend(np.array(x)))
        for side in (-8, 8):
            parts.append(box((5, 5, DECK - 9), (x, y + side, 0), "stone", "#c9c8c2"))
        parts.append(box((5, 26, 4), (x, y, DECK - 13), "stone", "#c9c8c2"))
    return parts


def _anchorages() -> list[Mesh]:
    return [
        box((40, 36, 36), (sign * (ANCHOR_X + 8), 0, 0), "stone", "#c4c3bc", (0.7, 0.9))
        for sign in (-1, 1)
    ]


def surroundings(season: str) -> Mesh:
    """The viaducts beyond, headlands, the towers of Marine City and the open sea."""
    headland = greenery.mountain(1500, 0, 210, 7, season, [(-250, 190, 260)])
    parts = [
        *_viaducts(),
        moved(headland, (-1600, 900, -12)),
        moved(greenery.mountain(9000, 4200, 260, 3, season), (900, 0, -60)),
    ]
    random = np.random.default_rng(12)
    for number in range(26):
        x, y = random.uniform(640, 1700), random.uniform(420, 900)
        tall = random.uniform(110, 290) if number % 3 == 0 else random.uniform(50, 130)
        shiny = number % 2 == 0
        parts.append(
            box(
                (random.uniform(30, 52), 34, tall),
                (x, y, 0),
                "curtain wall" if shiny else "windows",
                "#8299a8" if shiny else "#d3cec4",
                (0.85, 0.85) if shiny else 1,
            )
        )
    parts.append(townscapes.blocks(4, (-1700, -900, 300, 700), 26, (15, 70)))
    return joined(parts)


def _sea():
    wet, dry = grounds.earth("#a8946c"), grounds.earth("#d6c39c")
    return grounds.patched(
        grounds.water("#1f5a6e"),
        (lambda x, y: _ashore(x, y, 0, 4), wet),
        (lambda x, y: _ashore(x, y, 7, 8), dry),
    )


def _ashore(x: np.ndarray, y: np.ndarray, inland: float, soft: float) -> np.ndarray:
    """Return 1 on the beach and 0 in the water. inland, soft: metres."""
    edge = 366 + 5 * np.sin(x / 21) + 2 * np.sin(x / 7)
    return np.where(y < 0, np.clip((np.hypot(x, y) - edge - inland) / soft, 0, 1), 0)
