"""What the service worker keeps so that the guide opens without a network; pure but for files."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import override

WORKER = "js/offline/service-worker.js"
FILES = (
    "css/tokens.css",
    "css/fonts.css",
    "css/base.css",
    "css/components.css",
    "css/home.css",
    "css/answer.css",
    "css/places.css",
    "css/map.css",
    "css/kept.css",
    "img/favicon.svg",
    "img/icons.svg",
    "img/places.svg",
    "map/korea.json",
    "js/guide/near-map.js",
    "js/guide/map/labels.js",
    "js/guide/map/outline-layer.js",
    "js/guide/map/outlines.js",
    "js/guide/my-route.js",
    "js/offline/keep-place.js",
    "js/offline/kept-places.js",
    "js/offline/kept.js",
    "js/offline/register.js",
    "js/offline/try-again.js",
    "vendor/leaflet-1.9.4/leaflet.css",
    "vendor/leaflet-1.9.4/leaflet.js",
)
# Another text of one of these is another page.
PAGE_SOURCES = ("templates/base.html", "templates/guide/kept.html")


def pages() -> dict[str, dict[str, str]]:
    """Return the addresses that open without a network, by language."""
    found = {}
    for language, _ in settings.LANGUAGES:
        with override(language):
            found[language] = {
                "home": reverse("guide:home"),
                "kept": reverse("guide:kept"),
                "offline": reverse("guide:offline"),
            }
    return found


@lru_cache(maxsize=1)
def worker_script() -> str:
    """Return the service worker with the files of this version; it changes when one of them does.

    What it keeps stands under the version's name, so that an update leaves nothing behind.
    """
    source = (settings.BASE_DIR / "static" / WORKER).read_text(encoding="utf-8")
    files = [static(name) for name in FILES]
    read = [source.encode(), json.dumps(files).encode()]
    read += [(settings.BASE_DIR / name).read_bytes() for name in PAGE_SOURCES]
    read += [path.read_bytes() for folder in settings.LOCALE_PATHS for path in _texts(folder)]
    version = hashlib.sha256(b"\0".join(read)).hexdigest()[:12]
    given = {"version": version, "files": files, "pages": pages()}
    return f"const GIVEN = {json.dumps(given)};\n{source}"


def _texts(folder: Path) -> list[Path]:
    return sorted(folder.rglob("django.mo"))
