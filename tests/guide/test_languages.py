"""A third language is rows, a setting and a .po: no code, and what it lacks is marked."""

from __future__ import annotations

import re

import pytest

from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_japanese(settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("ja", "Japanese")]


def test_a_language_is_added_by_rows(client, with_japanese):
    names = {"ko": "첨성대", "en": "Observatory", "ja": "瞻星台"}
    landmark = LandmarkFactory(slug="tower", names=names)
    ArticleFactory(landmark=landmark, language="ja", title="星を見た塔", body="石の塔です。")

    page = client.get("/ja/landmarks/tower/").content.decode()

    assert '<html lang="ja">' in page
    assert re.search(r"<h1>\s*瞻星台\s*</h1>", page)
    assert '<div lang="ja">' in page and "星を見た塔" in page
    assert 'hreflang="ja"' in client.get("/landmarks/tower/").content.decode()


def test_what_a_language_lacks_comes_in_another_and_says_which(client, with_japanese):
    landmark = LandmarkFactory(slug="tower", names={"ko": "첨성대"})
    ArticleFactory(landmark=landmark, language="ko", title="별을 본 탑")
    PhotoFactory(landmark=landmark)

    page = client.get("/ja/landmarks/tower/").content.decode()

    assert '<div lang="ko">' in page and "별을 본 탑" in page
    assert "돌로 쌓은 탑" not in page and "남쪽에서 본 탑" not in page
