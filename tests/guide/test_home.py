"""The first page: a search, a photo, what is near, kinds and regions, and what was just written."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db


def test_the_first_page_leads_to_everything(client):
    LandmarkFactory()

    page = client.get("/en/").content.decode()

    assert 'name="q"' in page and 'action="/en/recognize/"' in page
    assert "Near me" in page
    assert 'href="/en/landmarks/?category=heritage"' in page
    assert 'href="/en/landmarks/?region=KR-11"' in page


def test_what_was_written_last_stands_first(client):
    now = timezone.now()
    for days, slug in ((3, "older"), (1, "newest"), (2, "newer")):
        ArticleFactory(
            landmark=LandmarkFactory(slug=slug),
            language="en",
            title=f"Story of {slug}",
            published_at=now - timedelta(days=days),
        )
    ArticleFactory(
        landmark=LandmarkFactory(slug="later"),
        language="en",
        title="Story of later",
        published_at=now + timedelta(days=1),
    )

    page = client.get("/en/").content.decode()

    fresh = page[page.index('id="fresh-title"') :]
    assert re.findall(r"Story of (\w+)", fresh) == ["newest", "newer", "older"]
