"""No page for staff opens to half a sign-in."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.second_factor import is_complete, needs_second_factor
from apps.operations.problems import problem_response, wants_json

# Public pages have nothing for staff alone, and must not depend on a session.
STAFF_ADDRESSES = ("/admin/", "/annotate/", "/accounts/")


class SecondFactor:
    """Lead staff to their second factor before anything else, and end sessions without it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(STAFF_ADDRESSES) or not request.user.is_authenticated:
            return self.get_response(request)
        if not is_complete(request):
            # Opened before the second factor was set up, or with one that was taken away.
            logout(request)
            return self.get_response(request)
        user = request.user
        missing = needs_second_factor(user) and not user.second_factor_at
        if not missing or request.path in self._open():
            return self.get_response(request)
        if wants_json(request):
            detail = _("Please set up your second factor first.")
            return problem_response(403, "second_factor_required", detail)
        return redirect("accounts:second_factor")

    def _open(self) -> tuple[str, ...]:
        names = ("login", "admin:login", "logout", "accounts:second_factor", "admin:jsi18n")
        return tuple(reverse(name) for name in (*names, "admin:logout"))
