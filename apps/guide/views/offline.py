"""The guide on a phone without a network: its manifest, its worker, and what was kept."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.guide.offline import worker_script

DAY = {"Cache-Control": "public, max-age=86400"}
PAPER = "#f7f3ea"


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Say how the guide is installed as an app (W3C Web Application Manifest)."""
    content = {
        "id": "/",
        "name": _("Gilnun: know a place from a photo"),
        "short_name": _("Gilnun"),
        "description": _("Landmarks in Korea: names, stories, addresses and what is near."),
        "lang": get_language(),
        "dir": "ltr",
        "start_url": reverse("guide:home"),
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "categories": ["travel", "education"],
        "icons": [
            _icon("img/favicon.svg", "any", "image/svg+xml"),
            _icon("img/app-192.png", "192x192"),
            _icon("img/app-512.png", "512x512"),
            _icon("img/app-maskable-512.png", "512x512") | {"purpose": "maskable"},
        ],
        "shortcuts": [
            {"name": _("Photo search"), "url": reverse("guide:recognize")},
            {"name": _("Map"), "url": reverse("guide:map")},
            {"name": _("Kept places"), "url": reverse("guide:kept")},
        ],
    }
    return JsonResponse(content, content_type="application/manifest+json", headers=DAY)


def _icon(name: str, sizes: str, kind: str = "image/png") -> dict[str, str]:
    return {"src": static(name), "sizes": sizes, "type": kind}


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    # Browsers ask for it themselves; an old one would keep old pages alive.
    return HttpResponse(
        worker_script(), content_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Show the places that this browser keeps: the list is in the browser alone."""
    return render(request, "guide/kept.html")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Stand for a page that is not kept, while there is no network."""
    return render(request, "guide/kept.html", {"offline": True})
