"""Which connection serves what."""

from __future__ import annotations

from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_reading_pages = ContextVar("reading_pages", default=False)
# A visitor who comes back from sending a photo must find its answer, which a replica may
# not have yet; staff must see what they just saved.
FROM_THE_SOURCE = ("/recognize/", "/admin/", "/accounts/", "/annotate/", "/api/", "/v1/", "/readyz")


class ConnectionRouter:
    """Writes go to the source; the owner's connection serves migrations only.

    Public pages read from DATABASE_REPLICA_URL where it is set.
    """

    def db_for_read(self, model, **hints):
        return "replica" if _reading_pages.get() else "default"

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, first, second, **hints):
        return True


class ReadPagesFromReplica:
    """Mark the requests whose reads may be a moment old."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _reading_pages.set(may_read_replica(request))
        try:
            return self.get_response(request)
        finally:
            _reading_pages.reset(token)


def may_read_replica(request: HttpRequest) -> bool:
    """Say whether a request only looks at public pages, and there is a replica."""
    if "replica" not in settings.DATABASES or request.method not in ("GET", "HEAD"):
        return False
    path = request.path
    for language, _ in settings.LANGUAGES:
        path = path.removeprefix(f"/{language}") if path.startswith(f"/{language}/") else path
    return not path.startswith(FROM_THE_SOURCE)
