"""Which connection serves what."""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)
_reading_pages = ContextVar("reading_pages", default=False)
# A visitor who comes back from sending a photo must find its answer, which a replica may
# not have yet; staff must see what they just saved.
FROM_THE_SOURCE = ("/recognize/", "/admin/", "/accounts/", "/annotate/", "/api/", "/v1/", "/readyz")
# A replica that is away costs one visitor a moment, not each of them.
LEFT_ALONE_SECONDS = 5.0


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
    """Mark the requests whose reads may be a moment old; the source answers for a lost replica."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.left_alone_until = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not may_read_replica(request) or not self._replica_answers():
            return self._answer(request, from_replica=False)
        response = self._answer(request, from_replica=True)
        if response.status_code != 503:
            return response
        # It went while the page was made, or had to end its query to keep up with the source.
        # A page only reads, so it may be asked for again.
        self._leave_alone("it did not finish a page")
        return self._answer(request, from_replica=False)

    def _answer(self, request: HttpRequest, *, from_replica: bool) -> HttpResponse:
        token = _reading_pages.set(from_replica)
        try:
            return self.get_response(request)
        finally:
            _reading_pages.reset(token)

    def _replica_answers(self) -> bool:
        if time.monotonic() < self.left_alone_until:
            return False
        try:
            # What the first query of each request would do anyway.
            connections["replica"].close_if_health_check_failed()
            connections["replica"].ensure_connection()
        except (InterfaceError, OperationalError) as error:
            self._leave_alone(error)
            return False
        return True

    def _leave_alone(self, reason: object) -> None:
        self.left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
        logger.error("The replica is away, the source answers for it: %s", reason)


def may_read_replica(request: HttpRequest) -> bool:
    """Say whether somebody who is not signed in only looks at public pages, and there is a replica.

    Staff look at a public page for what they have just changed.
    """
    if "replica" not in settings.DATABASES or request.method not in ("GET", "HEAD"):
        return False
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return False
    path = request.path
    for language, _ in settings.LANGUAGES:
        path = path.removeprefix(f"/{language}") if path.startswith(f"/{language}/") else path
    return not path.startswith(FROM_THE_SOURCE)
