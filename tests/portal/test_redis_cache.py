"""Pages are made without the cache while Redis is away, and with it when it is back."""

from __future__ import annotations

import os
import signal
import time

import psutil
import pytest
from django.core.cache import caches

from portal import redis_cache
from portal.redis_cache import DispensableRedisCache
from tests.running import free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def cache(settings, redis, monkeypatch):
    """Let pages be kept in a Redis of this test's own, left alone for as long as a test takes."""
    monkeypatch.setattr(redis_cache, "LEFT_ALONE_SECONDS", 600.0)
    monkeypatch.setattr(DispensableRedisCache, "_away_until", 0.0)
    monkeypatch.setattr(redis_cache, "LEFT_ALONE_SECONDS", 600.0)
    held = {"BACKEND": "portal.redis_cache.DispensableRedisCache", "LOCATION": redis}
    settings.CACHES = {"default": held, "pages": held}
    yield caches["pages"]
    caches["pages"].close()


def process_of(address: str) -> psutil.Process:
    port = address.rpartition(":")[2].partition("/")[0]
    (found,) = [
        child for child in psutil.Process().children() if f":{port}" in " ".join(child.cmdline())
    ]
    return found


@pytest.mark.R5
@pytest.mark.django_db
def test_pages_are_made_while_redis_says_nothing_and_kept_when_it_is_back(
    cache, redis, client, settings, monkeypatch, seen
):
    settings.SIGN_IN_TRIES = 1
    wrong = {"username": "nobody", "password": "wrong"}
    cache.set("page", "kept")
    assert cache.get("page") == "kept"
    server = process_of(redis)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        found = cache.get("page", "not here")
        pages = [client.get(path).status_code for path in ("/", "/landmarks/?q=궁", "/map/")]
        tries = [client.post("/accounts/login/", wrong).status_code for _ in range(2)]
        asked = []
        monkeypatch.setattr(cache._cache, "get", lambda *_, **__: asked.append(1))
        again = cache.get("page", "left alone")
    finally:
        os.kill(server.pid, signal.SIGCONT)

    assert (found, again, asked) == ("not here", "left alone", [])
    assert pages == [200, 200, 200]
    assert tries == [200, 429]
    monkeypatch.undo()
    monkeypatch.setattr(DispensableRedisCache, "_away_until", time.monotonic())
    assert cache.get("page") == "kept"
    seen("R5", pages_without_redis=len(pages))


def test_nothing_is_found_and_nothing_kept_where_nobody_listens(settings, monkeypatch):
    monkeypatch.setattr(redis_cache, "LEFT_ALONE_SECONDS", 0.0)
    cache = DispensableRedisCache(f"redis://127.0.0.1:{free_port()}/0", {})

    assert cache.get("a", "b") == "b"
    assert cache.get_many(["a"]) == {}
    assert cache.set("a", 1) is None
    assert cache.set_many({"a": 1}) == ["a"]
    assert cache.add("a", 1) is False
    assert cache.delete("a") is False
    cache.close()
