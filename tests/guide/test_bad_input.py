"""Whatever an address carries, a proper page answers."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory, RouteFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PAGES = [
    *("/", "/landmarks/", "/landmarks/tower/", "/landmarks/tower/report/", "/map/", "/routes/"),
    *("/routes/along/", "/routes/plan/", "/recognize/", "/kept/", "/offline/", "/privacy/"),
]
DATA = [
    *("/suggest/", "/map/points/", "/routes/plan/route.gpx", "/routes/along/route.ics"),
    *("/sitemap.xml", "/feeds/new.atom", "/manifest.webmanifest", "/robots.txt"),
]
NAMES = (
    *("q", "page", "category", "region", "near", "radius_m", "sort", "photos", "open", "bbox"),
    *("zoom", "places", "hours", "travel", "order", "date", "time", "about", "photo", "sent"),
)
VALUES = [
    *("", "%00", "%ff%fe", "-1", "1e400", "nan,inf", "1" + "0" * 30, "9" * 5000),
    *(quote("'; DROP TABLE x; --<script>"), quote("가" * 2000), "a" * 100_000, "1,2,3,4,5", "%"),
]


@pytest.fixture
def content():
    landmark = LandmarkFactory(slug="tower")
    PhotoFactory(landmark=landmark)
    ArticleFactory(landmark=landmark)
    RouteFactory(slug="along", stops=[landmark, LandmarkFactory()])


@pytest.mark.parametrize("value", VALUES, ids=[each[:12] for each in VALUES])
def test_any_query_gets_a_proper_answer(client, content, value):
    query = "&".join(f"{name}={value}" for name in NAMES)
    for path in PAGES:
        answer = client.get(f"{path}?{query}")
        assert answer.status_code in (200, 400), path
        assert b"<h1" in answer.content, path
    for path in DATA:
        answer = client.get(f"{path}?{query}")
        assert answer.status_code in (200, 400, 404), path
        answer.getvalue()


@pytest.mark.parametrize("value", ["1" + "0" * 30, "-5", "x", ""])
def test_any_page_number_shows_a_page_of_the_list(client, content, value):
    assert b"data-landmark=" in client.get("/landmarks/", {"page": value}).content


@pytest.mark.parametrize(
    "path",
    [
        *("/landmarks/%00/", "/landmarks/%ff/", "/landmarks/" + "a" * 3000 + "/", "/%00", "/%ff"),
        *("/landmarks/tower/sketch-%00.svg", "/routes/%00/", "/recognize/%00/", "/photos/x.jpg"),
        "/landmarks/" + "-" * 200 + "/",
    ],
)
def test_any_address_gets_a_proper_page(client, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert b"<h1" in answer.content
    assert b'name="q"' in answer.content
