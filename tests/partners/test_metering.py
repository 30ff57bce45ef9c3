"""Limits and usage of keys, through the API."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.partners.models import ApiKey, KeyUsage
from tests.partners.conftest import program

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
USAGE = "/api/v1/usage/"
RECOGNITIONS = "/api/v1/recognitions/"
UNKNOWN = f"{RECOGNITIONS}8f14e45f-ceea-467f-a8f5-6f2c3d1e9b00/"


@pytest.fixture
def noon(monkeypatch):
    """Stop the clock, so that no window ends during a test."""
    moment = timezone.now().replace(hour=12, minute=0, second=10, microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def test_every_reply_says_what_is_left(make_key, noon):
    client = program(make_key(per_minute=3, per_day=5))

    replies = [client.get(UNKNOWN), client.get(USAGE)]

    assert [reply.status_code for reply in replies] == [404, 200]
    assert replies[0]["RateLimit-Policy"] == '"minute";q=3;w=60, "day";q=5;w=86400'
    assert replies[0]["RateLimit"] == '"minute";r=2;t=50, "day";r=4;t=43190'
    assert replies[1]["RateLimit"] == '"minute";r=1;t=50, "day";r=3;t=43190'


@pytest.mark.parametrize(
    ("limits", "named", "wait"), [({"per_minute": 2}, "minute", 50), ({"per_day": 2}, "day", 43190)]
)
def test_a_limit_is_exact_and_its_end_is_told(make_key, noon, limits, named, wait):
    client = program(make_key(**limits))

    replies = [client.get(USAGE) for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 429, 429]
    refused = replies[-1]
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "limit_reached"
    assert refused["Retry-After"] == str(wait)
    assert refused["RateLimit"] == f'"{named}";r=0;t={wait}'


def test_what_was_refused_is_not_counted_as_used(make_key, noon):
    client = program(make_key(per_minute=2))

    for _ in range(5):
        client.get(USAGE)

    assert KeyUsage.objects.get().used == 2


def test_usage_is_counted_by_key_day_and_operation(make_key, noon):
    client = program(make_key())
    client.get(UNKNOWN)
    client.post(RECOGNITIONS)
    program(make_key()).get(USAGE)

    answer = client.get(USAGE, {"days": 2}).json()

    today, yesterday = noon.date(), noon.date() - timedelta(days=1)
    assert answer["days"][0] == {"day": str(yesterday), "used": 0, "operations": []}
    assert answer["days"][1]["day"] == str(today)
    assert {each["operation"]: each["used"] for each in answer["days"][1]["operations"]} == {
        "GET recognition": 1,
        "POST recognitions": 1,
        "GET usage": 1,
    }
    assert answer["limits"][0]["remaining"] == answer["limits"][0]["limit"] - 3
    assert answer["key"]["scopes"] == ["export", "read", "recognize"]


@pytest.mark.parametrize("days", ["0", "367", "many"])
def test_a_period_that_cannot_be_is_refused(make_key, days):
    refused = program(make_key()).get(USAGE, {"days": days})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert "days" in refused.json()["errors"]


def test_without_a_key_an_address_has_its_own_small_limit(settings, noon):
    settings.ANONYMOUS_PER_MINUTE = 2
    client = Client()

    statuses = [client.get(USAGE).status_code for _ in range(3)]

    assert statuses == [401, 401, 429]
    assert Client(REMOTE_ADDR="192.0.2.7").get(USAGE).status_code == 401


def test_guessed_keys_count_like_requests_without_one(settings, noon):
    settings.ANONYMOUS_PER_MINUTE = 2
    client = Client(headers={"Authorization": "Api-Key gilnun_00000000_guess"})

    assert [client.get(USAGE).status_code for _ in range(3)] == [401, 401, 429]


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(make_key, monkeypatch, noon):
    made = make_key()

    def used_at() -> datetime:
        program(made).get(USAGE)
        return ApiKey.objects.get().last_used_at

    assert used_at() == noon
    for seconds, noted in ((59, 0), (61, 61)):
        later = noon + timedelta(seconds=seconds)
        monkeypatch.setattr(timezone, "now", lambda later=later: later)
        assert used_at() == noon + timedelta(seconds=noted)


def test_key_and_limits_are_one_question_to_the_database(make_key):
    client = program(make_key())
    client.get(UNKNOWN)

    with CaptureQueriesContext(connection) as asked:
        client.get(UNKNOWN)

    # The other one looks for the recognition.
    assert len(asked) == 2, [each["sql"][:80] for each in asked]
