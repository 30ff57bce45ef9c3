"""What holds on every public page."""

from __future__ import annotations

import gzip
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory, RouteFactory
from tests.factories.recognition import (
    CandidateFactory,
    RecognitionPhotoFactory,
    RecognitionRequestFactory,
)

pytestmark = pytest.mark.django_db
RECEIPT = "11111111-1111-4111-8111-111111111111"
PAGES = [
    *("/", "/landmarks/", "/landmarks/tower/", "/recognize/", f"/recognize/{RECEIPT}/", "/none/"),
    *("/routes/", "/routes/along/", "/routes/plan/"),
]


class Page(HTMLParser):
    """The tags of a page in order, and the attributes of each."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def content():
    landmark = LandmarkFactory(slug="tower", names={"ko": "탑", "en": "Tower"})
    PhotoFactory(landmark=landmark, reference=True, source="gilnun-demo")
    ArticleFactory(landmark=landmark)
    ArticleFactory(landmark=landmark, language="en", title="A tower")
    RouteFactory(slug="along", stops=[landmark, LandmarkFactory()])
    question = RecognitionRequestFactory(receipt=RECEIPT)
    RecognitionPhotoFactory(request=question)
    CandidateFactory(request=question, landmark=landmark)


@pytest.fixture(params=[(page, prefix) for page in PAGES for prefix in ("", "/en")], ids=str)
def visited(request, client, content):
    path, prefix = request.param
    response = client.get(prefix + path)
    return response, Page(response.content.decode()), prefix


def test_the_page_says_its_language(visited):
    _, page, prefix = visited

    assert page.all("html")[0]["lang"] == ("en" if prefix else "ko")


def test_nothing_stands_inline_that_the_policy_forbids(visited):
    response, page, _ = visited
    policy = response["Content-Security-Policy"]

    assert "unsafe-inline" not in policy
    assert not page.all("style")
    for script in page.all("script"):
        assert "src" in script or script["type"] == "application/ld+json"
    for _, attributes in page.tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]


def test_the_page_loads_nothing_from_elsewhere(visited):
    _, page, _ = visited
    loaded = [tag["src"] for name in ("img", "script") for tag in page.all(name) if "src" in tag]
    loaded += [link["href"] for link in page.all("link") if link["rel"] in ("stylesheet", "icon")]

    assert all(address.startswith("/") for address in loaded)


def test_the_page_can_be_read_without_seeing_it(visited):
    _, page, _ = visited
    labelled = {label["for"] for label in page.all("label")}

    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert page.all("a")[0]["href"] == "#content"
    assert all("alt" in image for image in page.all("img"))
    for field in page.all("input"):
        assert field["type"] == "hidden" or field["id"] in labelled
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_the_page_leads_to_itself_in_the_other_language(visited):
    response, page, prefix = visited
    path = response.wsgi_request.path.removeprefix(prefix) if response.status_code == 200 else "/"
    other = path if prefix else f"/en{path}"

    assert other in [link["href"] for link in page.all("a") if "href" in link]


def test_every_link_leads_somewhere(visited, client):
    _, page, _ = visited
    addresses = {link["href"] for link in page.all("a") if link.get("href", "").startswith("/")}

    for address in addresses:
        if address.endswith("/similar/"):
            continue  # It asks the model server; tests/guide/test_similar.py goes there.
        response = client.get(address)
        if response.streaming:
            list(response.streaming_content)
        assert response.status_code in (200, 302), address


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/landmarks/", "/landmarks/tower/", "/recognize/"),
        *("/routes/", "/routes/along/", "/routes/plan/"),
    ],
)
def test_search_engines_find_both_languages(client, content, path):
    links = Page(client.get(path).content.decode()).all("link")

    by_language = {link["hreflang"]: link["href"] for link in links if "hreflang" in link}
    assert by_language == {"ko": f"http://testserver{path}", "en": f"http://testserver/en{path}"}
    assert [link["href"] for link in links if link["rel"] == "canonical"] == [by_language["ko"]]


def test_receipts_are_kept_from_search_engines(client, content):
    links = Page(client.get(f"/recognize/{RECEIPT}/").content.decode()).all("link")

    assert not [link for link in links if link["rel"] in ("canonical", "alternate")]
    assert re.search(r"^Disallow: /recognize/$", client.get("/robots.txt").content.decode(), re.M)


@pytest.mark.parametrize(
    ("prefix", "words"), [("", "이쪽에는 길이 없습니다."), ("/en", "no way here")]
)
def test_a_missing_page_is_said_kindly(client, prefix, words):
    response = client.get(f"{prefix}/none/")

    assert response.status_code == 404
    assert words in response.content.decode()
    problem = client.get(f"{prefix}/none/", headers={"Accept": "application/json"})
    assert problem.json()["code"] == "not_found"


def test_a_fault_is_said_kindly_without_asking_anything(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("apps.guide.views.places.cards_under", lambda *_, **__: 1 / 0)

    response = client.get("/en/landmarks/")

    assert response.status_code == 500
    assert "Something went wrong on our side." in response.content.decode()


def weight_of(scripts: list[str]) -> float:
    """Return what static files and all that they import take on the line, in kB."""
    seen, waiting = {}, [address.removeprefix("/static/") for address in scripts]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = Path(finders.find(name)).read_bytes()
            folder = posixpath.dirname(name)
            waiting += [
                posixpath.normpath(posixpath.join(folder, imported))
                for imported in re.findall(r'from "(\.[^"]+)"', seen[name].decode())
            ]
    return sum(len(gzip.compress(each)) for each in seen.values()) / 1000


@pytest.mark.parametrize(
    "path", ["/", "/landmarks/", "/landmarks/tower/", "/recognize/", "/routes/plan/"]
)
def test_a_page_needs_little_script(client, content, path):
    page = Page(client.get(path).content.decode())

    assert weight_of([script["src"] for script in page.all("script") if "src" in script]) <= 15


def test_the_map_of_a_page_needs_little_script_more(client, content):
    page = Page(client.get("/landmarks/tower/").content.decode())
    scripts = [script["src"] for script in page.all("script") if "src" in script]

    assert weight_of([*scripts, *(tag["data-script"] for tag in page.all("near-map"))]) <= 60


def test_every_picture_says_what_it_shows_and_whose_it_is(client, content):
    text = client.get("/en/landmarks/tower/").content.decode()
    shown = [image["alt"] for image in Page(text).all("img")]

    assert shown == ["A stone tower", "Sketch map of where Tower is"]
    assert text.count("picture-credit") == text.count("<figure>") == 1
