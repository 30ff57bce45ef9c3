"""What stands where a place is not in the guide: a search, what is alike or near, a reason."""

from __future__ import annotations

import re

import pytest

from apps.catalogue.models import LandmarkNote
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db


def slugs_in(page: str) -> list[str]:
    return re.findall(r'data-landmark="([^"]+)"', page)


def test_an_unknown_place_leads_to_those_that_are_called_like_it(client):
    LandmarkFactory(slug="stone-tower", names={"ko": "돌탑", "en": "Stone Tower"})
    LandmarkFactory(slug="gate", names={"ko": "문", "en": "Gate"})

    answer = client.get("/en/landmarks/stone-towr/")

    page = answer.content.decode()
    assert answer.status_code == 404
    assert slugs_in(page) == ["stone-tower"]
    assert "Perhaps you meant one of these" in page


@pytest.mark.parametrize("path", ["/none/", "/landmarks/zzzz/", "/en/routes/none/"])
def test_a_missing_page_has_a_search(client, path):
    page = client.get(path).content.decode()

    assert 'name="q"' in page
    assert slugs_in(page) == []


def test_a_missing_page_of_the_staff_searches_no_places(client):
    assert 'name="q"' not in client.get("/annotate/none/").content.decode()


def test_a_withdrawn_place_leads_to_the_nearest(client):
    LandmarkFactory(slug="gone", state="withdrawn", latitude=37.5, longitude=127.0)
    LandmarkFactory(slug="nearer", latitude=37.501, longitude=127.0)
    LandmarkFactory(slug="near", latitude=37.51, longitude=127.0)
    LandmarkFactory(slug="far", latitude=35.1, longitude=129.0)

    page = client.get("/landmarks/gone/").content.decode()

    assert slugs_in(page) == ["nearer", "near"]
    assert 'name="q"' in page


def test_a_withdrawn_place_without_a_position_leads_to_its_region(client):
    gone = LandmarkFactory(slug="gone", state="withdrawn", latitude=None, longitude=None)
    LandmarkFactory(slug="other", region=gone.region)

    assert slugs_in(client.get("/landmarks/gone/").content.decode()) == ["other"]


def test_a_withdrawn_place_tells_the_reason_that_the_editors_wrote(client):
    gone = LandmarkFactory(slug="gone", state="withdrawn")
    polite = client.get("/en/landmarks/gone/").content.decode()
    notes = LandmarkNote.objects
    notes.create(landmark=gone, kind="withdrawn", language="ko", text="2026년 문을 닫았습니다.")
    korean = client.get("/en/landmarks/gone/").content.decode()
    notes.create(landmark=gone, kind="withdrawn", language="en", text="It closed in 2026.")
    english = client.get("/en/landmarks/gone/").content.decode()

    assert "Our editors took it back" in polite
    assert '<p lang="ko">2026년 문을 닫았습니다.</p>' in korean
    assert '<p lang="en">It closed in 2026.</p>' in english
    assert "Our editors took it back" not in english


def test_the_reason_is_no_fact_of_a_place_that_came_back(client):
    back = LandmarkFactory(slug="back")
    LandmarkNote.objects.create(landmark=back, kind="withdrawn", language="ko", text="수리 중")

    assert "수리 중" not in client.get("/landmarks/back/").content.decode()
