"""Whether another site sent a request."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

View = Callable[..., HttpResponse]


def refuse_other_sites(view: View) -> View:
    """Protect a form that needs no cookie: browsers say themselves which site a form is on.

    A browser too old to say so must send the token; a program without a browser's headers
    cannot be made to post by somebody else's page.
    """
    checked_by_token = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        site = request.headers.get("Sec-Fetch-Site")
        program = site is None and "Origin" not in request.headers
        if program or site in ("same-origin", "none"):
            return view(request, *args, **kwargs)
        return checked_by_token(request, *args, **kwargs)

    return guarded
