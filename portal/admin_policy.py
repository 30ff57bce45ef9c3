"""What the admin's pages may do in a browser beyond the public ones."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class AdminPolicy:
    """Give the admin a policy of its own; every other page keeps the strict one."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_replace = settings.ADMIN_SECURITY_POLICY
        return response
