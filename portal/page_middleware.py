"""What only pages need, and programs need not wait for: the API goes past it.

No answer of the API depends on a session, a signed-in person or a message, and it chooses its
language by itself (UnprefixedLanguage).
"""

from __future__ import annotations

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware

FOR_PROGRAMS = ("/api/", "/v1/")
# The one page among them.
DOCUMENTATION = "/api/v1/docs/"


class OnlyForPages:
    """Middleware that a request of a program passes by."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path
        if path.startswith(FOR_PROGRAMS) and path != DOCUMENTATION:
            return self.past(request)
        return super().__call__(request)

    def past(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class ContentPolicy(OnlyForPages, CSPMiddleware):
    """The same policy for every answer that is no page: it has no part of its own."""

    def __init__(self, get_response):
        super().__init__(get_response)
        self.policy = build_policy()

    def past(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers[HEADER] = self.policy
        return response


class Sessions(OnlyForPages, SessionMiddleware):
    pass


class Languages(OnlyForPages, LocaleMiddleware):
    pass


class People(OnlyForPages, AuthenticationMiddleware):
    pass


class Messages(OnlyForPages, MessageMiddleware):
    pass
