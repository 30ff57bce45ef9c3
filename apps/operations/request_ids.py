"""A name for every request, which its answer and the log share."""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# What a caller may choose; anything else could forge lines of the log.
CHOSEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")
logger = logging.getLogger(__name__)


def current_request_id() -> str:
    """Return the id of the request that is being answered, "" outside of one."""
    return _current.get()


class RequestIds:
    """Take the caller's X-Request-ID or make one; send it back, and note refused requests."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.headers.get(HEADER, "")
        request.request_id = chosen if CHOSEN.fullmatch(chosen) else uuid.uuid4().hex
        token = _current.set(request.request_id)
        try:
            response = self.get_response(request)
            response[HEADER] = request.request_id
            if response.get("Content-Type") == "application/problem+json":
                # Without the query: the one address where a key may stand in it is among them.
                logger.info("%s %s: %s", request.method, request.path, response.status_code)
            return response
        finally:
            _current.reset(token)


class NameRequest(logging.Filter):
    """Give every line of the log the id of the request that it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django notes an answer of 500 when the request has left this module's hands.
        request = getattr(record, "request", None)
        record.request_id = _current.get() or getattr(request, "request_id", "-")
        return True
