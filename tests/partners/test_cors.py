"""Which web pages may use a key."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.partners.conftest import program

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
USAGE = "/api/v1/usage/"
OURS, OTHER = "https://example.org", "https://example.com"
ALLOWED = "Access-Control-Allow-Origin"


def preflight(origin: str):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return Client().options(USAGE, headers=headers)


def test_a_page_of_an_allowed_origin_may_ask_and_read(make_key):
    key = make_key(allowed_origins=[OURS])

    asked = preflight(OURS)
    reply = program(key).get(USAGE, headers={"Origin": OURS})

    assert (asked.status_code, asked[ALLOWED]) == (204, OURS)
    assert "Authorization" in asked["Access-Control-Allow-Headers"]
    assert "PATCH" in asked["Access-Control-Allow-Methods"]
    assert (reply.status_code, reply[ALLOWED]) == (200, OURS)
    assert "RateLimit" in reply["Access-Control-Expose-Headers"]
    for answer in (asked, reply):
        assert "Origin" in answer["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer


def test_other_pages_and_other_keys_get_nothing(make_key):
    first, second = make_key(allowed_origins=[OURS]), make_key(allowed_origins=[OTHER])

    assert ALLOWED not in preflight("https://evil.example")
    assert ALLOWED not in program(first).get(USAGE, headers={"Origin": OTHER})
    assert program(second).get(USAGE, headers={"Origin": OTHER})[ALLOWED] == OTHER
    assert ALLOWED not in Client().get(USAGE, headers={"Origin": OURS})


def test_an_error_can_be_read_by_the_page_too(make_key):
    key = make_key(allowed_origins=[OURS], per_minute=0)

    reply = program(key).get(USAGE, headers={"Origin": OURS})

    assert (reply.status_code, reply[ALLOWED]) == (429, OURS)


def test_origins_are_changed_on_the_page_of_the_key(browser, partner, make_key):
    key = make_key(owner=partner)
    page = f"/accounts/partner/keys/{key.row.prefix}/"

    browser.post(page, {"allowed_origins": "HTTPS://Example.org:443/\r\nhttp://localhost:3000\r\n"})

    key.row.refresh_from_db()
    assert key.row.allowed_origins == ["https://example.org", "http://localhost:3000"]
    assert program(key).get(USAGE, headers={"Origin": OURS})[ALLOWED] == OURS
    assert ALLOWED not in preflight(OTHER)
