"""Pages that stay as they are while the content does: kept whole, and 304 for who has them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

KEPT_SECONDS = 3600
# A browser asks each time whether its copy still holds, which costs one query.
REVALIDATE = "public, max-age=0, must-revalidate"
# What makes pages of content; the static files come with their hashed names.
MAKERS = ("apps/catalogue", "apps/guide", "apps/recognition", "portal/locale", "templates")


def kept_page(
    request: HttpRequest, *parts: object, make: Callable[[], HttpResponse]
) -> HttpResponse:
    """Answer 304, else the kept page, else what `make` returns, which is kept where it is 200.

    parts: all that the page depends on besides its address, the language and the release. A page
    is asked with a query string only by links from elsewhere, and is then made for that address.
    """
    depends = (request.get_host(), request.scheme, request.get_full_path(), get_language())
    known = hashlib.sha256(repr((*depends, release(), parts)).encode()).hexdigest()[:32]
    tag = f'"{known}"'
    unchanged = get_conditional_response(request, etag=tag)
    if unchanged is not None:
        unchanged["Cache-Control"] = REVALIDATE
        return unchanged
    pages = caches["pages"]
    held = None if request.GET else pages.get(known)
    if held is None:
        response = make()
        if response.status_code != 200:
            return response
        if not request.GET:
            pages.set(known, (response.content, response["Content-Type"]), KEPT_SECONDS)
    else:
        content, content_type = held
        response = HttpResponse(content, content_type=content_type)
    response["ETag"] = tag
    response["Cache-Control"] = REVALIDATE
    return response


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
