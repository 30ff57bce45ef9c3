"""Pages that stay as they are while the content does: kept whole, and 304 for who has them.

Nothing on such a page belongs to one visitor. So a kept one is answered before sessions, languages
and forms are looked at, with the headers that it got when it was made.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response

from apps.guide.versions import content_version

KEPT_SECONDS = 3600
# A browser asks each time whether its copy still holds, which costs one query.
REVALIDATE = "public, max-age=0, must-revalidate"
NEVER_KEPT = ("/api/", "/v1/", "/admin/", "/annotate/", "/accounts/")
# What makes pages of content; the static files come with their hashed names.
MAKERS = ("apps/catalogue", "apps/guide", "apps/recognition", "portal/locale", "templates")


class KeptPage(NamedTuple):
    """A page as it was sent; good while the content has that version, and until that moment."""

    version: str
    until: datetime | None
    content: bytes
    headers: list[tuple[str, str]]
    view_name: str

    def holds(self) -> bool:
        in_time = self.until is None or timezone.now() < self.until
        return in_time and self.version == content_version()


def keep(response: HttpResponse, *, version: str, until: datetime | None = None) -> HttpResponse:
    """Let the page of a view be kept: it shows the content of that version, the same to all.

    until: when it says something else although the content is the same.
    """
    response.kept_while = (version, until)
    return response


class KeptPages:
    """Answer what is kept, and keep what a view lets be kept.

    It stands outside of the middleware whose headers such a page carries.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD") or request.path.startswith(NEVER_KEPT):
            return self.get_response(request)
        address = _address(request)
        # Links from elsewhere add what they like: such a page is made, and not kept.
        held = None if request.META.get("QUERY_STRING") else caches["pages"].get(address)
        if held is not None and _holds(held):
            response = HttpResponse(held.content, headers=dict(held.headers))
            view_name = held.view_name
        else:
            response = self.get_response(request)
            if response.status_code != 200 or not hasattr(response, "kept_while"):
                return response
            # Staff see such a page at an address of the admin, before anybody else may.
            if request.resolver_match.app_name != "guide":
                return response
            view_name = request.resolver_match.view_name
            _keep(request, response, address, view_name)
        answer = get_conditional_response(request, etag=response["ETag"], response=response)
        answer.view_name = view_name
        return answer


def _address(request: HttpRequest) -> str:
    """Return the key of a page; its language stands in its path."""
    asked = (request.scheme, request.get_host(), request.get_full_path(), release())
    return f"page:{hashlib.sha256(repr(asked).encode()).hexdigest()}"


def _holds(held: KeptPage) -> bool:
    try:
        return held.holds()
    except (InterfaceError, OperationalError):
        # The view meets the same fault, and there it has an answer.
        return False


def _keep(request: HttpRequest, response: HttpResponse, address: str, view_name: str) -> None:
    version, until = response.kept_while
    known = repr((address, version, until)).encode()
    response["ETag"] = f'"{hashlib.sha256(known).hexdigest()[:32]}"'
    response["Cache-Control"] = REVALIDATE
    if not request.GET and not response.cookies:
        headers = list(response.items())
        page = KeptPage(version, until, response.content, headers, view_name)
        caches["pages"].set(address, page, KEPT_SECONDS)


@cache
def release() -> str:
    """Return another text for each release: other templates, translations, code or static files."""
    seen = hashlib.sha256()
    files = [path for name in MAKERS for path in (settings.BASE_DIR / name).rglob("*")]
    files.append(Path(settings.STATIC_ROOT) / "staticfiles.json")
    for path in sorted(files):
        if path.is_file() and path.suffix in (".py", ".html", ".svg", ".xml", ".mo", ".json"):
            seen.update(path.read_bytes())
    return seen.hexdigest()[:16]
