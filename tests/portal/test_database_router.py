import pytest
from django.conf import settings

from portal.database_router import ConnectionRouter, ReadPagesFromReplica


def connection_for(rf, monkeypatch, method: str, path: str) -> str:
    monkeypatch.setitem(settings.DATABASES, "replica", {})
    seen = []
    middleware = ReadPagesFromReplica(
        lambda request: seen.append(ConnectionRouter().db_for_read(None))
    )
    middleware(getattr(rf, method)(path))
    return seen[0]


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


def test_without_a_replica_everything_reads_from_the_source(rf):
    seen = []
    middleware = ReadPagesFromReplica(
        lambda request: seen.append(ConnectionRouter().db_for_read(None))
    )

    middleware(rf.get("/"))

    assert seen == ["default"]
