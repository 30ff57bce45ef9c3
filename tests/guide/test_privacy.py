"""What the page about visitors' data promises, and whom to tell of a hole."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("path", "words"), [("/privacy/", "12일 뒤"), ("/en/privacy/", "12 days")])
def test_the_page_names_the_days_that_are_set(client, settings, path, words):
    settings.VISITOR_PHOTOS_KEPT_DAYS = 12

    assert words in client.get(path).content.decode()


def test_who_answers_questions_is_named_where_somebody_does(client, settings):
    settings.CONTACT = ""
    without = client.get("/privacy/").content.decode()
    settings.CONTACT = "people@example.com"
    named = client.get("/privacy/").content.decode()

    assert "mailto:" not in without
    assert "mailto:people@example.com" in named


def test_every_page_leads_there(client):
    assert 'href="/privacy/"' in client.get("/").content.decode()
    assert 'href="/en/privacy/"' in client.get("/en/").content.decode()


def test_a_hole_can_be_told(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@example.com"

    answer = client.get("/.well-known/security.txt")

    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert answer["Content-Type"].startswith("text/plain")
    assert fields["Contact"] == "mailto:security@example.com"
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(0) < expires - timezone.now() < timedelta(days=365)
    assert fields["Canonical"].endswith("/.well-known/security.txt")


def test_nobody_is_named_who_was_not_set(client, settings):
    settings.SECURITY_CONTACT = ""

    assert client.get("/.well-known/security.txt").status_code == 404
