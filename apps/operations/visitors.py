"""Where a request comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def visitor_address(request: HttpRequest) -> str:
    """Return the address to count a visitor by; headers count only behind trusted proxies."""
    direct = request.META.get("REMOTE_ADDR", "") or "local"
    if not settings.TRUSTED_PROXIES:
        return direct
    # Each proxy adds the address it was called from; what stands before is the sender's own text.
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    hops = [part for part in forwarded if part]
    return hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else direct
