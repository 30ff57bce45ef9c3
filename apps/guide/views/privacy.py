"""What visitors can read of their data, and whom to tell of a hole."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

# RFC 9116 asks for less than a year.
VALID = timedelta(days=180)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    facts = {"days": settings.VISITOR_PHOTOS_KEPT_DAYS, "contact": settings.CONTACT}
    return render(request, "guide/privacy.html", facts)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say whom to tell, as RFC 9116 has it; nothing where the operator names nobody."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = datetime.combine(timezone.now().date() + VALID, time(), UTC)
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: ko, en",
        f"Canonical: {request.build_absolute_uri()}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
