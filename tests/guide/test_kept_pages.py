"""A kept page is the page that was made: nothing of one visitor reaches the next."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from apps.operations.measuring import responses
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
OWN = {"X-Request-ID"}


@pytest.fixture
def address():
    return LandmarkFactory().get_absolute_url()


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_kept_page_has_the_headers_that_it_was_made_with(client, address, prefix):
    made = client.get(prefix + address)
    # Somebody else, who prefers another language and holds cookies.
    kept = client.get(
        prefix + address, headers={"Accept-Language": "fr", "Cookie": "sessionid=a; csrftoken=b"}
    )

    assert made["Content-Language"] == ("en" if prefix else "ko")
    assert "default-src 'self'" in kept["Content-Security-Policy"]
    assert kept["X-Frame-Options"] == "DENY"
    assert made["X-Request-ID"] != kept["X-Request-ID"]
    assert not kept.cookies
    assert kept.content == made.content
    for name in made.headers.keys() - OWN:
        assert kept[name] == made[name], name
    assert kept.headers.keys() == made.headers.keys()


def test_a_kept_page_asks_nothing_of_the_middleware_inside(
    client, address, monkeypatch, django_assert_num_queries
):
    client.get(address)
    monkeypatch.setattr(
        "django.contrib.sessions.middleware.SessionMiddleware.process_request", lambda *_: 1 / 0
    )

    with django_assert_num_queries(1):
        assert client.get(address).status_code == 200


def test_a_kept_page_counts_for_its_view(client, address):
    counted = responses.labels("guide:landmark", "GET", 200)
    before = counted._value.get()

    client.get(address)
    client.get(address)

    assert counted._value.get() == before + 2


def test_a_page_asked_with_a_query_is_made_and_has_a_tag(client, address):
    with_query = client.get(address, {"utm_source": "letter"})
    tag = {"If-None-Match": with_query["ETag"]}

    assert client.get(address, {"utm_source": "letter"}, headers=tag).status_code == 304
    assert client.get(address)["ETag"] != with_query["ETag"]


def test_pages_of_one_host_are_not_shown_at_another(client, address, settings):
    settings.ALLOWED_HOSTS = ["one.example", "other.example"]
    client.get(address, headers={"Host": "one.example"})

    page = client.get(address, headers={"Host": "other.example"}).content.decode()

    assert "http://other.example" + address in page
    assert "one.example" not in page
    assert client.get(address, headers={"Host": "third.example"}).status_code == 400


def test_a_kept_page_is_not_there_while_the_database_is_away(client, address, monkeypatch):
    client.get(address)

    def away():
        raise OperationalError("away")

    for module in ("kept_pages", "views.landmark"):
        monkeypatch.setattr(f"apps.guide.{module}.content_version", away)

    answer = client.get(address)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_only_who_looks_is_answered_with_a_kept_page(client, address):
    client.get(address)

    assert client.post(address).status_code == 405
    assert client.head(address).status_code == 200
