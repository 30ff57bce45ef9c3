"""A Wagtail site with the same places, in an environment of its own, made on first use."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.catalogue import empty_database
from bench.filling import places
from bench.peers import peers_python
from bench.web import WebServer, web_server
from tests.running import ROOT


class WagtailSite(NamedTuple):
    """A running site, and the session of its administrator."""

    server: WebServer
    session: str


@contextmanager
def wagtail_site(*, landmarks: int = 25_000) -> Iterator[WagtailSite]:
    """Serve a Wagtail site with so many pages. Raises PeersMissing."""
    python = peers_python()
    with empty_database() as url, tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DATABASE_URL": url,
            "BENCH_MEDIA": folder,
            "DJANGO_SETTINGS_MODULE": "bench.wagtail_site.settings",
        }
        file = Path(folder, "places.json")
        file.write_text(json.dumps([_page(place) for place in places(landmarks)]))
        filling = subprocess.run(
            [python, "-m", "bench.wagtail_site.filling", file],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        session = filling.stdout.splitlines()[-1]
        application = "bench.wagtail_site.wsgi:application"
        with web_server(
            python, application, environment=environment, ready="/admin/login/"
        ) as server:
            yield WagtailSite(server, session)


def _page(place) -> dict[str, str]:
    category, region = (" > ".join(names) for names in (place.category, place.district))
    return {
        "korean": place.korean,
        "english": place.english,
        "category": category,
        "region": region,
    }
