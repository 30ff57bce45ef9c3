"""The views of every landmark: where one stands, the weather and what is in front."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ml.demo import figures, greenery
from ml.demo.landmarks import LANDMARKS
from ml.demo.meshes import Mesh, empty, joined, moved, turned
from ml.demo.rasterizing import Camera, look_at
from ml.demo.rendering import Scene, Shot
from ml.demo.skies import SKIES


class Stand(NamedTuple):
    """Where a landmark is seen well from. distance, eye, aim: metres (aim: height looked at);
    degrees: view angle across the longer side; turn, swing: the middle of the azimuths used
    and how far they reach to both sides, degrees; upright: portrait pictures, mostly.
    near: metres to people and trees in front; half: half the landmark's width, metres;
    hanbok: share of visitors in hanbok; thin_air: factor on the haze, less for far views.
    """

    distance: float
    eye: float
    aim: float
    degrees: float
    turn: float
    swing: float
    upright: bool
    near: float
    half: float
    hanbok: float = 0.0
    thin_air: float = 1.0


class View(NamedTuple):
    """aside: azimuth as a share of the swing; closer: factor on the distance;
    cut: 1 pushes part of the landmark out of the picture to the right, -1 to the left;
    front: key of FRONTS; other_way: portrait instead of landscape or the reverse;
    zoom: factor on the landmark's size in the picture, by the lens alone;
    high: by how much of the distance the eye is raised, as from a roof across the street.
    """

    split: str
    aside: float
    closer: float
    sky: str
    season: str
    sun_azimuth: float
    front: str = ""
    cut: float = 0.0
    glare: float = 0.0
    other_way: bool = False
    zoom: float = 1.0
    high: float = 0.0


STANDS = {
    "cheomseongdae": Stand(16.5, 1.7, 4.5, 50, 8, 34, True, 7, 2.6),
    "dabotap": Stand(14.5, 1.7, 4.9, 52, 8, 36, True, 6.5, 3.4),
    "dongdaemun-design-plaza": Stand(84, 2.6, 15, 64, -2, 26, False, 15, 60),
    "gwangandaegyo": Stand(415, 7, 76, 64, 4, 22, False, 13, 300, thin_air=0.3),
    "gwanghwamun-yi-sun-sin-statue": Stand(24, 1.7, 8.8, 52, 0, 30, True, 11, 3),
    "gyeongbokgung-geunjeongjeon": Stand(72, 3.4, 12.5, 54, 6, 34, False, 22, 25, 0.6),
    "hwaseong-fortress-hwaseomun": Stand(42, 2.2, 7.4, 62, 4, 26, False, 16, 20),
    "independence-gate": Stand(26, 1.7, 6.6, 52, 0, 34, False, 10, 6),
    "lotte-world-tower": Stand(640, 3, 258, 46, 0, 26, True, 13, 36, thin_air=0.25),
    "n-seoul-tower": Stand(270, 40, 160, 48, 0, 55, True, 16, 16, thin_air=0.35),
    "seokgatap": Stand(15, 1.7, 5.0, 52, -6, 36, True, 6.5, 2.4),
    "sungnyemun": Stand(48, 1.9, 11.0, 56, 4, 32, False, 16, 17),
}
PLAN = [
    View("reference", 0.05, 1.0, "noon", "summer", 30),
    View("reference", -0.75, 1.05, "golden", "autumn", -62, "people"),
    View("reference", 0.85, 1.0, "morning", "spring", 70, "people"),
    View("reference", 0.3, 1.0, "snow", "winter", 20),
    View("reference", -0.35, 1.1, "overcast", "summer", 0, "tree"),
    View("reference", 0.5, 0.82, "clear", "autumn", 48, cut=1),
    View("reference", -0.15, 1.08, "dusk", "summer", 10),
    View(
        "reference", -0.95, 1.12, "after rain", "autumn", -40, "branch", glare=0.7, other_way=True
    ),
    View("sample", 0.65, 1.05, "clear", "summer", 40, "people"),
    View("sample", -0.5, 1.0, "winter", "winter", -50, "branch"),
    View("sample", 0.2, 0.8, "golden", "spring", 55, cut=-1),
    View("sample", -0.1, 1.05, "sunset", "autumn", -48, "tree", glare=0.65),
    # What the pages show beside: recognition neither learns from these nor is tried with them.
    View("view", -0.55, 1.0, "mist", "autumn", -30),
    View("view", 0.75, 1.05, "rain", "summer", 20, "people"),
    View("view", 0.1, 1.0, "night", "summer", 0),
    View("view", -0.25, 1.05, "snow", "winter", -35, "people"),
    View("view", 0.95, 1.1, "morning", "summer", 60, "tree"),
    View("view", -0.85, 1.0, "clear", "spring", -45),
    View("view", 0.4, 1.0, "noon", "autumn", -25, zoom=1.9),
    View("view", -0.05, 1.2, "golden", "summer", -50, "people", other_way=True),
    View("view", 0.6, 1.05, "winter night", "winter", 10),
    View("view", -0.65, 1.12, "sunset", "spring", -55, "branch"),
    View("view", 0.25, 1.1, "overcast", "spring", 15, high=0.4),
    View("view", -0.4, 0.88, "after rain", "summer", 35, cut=1),
]


def view_names(slug: str) -> list[str]:
    """Return one file name a view, without folders."""
    return [f"{slug}-{number + 1:02d}.jpg" for number in range(len(PLAN))]


def take(slug: str, number: int) -> tuple[Scene, Shot]:
    """Return what to render for one of the views of a landmark."""
    stand, view = STANDS[slug], PLAN[number]
    seed = 100 * sorted(STANDS).index(slug) + number
    camera = _camera(stand, view, seed)
    scene = LANDMARKS[slug](view.season)
    front = FRONTS[view.front](stand, view, camera, seed)
    sky = SKIES[view.sky]
    sky = sky._replace(haze=sky.haze * stand.thin_air)
    # The sun keeps its side of the viewer, so that no view shows an unlit landmark.
    sun = view.sun_azimuth + _azimuth(stand, view)
    return scene._replace(foreground=joined([scene.foreground, front])), Shot(
        camera, sky, sun, view.glare, seed
    )


def _azimuth(stand: Stand, view: View) -> float:
    return stand.turn + stand.swing * view.aside


def _camera(stand: Stand, view: View, seed: int) -> Camera:
    angle, distance = np.radians(_azimuth(stand, view)), stand.distance * view.closer
    above = stand.eye + view.high * distance
    eye = np.array([np.sin(angle) * distance, -np.cos(angle) * distance, above])
    right = np.array([np.cos(angle), np.sin(angle), 0])
    # A tower would be lost in a broad picture, a bridge in an upright one.
    other = view.other_way and 0.2 * stand.aim < stand.half < 50
    upright = stand.upright != other
    # The other format keeps the landmark's own size in the picture.
    width, height = (360, 480) if upright else ((480, 320) if seed % 4 == 1 else (480, 360))
    across = np.tan(np.radians(stand.degrees) / 2) * distance * min(1, width / height)
    wander = 0.06 * np.sin(seed * 2.3)
    aside = wander * across - view.cut * _push(stand, across)
    target = right * aside + [0, 0, stand.aim]
    degrees = stand.degrees
    if other:
        degrees = _widened(degrees, 1.18)
    if view.zoom != 1:
        degrees = _widened(degrees, 1 / view.zoom)
    return look_at(eye, target, float(degrees), width, height)


def _widened(degrees: float, factor: float) -> float:
    """Return the view angle whose picture is wider by a factor."""
    return float(np.degrees(2 * np.arctan(np.tan(np.radians(degrees) / 2) * factor)))


def _push(stand: Stand, across: float) -> float:
    """Return how far aside a cut view looks; slender towers are cut at the top instead."""
    return across - 0.7 * stand.half if stand.half > 0.35 * across else 0.3 * across


def _spot(camera: Camera, depth: float, aside: float) -> np.ndarray:
    """Return the point of the ground at a depth; aside: -1 and 1 are the picture's edges."""
    ahead = camera.forward * [1, 1, 0] / np.linalg.norm(camera.forward[:2])
    half = camera.width / 2 / camera.focal
    return (camera.eye + ahead * depth + camera.right * (depth * half * aside)) * [1, 1, 0]


def _nothing(stand: Stand, view: View, camera: Camera, seed: int) -> Mesh:
    return empty()


def _people(stand: Stand, view: View, camera: Camera, seed: int) -> Mesh:
    """Visitors on both sides and a few in front."""
    random = np.random.default_rng(seed)
    parts = []
    for number in range(9):
        depth = stand.near * random.uniform(0.75, 1.9)
        one = figures.hanbok_visitor if random.random() < stand.hanbok else figures.person
        visitor = turned(one(seed * 31 + number), random.uniform(90, 270) + view.aside * 30)
        parts.append(moved(visitor, _spot(camera, depth, random.uniform(-0.85, 0.85))))
    return joined(parts)


def _tree(stand: Stand, view: View, camera: Camera, seed: int) -> Mesh:
    """A tree at one side that covers part of the landmark."""
    # What is slender would vanish behind as large a tree.
    slender = stand.half < 0.25 * stand.aim
    away, height = (0.92, stand.near * 0.56) if slender else (0.76, stand.near * 0.85)
    side = -away if seed % 2 else away
    kind = (
        greenery.pine(seed, height, 4200)
        if seed % 3 == 0
        else greenery.broadleaf(seed, view.season, height, 5200)
    )
    base = max(0.0, stand.eye - 0.28 * height)
    return moved(kind, _spot(camera, stand.near * 1.1, side) + [0, 0, base])


def _branch(stand: Stand, view: View, camera: Camera, seed: int) -> Mesh:
    """A branch that hangs in from an upper corner."""
    branch = greenery.overhanging_branch(seed, view.season, 2.4)
    half_x, half_y = camera.width / 2 / camera.focal, camera.height / 2 / camera.focal
    side = 1 if seed % 2 else -1
    heading = np.degrees(np.arctan2(camera.right[1], camera.right[0]))
    placed = turned(branch, heading + (180 if side > 0 else 0))
    depth = 3.6
    place = camera.eye + camera.forward * depth + camera.right * (side * half_x * depth * 1.05)
    return moved(placed, place + camera.up * half_y * depth * 0.92)


FRONTS: dict[str, Callable[[Stand, View, Camera, int], Mesh]] = {
    "": _nothing,
    "people": _people,
    "tree": _tree,
    "branch": _branch,
}
