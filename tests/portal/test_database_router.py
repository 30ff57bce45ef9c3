import pytest
from django.conf import settings
from django.http import HttpResponse

from portal.database_router import ConnectionRouter, ReadPagesFromReplica


def connection_for(rf, monkeypatch, method: str, path: str, cookies=None) -> str:
    monkeypatch.setitem(settings.DATABASES, "replica", {})
    monkeypatch.setattr(ReadPagesFromReplica, "_replica_answers", lambda self: True)
    request = getattr(rf, method)(path)
    request.COOKIES |= cookies or {}
    middleware = ReadPagesFromReplica(
        lambda request: HttpResponse(ConnectionRouter().db_for_read(None))
    )
    return middleware(request).text


@pytest.mark.parametrize("path", ["/", "/en/", "/landmarks/", "/en/landmarks/sungnyemun/"])
def test_public_pages_read_from_the_replica(rf, monkeypatch, path):
    assert connection_for(rf, monkeypatch, "get", path) == "replica"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/recognize/5a3e/"),
        ("get", "/en/recognize/5a3e/"),
        ("get", "/admin/"),
        ("get", "/api/v1/recognitions/"),
        ("post", "/landmarks/"),
    ],
)
def test_what_must_be_fresh_reads_from_the_source(rf, monkeypatch, method, path):
    assert connection_for(rf, monkeypatch, method, path) == "default"


def test_who_is_signed_in_reads_from_the_source_what_they_just_wrote(rf, monkeypatch):
    cookies = {settings.SESSION_COOKIE_NAME: "of-somebody"}

    assert connection_for(rf, monkeypatch, "get", "/landmarks/", cookies) == "default"


def test_without_a_replica_everything_reads_from_the_source(rf):
    seen = []
    middleware = ReadPagesFromReplica(
        lambda request: seen.append(ConnectionRouter().db_for_read(None))
    )

    middleware(rf.get("/"))

    assert seen == ["default"]
