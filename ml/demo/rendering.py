"""One picture of a scene: visible surfaces, light, shadow, mirrors, air and tone.

The picture is drawn at twice its size and averaged, so that edges are soft.
"""

from typing import NamedTuple

import numpy as np

from ml.demo import lens, rasterizing
from ml.demo.colours import blend, linear
from ml.demo.materials import BARE_OF_SNOW, Coat, Material, Surface, coat
from ml.demo.meshes import MATERIAL_NAMES, Mesh, joined
from ml.demo.noise import fractal_noise, smooth_noise
from ml.demo.rasterizing import Camera
from ml.demo.skies import Sky, clear_sky, cloudy_sky, sun_direction

FINER = 2
SHADOW_SIDE = 1500  # pixels of the shadow map


class Scene(NamedTuple):
    """landmark: what the picture is of; setting: what belongs to the place;
    foreground: people and trees that may stand in front; ground: the plane z = 0;
    reach: metres around the origin in which shadows are computed.
    """

    landmark: Mesh
    setting: Mesh
    foreground: Mesh
    ground: Material
    reach: float


class Shot(NamedTuple):
    """camera: at the size of the finished picture; sun_azimuth: degrees, 0 is behind the viewer
    of the front; glare: how far sunlight dazzles on the landmark; seed: clouds, flakes and ripples.
    """

    camera: Camera
    sky: Sky
    sun_azimuth: float
    glare: float = 0.0
    seed: int = 0


class Picture(NamedTuple):
    """pixels: [height, width, 3] 8-bit; silhouette: [height, width], the landmark's share of each
    pixel with nothing in front; hidden: share of the silhouette behind the foreground.
    """

    pixels: np.ndarray
    silhouette: np.ndarray
    hidden: float


class _Seen(NamedTuple):
    """What each pixel shows. number: triangle, -1 ground, -2 sky; depth: [n]; silhouette: [n]."""

    number: np.ndarray
    depth: np.ndarray
    silhouette: np.ndarray


class _Lights(NamedTuple):
    sky: Sky
    sun: np.ndarray
    shadow_basis: np.ndarray
    shadow_map: np.ndarray
    reach: float
    flood: np.ndarray
    seed: int


def render(scene: Scene, shot: Shot) -> Picture:
    """Return the picture of a scene; the same arguments give the same picture."""
    mesh = joined([scene.setting, scene.landmark, scene.foreground])
    counts = np.cumsum(
        [len(part.material) for part in scene[:3]][1::-1] + [len(scene.foreground.material)]
    )
    layers = (int(counts[0]), int(counts[1]), int(counts[2]))
    camera = _finer(shot.camera, FINER)
    lights = _lights(mesh, scene, shot)
    seen = _look(mesh, camera, layers)
    rays = rasterizing.pixel_rays(camera)
    light = _shade(mesh, scene.ground, camera, rays, seen, lights, layers)
    light = _mirror(light, mesh, scene, shot, camera, rays, seen, lights, layers)
    light = _air(light, camera, rays, seen, lights)
    light = _average(light.reshape(camera.height, camera.width, 3))
    silhouette = _average(
        seen.silhouette.reshape(camera.height, camera.width, 1).astype(np.float32)
    )[..., 0]
    hidden = (seen.silhouette & (seen.number >= layers[1])).sum() / max(1, seen.silhouette.sum())
    light = lens.glare(light, silhouette, shot.glare, float(lights.sun @ shot.camera.right))
    light = lens.falling(light, shot.sky.falling, shot.seed)
    return Picture(lens.developed(light, shot.sky.exposure), silhouette, float(hidden))


def _finer(camera: Camera, factor: int) -> Camera:
    return camera._replace(
        focal=camera.focal * factor, width=camera.width * factor, height=camera.height * factor
    )


def _average(image: np.ndarray) -> np.ndarray:
    height, width, channels = image.shape
    cells = image.reshape(height // FINER, FINER, width // FINER, FINER, channels)
    # Very bright pixels are held back, or their edges would stay jagged.
    return np.minimum(cells, 4).mean(axis=(1, 3))


def _look(mesh: Mesh, camera: Camera, layers: tuple[int, int, int]) -> _Seen:
    buffer = rasterizing.blank(camera.width, camera.height)
    shape = rasterizing.project(camera, mesh.corners)
    behind = rasterizing.Projection(shape.xy[: layers[1]], shape.nearness[: layers[1]])
    rasterizing.draw(buffer, behind, camera.width, camera.height)
    rays = rasterizing.pixel_rays(camera)
    ground = np.maximum(-rays[:, 2] / max(camera.eye[2], 0.05), 0)
    nearness, number = rasterizing.read(buffer)
    silhouette = (number >= layers[0]) & (nearness >= ground)
    front = rasterizing.Projection(shape.xy[layers[1] :], shape.nearness[layers[1] :])
    rasterizing.draw(buffer, front, camera.width, camera.height, layers[1])
    nearness, number = rasterizing.read(buffer)
    number = np.where(ground > nearness, -1, number)
    number = np.where((number < 0) & (ground <= 0), -2, number)
    nearest = np.maximum(np.maximum(nearness, ground), 1e-5)
    return _Seen(number, (1 / nearest).astype(np.float32), silhouette)


def _lights(mesh: Mesh, scene: Scene, shot: Shot) -> _Lights:
    sun = sun_direction(shot.sky, shot.sun_azimuth)
    side = np.cross([0, 0, 1], sun)
    side /= np.linalg.norm(side)
    basis = np.column_stack([side, np.cross(sun, side), sun]).astype(np.float32)
    reach = scene.reach
    seen = mesh.corners @ basis
    scale = SHADOW_SIDE / (2 * reach)
    shape = rasterizing.Projection((seen[..., :2] + reach) * scale, seen[..., 2] + 20 * reach)
    buffer = rasterizing.blank(SHADOW_SIDE, SHADOW_SIDE)
    rasterizing.draw(buffer, shape, SHADOW_SIDE, SHADOW_SIDE)
    shadow_map = rasterizing.read(buffer)[0].reshape(SHADOW_SIDE, SHADOW_SIDE) - 20 * reach
    away = shot.camera.eye - [0, 0, shot.camera.eye[2]]
    flood = away / (np.linalg.norm(away) + 1e-9) * 0.75 + [0, 0, -0.45]
    return _Lights(shot.sky, sun, basis, shadow_map, reach, flood.astype(np.float32), shot.seed)


def _sunlit(points: np.ndarray, normals: np.ndarray, lights: _Lights) -> np.ndarray:
    """Return the share of sunlight that reaches each point. points, normals: [n, 3] → [n]."""
    texel = 2 * lights.reach / SHADOW_SIDE
    seen = (points + normals * texel * 1.6) @ lights.shadow_basis
    xy = (seen[:, :2] + lights.reach) / texel
    lit = np.zeros(len(points), np.float32)
    taps = [(-0.9, -0.4), (0.4, -0.9), (0.9, 0.4), (-0.4, 0.9), (0, 0)]
    for dx, dy in taps:
        x = np.clip(xy[:, 0] + dx, 0, SHADOW_SIDE - 1).astype(np.int32)
        y = np.clip(xy[:, 1] + dy, 0, SHADOW_SIDE - 1).astype(np.int32)
        lit += lights.shadow_map[y, x] < seen[:, 2] + texel * 0.8
    outside = (np.abs(seen[:, :2]) >= lights.reach * 0.995).any(axis=1)
    return np.where(outside, 1, lit / len(taps)).astype(np.float32)


def _surface(mesh: Mesh, camera: Camera, rays, depth, number, lamps) -> tuple[Surface, np.ndarray]:
    """Return the points seen by rays at triangles `number`, and their materials."""
    corners = mesh.corners[number]
    points = camera.eye.astype(np.float32) + rays * depth[:, None]
    first, second, to = (
        corners[:, 1] - corners[:, 0],
        corners[:, 2] - corners[:, 0],
        points - corners[:, 0],
    )
    d00, d01, d11 = (
        np.einsum("ij,ij->i", a, b) for a, b in ((first, first), (first, second), (second, second))
    )
    d20, d21 = np.einsum("ij,ij->i", to, first), np.einsum("ij,ij->i", to, second)
    area = d00 * d11 - d01 * d01
    area = np.where(area == 0, 1, area)
    v = np.clip((d11 * d20 - d01 * d21) / area, 0, 1)
    w = np.clip((d00 * d21 - d01 * d20) / area, 0, 1 - v)
    weights = np.stack([1 - v - w, v, w], axis=1).astype(np.float32)
    normal = np.einsum("ni,nij->nj", weights, mesh.normals[number])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    facing = np.einsum("ij,ij->i", normal, rays)
    leaf = MATERIAL_NAMES.index("foliage")
    normal *= np.where((facing > 0) & (mesh.material[number] != leaf), -1, 1)[:, None]
    uv = np.einsum("ni,nij->nj", weights, mesh.uv[number])
    slant = np.abs(facing) / np.linalg.norm(rays, axis=1)
    pixel = depth / camera.focal / np.maximum(slant, 0.15) ** 0.5
    return Surface(points, normal, uv, mesh.tint[number], pixel, lamps), mesh.material[number]


def _shade(mesh, ground, camera, rays, seen, lights, layers) -> np.ndarray:
    """Return the light that leaves each pixel's surface, sky included. → [n, 3]."""
    sky = lights.sky
    light = np.zeros((len(rays), 3), np.float32)
    normals = np.zeros_like(light)
    normals[:, 2] = 1
    solid, floor, air = (
        np.flatnonzero(m) for m in (seen.number >= 0, seen.number == -1, seen.number == -2)
    )
    unit = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    light[air] = cloudy_sky(sky, lights.sun, unit[air], lights.seed * 0.37 % 7)
    parts = []
    if len(solid):
        surface, material = _surface(
            mesh, camera, rays[solid], seen.depth[solid], seen.number[solid], sky.lamps
        )
        normals[solid] = surface.normal
        bare = np.isin(material, [MATERIAL_NAMES.index(name) for name in BARE_OF_SNOW])
        is_landmark = (seen.number[solid] >= layers[0]) & (seen.number[solid] < layers[1])
        thin = (material == MATERIAL_NAMES.index("foliage")).astype(np.float32)
        parts.append(
            (
                solid,
                surface,
                _snowed(coat(surface, material), surface, sky, bare),
                is_landmark,
                thin,
            )
        )
    if len(floor):
        surface = _ground_surface(camera, rays[floor], seen.depth[floor], sky.lamps)
        nothing = np.zeros(len(floor), np.float32)
        parts.append(
            (
                floor,
                surface,
                _snowed(ground(surface), surface, sky, nothing > 1),
                nothing > 1,
                nothing,
            )
        )
    openness = _openness(camera, rays, seen, normals)
    for rows, surface, own, is_landmark, thin in parts:
        light[rows] = _lit(own, surface, unit[rows], openness[rows], is_landmark, thin, lights)
    return light


def _ground_surface(camera, rays, depth, lamps) -> Surface:
    points = camera.eye.astype(np.float32) + rays * depth[:, None]
    normals = np.zeros_like(points)
    normals[:, 2] = 1
    pixel = depth / camera.focal / np.maximum(np.abs(rays[:, 2]), 0.02) ** 0.5
    return Surface(points, normals, points[:, :2], np.ones_like(points), pixel, lamps)


def _snowed(own: Coat, surface: Surface, sky: Sky, bare: np.ndarray) -> Coat:
    if sky.snow == 0:
        return own
    drift = smooth_noise(surface.position * 0.9) * 0.35
    lying = np.clip((surface.normal[:, 2] - 0.5 + drift) * 3.2, 0, 1) * sky.snow
    lying *= np.clip(1.35 - 0.6 * fractal_noise(surface.position * 0.35 + 5, 3), 0, 1)
    water = np.broadcast_to(np.asarray(own.gloss, np.float32), len(bare)) > 0.9
    lying = np.where(bare | water, 0, lying)
    gloss = own.gloss * (1 - lying)
    return Coat(blend(own.albedo, linear("#eef2f7"), lying), gloss, own.emission)


def _openness(camera: Camera, rays, seen: _Seen, normals) -> np.ndarray:
    """Return how much sky each pixel's surface sees past its neighbours. → [n] in (0, 1]."""
    height, width = camera.height, camera.width
    low = (height // 2, width // 2)
    depth = seen.depth.reshape(height, width)[::2, ::2]
    points = (rays * seen.depth[:, None]).reshape(height, width, 3)[::2, ::2]
    normal = normals.reshape(height, width, 3)[::2, ::2]
    total = np.zeros(low, np.float32)
    spiral = np.arange(1, 15)
    angle = spiral * 2.399963
    far = np.sqrt(spiral / 14) * 0.085 * width / 2
    for dx, dy in zip(far * np.cos(angle), far * np.sin(angle), strict=True):
        i = np.clip(np.arange(low[0]) + round(dy), 0, low[0] - 1)
        j = np.clip(np.arange(low[1]) + round(dx), 0, low[1] - 1)
        to = points[i[:, None], j[None]] - points
        distance = np.einsum("ijk,ijk->ij", to, to)
        rise = np.einsum("ijk,ijk->ij", to, normal) / np.sqrt(distance + 1e-9)
        reach = (depth * 0.09) ** 2
        total += np.clip(rise - 0.1, 0, 1) / (1 + distance / reach)
    openness = np.clip(1 - total / 14 * 2.1, 0.2, 1)
    padded = np.pad(openness, 1, mode="edge")
    openness = (
        sum(
            padded[1 + a : 1 + a + low[0], 1 + b : 1 + b + low[1]]
            for a in (-1, 0, 1)
            for b in (-1, 0, 1)
        )
        / 9
    )
    return openness.repeat(2, axis=0).repeat(2, axis=1).reshape(-1).astype(np.float32)


def _lit(
    own: Coat, surface: Surface, unit, openness, is_landmark, thin, lights: _Lights
) -> np.ndarray:
    sky = lights.sky
    facing = surface.normal @ lights.sun
    # Leaves are thin: light from behind shines through them.
    facing = np.where(thin > 0, 0.35 + 0.65 * np.abs(facing), facing)
    sunlight = np.clip(facing, 0, 1) * _sunlit(surface.position, surface.normal, lights)
    upward = 0.5 + 0.5 * surface.normal[:, 2]
    above = (
        (sky.zenith * 0.45 + sky.horizon * 0.4 + sky.cloud * 0.15 * sky.clouds) * 0.75 * sky.ambient
    )
    # Light that the ground throws up reaches eaves and arches from below.
    below = above * 0.42 + sky.sun * 0.24 * max(lights.sun[2], 0.2) * np.array([1.05, 1.0, 0.9])
    ambient = blend(below.astype(np.float32), above.astype(np.float32), upward) * openness[:, None]
    light = own.albedo * (sky.sun * sunlight[:, None] + ambient)
    if sky.lamps:
        light += own.albedo * _lamplight(surface, is_landmark, lights) * openness[:, None]
    gloss = np.broadcast_to(np.asarray(own.gloss, np.float32), len(openness))
    shiny = np.flatnonzero((gloss > 0.01) & (gloss < 0.95))
    if len(shiny):
        light[shiny] = _polish(
            light[shiny], gloss[shiny], surface.normal[shiny], unit[shiny], sunlight[shiny], lights
        )
    return light + own.emission


def _lamplight(surface: Surface, is_landmark, lights: _Lights) -> np.ndarray:
    towards = np.clip(surface.normal @ lights.flood * 0.8 + 0.45, 0, 1)
    warm = linear("#ffd09a") * 0.8
    street = np.exp(-np.maximum(surface.position[:, 2], 0) / 6) * 0.28
    share = np.where(is_landmark, towards, street) * lights.sky.lamps
    return warm * share[:, None]


def _polish(light, gloss, normal, unit, sunlight, lights: _Lights) -> np.ndarray:
    """Mix in the mirrored sky and the sun's highlight."""
    facing = np.clip(-np.einsum("ij,ij->i", unit, normal), 0, 1)
    mirrored = unit + 2 * facing[:, None] * normal
    share = gloss + (1 - gloss) * (1 - facing) ** 5 * np.minimum(gloss * 3, 0.8)
    bounced = clear_sky(lights.sky, lights.sun, mirrored)
    ground = lights.sky.horizon * 0.28
    bounced = blend(
        np.broadcast_to(ground, bounced.shape), bounced, np.clip(mirrored[:, 2] * 5 + 0.55, 0, 1)
    )
    spot = np.clip(mirrored @ lights.sun, 0, 1) ** 90 * 3.5 * np.minimum(sunlight * 3, 1)
    return blend(light, bounced, share) + lights.sky.sun * (spot * gloss)[:, None]


def _mirror(light, mesh, scene, shot, camera, rays, seen, lights, layers) -> np.ndarray:
    """Lay the mirrored scene over water and wet paving."""
    floor = np.flatnonzero(seen.number == -1)
    if not len(floor):
        return light
    surface = _ground_surface(camera, rays[floor], seen.depth[floor], shot.sky.lamps)
    below = scene.ground(surface)
    gloss = np.broadcast_to(np.asarray(below.gloss, np.float32), len(floor))
    puddle = np.clip(fractal_noise(surface.position * 0.22, 3) * 3.2 - 1.0, 0.15, 1)
    strength = np.maximum(gloss, shot.sky.wet * puddle * below.puddles)
    if strength.max() < 0.02:
        return light
    image = _mirrored_view(mesh, scene, shot, lights, layers)
    ripple = _ripples(surface, gloss, shot)
    column, row = floor % camera.width // FINER, floor // camera.width // FINER
    column = np.clip(column + ripple[:, 0], 0, shot.camera.width - 1).astype(int)
    row = np.clip(row + ripple[:, 1], 0, shot.camera.height - 1).astype(int)
    slope = np.abs(rays[floor, 2]) / np.linalg.norm(rays[floor], axis=1)
    share = strength * (0.12 + 0.88 * (1 - slope) ** 3.5)
    wetted = light[floor] * (1 - 0.35 * strength * (gloss < 0.9))[:, None]
    light = light.copy()
    light[floor] = blend(wetted, image[row, column], share)
    return light


def _ripples(surface: Surface, gloss, shot: Shot) -> np.ndarray:
    """Return by how many pixels waves shift what is mirrored. → [n, 2]."""
    far = surface.pixel * FINER
    points = surface.position * np.array([0.35, 0.9, 0]) + shot.seed
    wave = fractal_noise(points.astype(np.float32), 3) - 0.5
    fast = smooth_noise((surface.position * [1.6, 4.0, 0] + 3).astype(np.float32)) - 0.5
    height = (wave * 30 + fast * 10) * np.where(gloss > 0.9, 1, 0.25)
    return np.column_stack([height * 0.2, height]) / (1 + far[:, None] * 0.5)


def _mirrored_view(mesh, scene, shot, lights, layers) -> np.ndarray:
    """Return what a mirror in the plane z = 0 shows, at the picture's size. → [h, w, 3]."""
    camera = shot.camera
    flip = np.array([1, 1, -1], np.float32)
    low_camera = camera._replace(
        eye=camera.eye * flip,
        right=camera.right * flip,
        up=camera.up * flip,
        forward=camera.forward * flip,
    )
    above = mesh.corners * np.array([1, 1, 1], np.float32)
    shape = rasterizing.project(low_camera, above)
    buffer = rasterizing.blank(camera.width, camera.height)
    rasterizing.draw(buffer, shape, camera.width, camera.height)
    nearness, number = rasterizing.read(buffer)
    rays = rasterizing.pixel_rays(low_camera)
    unit = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    light = cloudy_sky(lights.sky, lights.sun, unit * [1, 1, 1], lights.seed * 0.37 % 7)
    rows = np.flatnonzero(number >= 0)
    if len(rows):
        depth = 1 / nearness[rows]
        surface, material = _surface(
            mesh, low_camera, rays[rows], depth, number[rows], lights.sky.lamps
        )
        nothing = np.zeros(len(rows), np.float32)
        is_landmark = (number[rows] >= layers[0]) & (number[rows] < layers[1])
        own = _snowed(coat(surface, material), surface, lights.sky, nothing > 1)
        light[rows] = _lit(own, surface, unit[rows], nothing + 0.85, is_landmark, nothing, lights)
        light[rows] = _hazed(
            light[rows], depth * np.linalg.norm(rays[rows], axis=1), unit[rows], lights
        )
    return light.reshape(camera.height, camera.width, 3)


def _air(light, camera, rays, seen: _Seen, lights: _Lights) -> np.ndarray:
    rows = np.flatnonzero(seen.number > -2)
    length = np.linalg.norm(rays[rows], axis=1)
    light[rows] = _hazed(
        light[rows], seen.depth[rows] * length, rays[rows] / length[:, None], lights
    )
    return light


def _hazed(light, distance, unit, lights: _Lights) -> np.ndarray:
    sky = lights.sky
    share = 1 - np.exp(-distance * sky.haze / 1000)
    towards = np.clip(unit @ lights.sun, 0, 1) ** 4
    haze = sky.horizon * 0.92 + sky.sun * (0.12 * towards)[:, None]
    return blend(light, haze, share)
