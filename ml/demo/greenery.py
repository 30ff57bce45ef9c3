"""Trees, shrubs, wooded hills and mountains, in the colours of the season."""

import numpy as np

from ml.demo.colours import linear
from ml.demo.meshes import Mesh, joined, placed, surface, triangles, tube
from ml.demo.noise import fractal_noise

LEAVES = {
    "spring": ["#f3c3cf", "#f7d5dc", "#eeb2c3", "#8fb04a"],
    "fresh": ["#86ad3c", "#9abd4a", "#729a34"],
    "summer": ["#4f7a2c", "#5f8a34", "#446c28"],
    "autumn": ["#d9752a", "#c9502a", "#e0a336", "#b8402a"],
    "ginkgo": ["#e8b92e", "#f0c940", "#d9a524"],
    "winter": ["#8a7a66", "#7b6c5a"],
}
FOREST = {
    "spring": ["#7c9a42", "#93ad55", "#6b8a3c", "#e8c0c8"],
    "summer": ["#47702a", "#557f32", "#3c6226"],
    "autumn": ["#b5702c", "#8f7a34", "#c4893a", "#6b7434", "#a8502c"],
    "winter": ["#6f6553", "#5f6a4a", "#7d7160"],
}


def leaf_cloud(
    random: np.random.Generator, blobs: np.ndarray, count: int, size: float, colours: list[str]
) -> Mesh:
    """Small leaves near the surface of ellipsoids. blobs: [k, 6] centre and radii."""
    which = random.choice(len(blobs), count, p=_volumes(blobs))
    direction = random.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    depth = random.uniform(0.55, 1.05, (count, 1))
    centre = blobs[which, :3] + direction * depth * blobs[which, 3:]
    edges = random.normal(size=(count, 2, 3))
    edges /= np.linalg.norm(edges, axis=2, keepdims=True)
    edges *= size * random.uniform(0.6, 1.2, (count, 1, 1))
    a, b, c, d = (
        centre + edges[:, 0],
        centre + edges[:, 1],
        centre - edges[:, 0],
        centre - edges[:, 1],
    )
    corners = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    soft = direction + [0, 0, 0.35] + 0.35 * random.normal(size=(count, 3))
    soft /= np.linalg.norm(soft, axis=1, keepdims=True)
    normals = np.repeat(np.concatenate([soft, soft])[:, None], 3, axis=1)
    mesh = triangles(corners, "foliage", "#ffffff", normals)
    paint = np.array([linear(colour) for colour in colours])[
        random.integers(0, len(colours), count)
    ]
    paint = paint * random.uniform(0.75, 1.2, (count, 1)) * (0.45 + 0.55 * depth)
    return mesh._replace(tint=np.concatenate([paint, paint]).astype(np.float32))


def _volumes(blobs: np.ndarray) -> np.ndarray:
    volume = blobs[:, 3:].prod(axis=1) ** (2 / 3)
    return volume / volume.sum()


def broadleaf(seed: int, season: str, height: float = 8.0, leaves: int = 1500) -> Mesh:
    """A round-crowned tree; in winter only twigs are left."""
    random = np.random.default_rng(seed)
    bare = season == "winter"
    parts = [_trunk(random, height)]
    blobs = []
    for _ in range(9):
        angle, out = random.uniform(0, 2 * np.pi), random.uniform(0.05, 0.3) * height
        z = height * random.uniform(0.42, 0.86)
        tip = np.array([np.cos(angle) * out, np.sin(angle) * out, z])
        parts.append(
            tube(
                [(0, 0, height * 0.28), tip * [0.5, 0.5, 0.8], tip],
                [0.028 * height * 0.6, 0.016 * height * 0.6, 0.006 * height],
                5,
                "bark",
                "#5b4836",
            )
        )
        radius = height * random.uniform(0.13, 0.21)
        blobs.append([*tip, radius * 1.15, radius * 1.15, radius * 0.85])
        if bare:
            parts += _twigs(random, tip, height)
    blobs.append([0, 0, height * 0.66, height * 0.24, height * 0.24, height * 0.24])
    if not bare:
        parts.append(
            leaf_cloud(
                random,
                np.array(blobs),
                leaves,
                height * 0.028 * (1500 / leaves) ** 0.5,
                LEAVES[season],
            )
        )
    return joined(parts)


def _trunk(random: np.random.Generator, height: float) -> Mesh:
    lean = random.normal(size=2) * 0.03 * height
    path = [
        (0, 0, -0.1),
        (lean[0] * 0.4, lean[1] * 0.4, height * 0.3),
        (lean[0], lean[1], height * 0.7),
    ]
    return tube(path, [0.032 * height, 0.024 * height, 0.008 * height], 8, "bark", "#5b4836")


def _twigs(random: np.random.Generator, start: np.ndarray, height: float) -> list[Mesh]:
    parts = []
    for _ in range(9):
        direction = random.normal(size=3) + [0, 0, 0.9] + start * [1, 1, 0] / height * 3
        end = start + direction / np.linalg.norm(direction) * height * random.uniform(0.1, 0.24)
        middle = (start + end) / 2 + random.normal(size=3) * 0.02 * height
        parts.append(
            tube(
                [start, middle, end],
                [0.007 * height, 0.005 * height, 0.002 * height],
                3,
                "bark",
                "#6a5a4a",
            )
        )
    return parts


def pine(seed: int, height: float = 9.0, needles: int = 1500) -> Mesh:
    """A Korean red pine: a bent reddish trunk under flat dark crowns."""
    random = np.random.default_rng(seed)
    turn = random.uniform(0, 2 * np.pi)
    t = np.linspace(0, 1, 8)
    sway = np.sin(t * np.pi * 1.5) * height * 0.1
    path = np.column_stack([sway * np.cos(turn), sway * np.sin(turn), t * height * 0.86])
    parts = [tube(path, np.linspace(0.03, 0.012, 8) * height, 7, "bark", "#7a4f38")]
    blobs = [[*path[-1], height * 0.2, height * 0.2, height * 0.09]]
    for share in np.linspace(0.45, 0.95, 7):
        angle, out = random.uniform(0, 2 * np.pi), height * random.uniform(0.12, 0.3)
        start = path[int(share * 7)]
        tip = start + [np.cos(angle) * out, np.sin(angle) * out, height * random.uniform(0.0, 0.1)]
        parts.append(
            tube(
                [start, (start + tip) / 2 + [0, 0, 0.03 * height], tip],
                [0.012 * height, 0.009 * height, 0.005 * height],
                5,
                "bark",
                "#7a4f38",
            )
        )
        blobs.append([*tip, height * 0.16, height * 0.16, height * 0.06])
    colours = ["#33502c", "#3d5c34", "#2a4526"]
    parts.append(
        leaf_cloud(
            random, np.array(blobs), needles, height * 0.022 * (1500 / needles) ** 0.5, colours
        )
    )
    return joined(parts)


def shrub(seed: int, season: str, radius: float = 0.8) -> Mesh:
    random = np.random.default_rng(seed)
    blobs = np.array([[0, 0, radius * 0.5, radius, radius, radius * 0.65]])
    colours = (
        ["#4d6b34", "#5c7a3c"]
        if season == "winter"
        else LEAVES["summer" if season != "autumn" else "autumn"]
    )
    return leaf_cloud(random, blobs, 260, radius * 0.14, colours)


def wood(
    seed: int,
    spots: np.ndarray,
    season: str,
    height: float,
    leaves: int = 60,
    colours: list[str] | None = None,
) -> Mesh:
    """Distant trees, coarse on purpose. spots: [k, 3] feet of the trees."""
    random = np.random.default_rng(seed)
    size = random.uniform(0.7, 1.25, len(spots)) * height
    blobs = np.column_stack(
        [spots + np.outer(size, [0, 0, 0.55]), size * 0.34, size * 0.34, size * 0.45]
    )
    parts = []
    palette = colours or FOREST[season]
    for group, colour in enumerate(palette):
        own = (
            blobs[random.integers(0, len(palette), len(spots)) == group]
            if len(palette) > 1
            else blobs
        )
        if len(own):
            parts.append(
                leaf_cloud(
                    random, own, leaves * len(own), height * 0.42 / leaves**0.5 * 2, [colour]
                )
            )
    return joined(parts)


def scattered(
    kinds: list[Mesh], spots: np.ndarray, seed: int, smallest: float = 0.8, largest: float = 1.25
) -> Mesh:
    """Copies of the given plants at the spots, turned and sized by chance. spots: [k, 2 or 3]."""
    random = np.random.default_rng(seed)
    spots = np.asarray(spots, float)
    if spots.shape[1] == 2:
        spots = np.column_stack([spots, np.zeros(len(spots))])
    which = random.integers(0, len(kinds), len(spots))
    turns, sizes = random.uniform(0, 360, len(spots)), random.uniform(smallest, largest, len(spots))
    return joined(
        placed(kind, spots[which == i], turns[which == i], sizes[which == i])
        for i, kind in enumerate(kinds)
    )


def mountain(
    width: float,
    distance: float,
    height: float,
    seed: int,
    season: str,
    peaks: list[tuple[float, float, float]] | None = None,
) -> Mesh:
    """A range across the view at y = distance. peaks: (x, height, half width) in metres."""
    x = np.linspace(-width / 2, width / 2, 120)
    t = np.linspace(0, 1, 26)[:, None]
    points = np.column_stack([x / width * 9, np.full(120, seed * 3.1), np.zeros(120)]).astype(
        np.float32
    )
    crest = height * (0.35 + 0.5 * fractal_noise(points, 4))
    for place, tall, half in peaks or []:
        crest = np.maximum(crest, tall * np.exp(-(((x - place) / half) ** 2)) + crest * 0.25)
    y = distance + (t - 0.75) * height * 2.2 + 0 * x
    z = crest * np.where(
        t < 0.75, np.sin(t / 0.75 * np.pi / 2) ** 1.3, np.cos((t - 0.75) * np.pi * 2 * 0.9)
    )
    rough = np.stack(
        np.broadcast_arrays(x / height * 5, y / height * 5, z / height * 5), axis=-1
    ).reshape(-1, 3)
    bumps = (fractal_noise(rough.astype(np.float32) + seed, 4) - 0.5).reshape(z.shape)
    z = z + bumps * height * 0.22 * np.sin(np.clip(t, 0, 1) * np.pi)
    tint = {"spring": "#6b8048", "summer": "#4c6638", "autumn": "#8a6a3c", "winter": "#6e6a5c"}[
        season
    ]
    return surface(np.stack(np.broadcast_arrays(x, y, z), axis=-1), "forest", tint)


def mound(radius: float, height: float, tint: str = "#6d8a3e") -> Mesh:
    """A round grassy hill with its foot on the ground."""
    angle = np.linspace(0, 2 * np.pi, 41)[None]
    share = np.linspace(0, 1, 14)[:, None]
    z = height * np.cos(share * np.pi / 2) ** 1.1 - 0.02
    points = np.stack(
        np.broadcast_arrays(radius * share * np.cos(angle), radius * share * np.sin(angle), z),
        axis=-1,
    )
    return surface(points, "grass", tint)


def overhanging_branch(seed: int, season: str, length: float = 3.0) -> Mesh:
    """A leafy branch along x that hangs into the picture from its left end."""
    random = np.random.default_rng(seed)
    t = np.linspace(0, 1, 7)
    path = np.column_stack(
        [t * length, random.normal(size=7) * 0.04 * length, -0.22 * t**2 * length]
    )
    blobs = [[*point, 0.2 * length, 0.18 * length, 0.12 * length] for point in path[1:]]
    wood_part = tube(path, np.linspace(0.03, 0.008, 7) * length, 6, "bark", "#5b4836")
    if season == "winter":
        twigs = joined(twig for point in path[1:] for twig in _twigs(random, point, length * 1.6))
        return joined([wood_part, twigs])
    return joined(
        [wood_part, leaf_cloud(random, np.array(blobs), 900, 0.026 * length, LEAVES[season])]
    )
