"""What every reply of the API carries: what is left of the limits, and leave for web pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from apps.partners.metering import headers
from apps.partners.models import ApiKey

ADDRESSES = ("/api/", "/v1/")
EXPOSED = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": (
        "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key,"
        " If-Match, If-None-Match, X-Goog-Api-Key, X-Request-ID"
    ),
    "Access-Control-Max-Age": "600",
}


class ApiHeaders:
    """Add the limits to each reply, and CORS (Fetch standard) as the request's key allows it.

    There is no wildcard and there are no credentials: the key itself is what gives leave.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ADDRESSES):
            return self.get_response(request)
        origin = request.headers.get("Origin", "")
        asked = "Access-Control-Request-Method" in request.headers
        if request.method == "OPTIONS" and origin and asked:
            return _preflight(origin)
        response = self.get_response(request)
        for name, value in headers(getattr(request, "meters", ())).items():
            if value:
                response[name] = value
        if origin:
            key = getattr(request, "api_key", None)
            if key is not None and origin in key.allowed_origins:
                response["Access-Control-Allow-Origin"] = origin
                response["Access-Control-Expose-Headers"] = EXPOSED
            patch_vary_headers(response, ["Origin"])
        return response


def _preflight(origin: str) -> HttpResponse:
    """Answer the question that a browser asks before it shows the key: from any key's origins."""
    response = HttpResponse(status=204)
    patch_vary_headers(response, ["Origin"])
    keys = ApiKey.objects.working(timezone.now())
    if keys.filter(allowed_origins__contains=[origin]).exists():
        response["Access-Control-Allow-Origin"] = origin
        for name, value in PREFLIGHT.items():
            response[name] = value
    return response
