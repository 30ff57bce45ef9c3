"""ETag and Last-Modified from content: asking again costs no serializing."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from apps.api.v1.errors import PreconditionFailed

# Whoever changes what an answer looks like raises this: the content stays the same then.
SHAPE = 1


def etag_of(*parts: object) -> str:
    """Return a strong ETag of everything that makes an answer what it is."""
    return f'"{hashlib.blake2b(repr((SHAPE, *parts)).encode(), digest_size=12).hexdigest()}"'


def is_conditional(request: HttpRequest) -> bool:
    """Say whether the client holds an answer already: then its version is looked up first."""
    return "HTTP_IF_NONE_MATCH" in request.META or "HTTP_IF_MODIFIED_SINCE" in request.META


def unchanged(request: HttpRequest, etag: str, changed_at: datetime | None) -> HttpResponse | None:
    """Return 304 where the client holds this very answer."""
    seconds = int(changed_at.timestamp()) if changed_at else None
    answer = get_conditional_response(request, etag=etag, last_modified=seconds)
    if answer is None or answer.status_code != 304:
        return None
    return with_validators(answer, etag, changed_at)


def require_match(request: HttpRequest, etag: str) -> None:
    """Raise PreconditionFailed where the client names another version by `If-Match`.

    Call it while the row is locked: otherwise somebody may change it between this and the change.
    """
    answer = get_conditional_response(request, etag=etag)
    if answer is not None and answer.status_code == 412:
        raise PreconditionFailed


def with_validators(response: HttpResponse, etag: str, changed_at: datetime | None):
    """Return the response with what a client sends back to ask whether it still holds."""
    response["ETag"] = etag
    if changed_at:
        response["Last-Modified"] = http_date(changed_at.timestamp())
    # May be kept, and is asked for again each time: a withdrawn place must not live on.
    response["Cache-Control"] = "no-cache"
    return response
