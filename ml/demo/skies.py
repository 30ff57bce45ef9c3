"""Light and weather: what the sun, the sky and the air do."""

from typing import NamedTuple

import numpy as np

from ml.demo.colours import blend, linear
from ml.demo.noise import fractal_noise


class Sky(NamedTuple):
    """Colours are linear light, [3]; a white wall in full sun is about 1.

    height: degrees of the sun (or the moon) above the horizon; haze: per kilometre;
    clouds: share of the sky in [0, 1]; lamps: how far electric light counts, 0 to 1;
    snow: share of upward faces that are white; wet: how far paving mirrors, 0 to 1;
    falling: "rain", "snow" or nothing; band: how high the horizon's colour reaches, 0 to 1.
    """

    height: float
    sun: np.ndarray
    zenith: np.ndarray
    horizon: np.ndarray
    cloud: np.ndarray
    clouds: float
    haze: float
    ambient: float = 1.0
    exposure: float = 1.0
    lamps: float = 0.0
    snow: float = 0.0
    wet: float = 0.0
    falling: str = ""
    band: float = 0.45


def _sky(height, sun, strength, zenith, horizon, cloud, clouds, haze, **more) -> Sky:
    return Sky(
        height,
        linear(sun) * strength,
        linear(zenith),
        linear(horizon),
        linear(cloud),
        clouds,
        haze,
        **more,
    )


_NIGHT = {"ambient": 0.9, "lamps": 1.0, "exposure": 1.5, "band": 0.3}
SKIES = {
    "noon": _sky(52, "#fff4e4", 1.45, "#2f6fc4", "#a9cdea", "#ffffff", 0.42, 0.08),
    "clear": _sky(44, "#fff1dc", 1.5, "#2a66ba", "#9cc6e8", "#ffffff", 0.15, 0.05),
    "morning": _sky(24, "#ffdcb0", 1.45, "#4a86cf", "#dbe4e6", "#fff6ea", 0.36, 0.14),
    "golden": _sky(16, "#ffc288", 1.6, "#3f74bc", "#f3d9b4", "#fff0d8", 0.38, 0.12, ambient=0.95),
    "overcast": _sky(60, "#ffffff", 0.28, "#b4bfca", "#dde2e6", "#eef1f3", 0.8, 0.22, ambient=1.15),
    "mist": _sky(35, "#fff2df", 0.4, "#c0c9cf", "#e2e4e2", "#f2f2f0", 0.6, 1.3, ambient=1.1),
    "snow": _sky(
        40,
        "#f2f4ff",
        0.3,
        "#b3bdca",
        "#dfe4ea",
        "#eef1f5",
        0.75,
        0.5,
        ambient=1.1,
        snow=1.0,
        falling="snow",
    ),
    "winter": _sky(26, "#ffe6c4", 1.4, "#3c78c4", "#c4dcf0", "#ffffff", 0.2, 0.06, snow=0.8),
    "rain": _sky(
        55,
        "#ffffff",
        0.14,
        "#8f9ba8",
        "#c3cad0",
        "#dfe4e8",
        0.85,
        0.6,
        ambient=1.15,
        wet=0.8,
        falling="rain",
    ),
    "after rain": _sky(24, "#ffdfb8", 1.2, "#5f8ab8", "#e6e2d4", "#fff4e6", 0.62, 0.2, wet=0.7),
    "sunset": _sky(
        9,
        "#ffb07c",
        1.2,
        "#4a70ad",
        "#f6c7a0",
        "#f4bfa8",
        0.45,
        0.08,
        ambient=1.05,
        lamps=0.3,
        exposure=1.08,
        band=0.36,
    ),
    "dusk": _sky(
        22,
        "#9fb2e6",
        0.16,
        "#183a80",
        "#c3c4c0",
        "#7f8eb4",
        0.35,
        0.05,
        ambient=0.85,
        lamps=0.9,
        exposure=1.3,
        band=0.24,
    ),
    "night": _sky(35, "#8ea4d8", 0.07, "#070d20", "#2a3350", "#1d2740", 0.25, 0.04, **_NIGHT),
    "winter night": _sky(
        35, "#9db2e6", 0.12, "#0b1430", "#3a4566", "#2c3856", 0.2, 0.06, snow=0.85, **_NIGHT
    ),
}


def sun_direction(sky: Sky, azimuth: float) -> np.ndarray:
    """Return the unit vector towards the sun; azimuth: degrees, 0 is behind a viewer facing +y."""
    height, angle = np.radians(sky.height), np.radians(azimuth)
    return np.array(
        [np.sin(angle) * np.cos(height), -np.cos(angle) * np.cos(height), np.sin(height)],
        np.float32,
    )


def clear_sky(sky: Sky, sun: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the light of the sky without clouds. direction: [n, 3] unit → [n, 3]."""
    up = np.clip(direction[:, 2], 0, 1)
    light = blend(sky.horizon, sky.zenith, up**sky.band)
    towards = np.clip(direction @ sun, 0, 1)
    glow = 0.35 * towards**6 + 0.55 * towards**60
    return light + sky.sun * (glow * (0.25 if sky.height > 30 else 0.45))[:, None]


def cloudy_sky(sky: Sky, sun: np.ndarray, direction: np.ndarray, shift: float) -> np.ndarray:
    """Return the light of the sky with clouds and the sun's disc; shift moves the clouds."""
    light = clear_sky(sky, sun, direction)
    flat = direction[:, :2] / (np.abs(direction[:, 2:]) + 0.12)
    points = (
        np.column_stack([flat * [0.7, 1.1], np.full(len(flat), 0.3)]).astype(np.float32) + shift
    )
    bulk = fractal_noise(points * 1.3, 5)
    thick = np.clip((bulk - (0.68 - 0.4 * sky.clouds)) / 0.22, 0, 1)
    lit = fractal_noise(points * 1.3 + sun * 0.12, 3)
    shade = np.clip(0.82 + (lit - bulk) * 1.5, 0.6, 1.1)
    bright = blend(sky.cloud, sky.cloud * blend(sky.horizon, sky.zenith, 0.4), 0.35)
    cloud = bright * shade[:, None]
    fade = np.clip(direction[:, 2] * 7, 0, 1)
    light = blend(light, cloud, thick * fade * 0.92)
    disc = np.clip((direction @ sun - 0.9993) / 0.0004, 0, 1)
    return light + sky.sun * (disc * 6 * (1 - thick * 0.8))[:, None]
