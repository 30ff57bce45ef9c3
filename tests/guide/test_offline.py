from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static

from apps.guide.offline import FILES, worker_script
from tests.factories.catalogue import LandmarkFactory

MODULE = re.compile(r'^import .* from "(\.[^"]+)";$', re.MULTILINE)


def given() -> dict:
    return json.loads(worker_script().splitlines()[0].removeprefix("const GIVEN = ")[:-1])


@pytest.mark.parametrize(("prefix", "language"), [("", "ko"), ("/en", "en")])
def test_the_guide_can_be_installed_in_each_language(client, prefix, language):
    response = client.get(f"{prefix}/manifest.webmanifest")
    manifest = response.json()

    assert response["Content-Type"] == "application/manifest+json"
    assert manifest["lang"] == language
    assert manifest["start_url"] == f"{prefix}/"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert "maskable" in {icon.get("purpose") for icon in manifest["icons"]}
    for shortcut in manifest["shortcuts"]:
        assert shortcut["url"].startswith(f"{prefix}/")


def test_the_worker_may_run_and_is_never_stale(client):
    response = client.get("/service-worker.js")

    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in response["Content-Security-Policy"]


def test_the_worker_names_this_version_and_both_languages():
    assert re.fullmatch(r"[0-9a-f]{12}", given()["version"])
    assert given()["files"] == [static(name) for name in FILES]
    assert given()["pages"]["en"] == {
        "home": "/en/",
        "kept": "/en/kept/",
        "offline": "/en/offline/",
    }
    assert given()["pages"]["ko"]["offline"] == "/offline/"


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_a_kept_script_has_all_that_it_imports(name):
    source = Path(finders.find(name)).read_text(encoding="utf-8")
    for imported in MODULE.findall(source):
        folder = name.rsplit("/", 1)[0]
        parts = [*folder.split("/"), *imported.removeprefix("./").split("/")]
        assert "/".join(part for part in parts if part != ".") in FILES


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/kept/", "/offline/", "/en/kept/", "/en/offline/"])
def test_the_pages_that_open_without_a_network_have_their_files(client, path):
    page = client.get(path).content.decode()

    needed = re.findall(r'(?:href|src)="/static/([^"#]+\.(?:css|js))"', page)
    assert needed
    assert set(needed) <= set(FILES)
    assert "noindex" in page


@pytest.mark.django_db
def test_a_place_can_be_kept_and_says_from_when_it_is(client):
    LandmarkFactory(slug="one", names={"ko": "하나", "en": "One"})

    page = client.get("/en/landmarks/one/").content.decode()

    assert 'data-slug="one" data-name="One"' in page
    assert 'data-part="kept-notice" hidden' in page
