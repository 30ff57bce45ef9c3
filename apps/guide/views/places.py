"""Home and the list of places."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from django.core.cache import caches
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from apps.guide.cards import Numbered, cards_under
from apps.guide.finding import find, suggest_names
from apps.guide.home_page import home_places
from apps.guide.kept_pages import KEPT_SECONDS, release
from apps.guide.place_query import BEST, NAME, NEAREST, NEWEST, PlaceQuery
from apps.guide.versions import content_version

PAGE_SIZE = 24
SORTS = {
    BEST: _("best match"),
    NEAREST: _("distance"),
    NAME: _("name"),
    NEWEST: _("newest first"),
}
RADII_M = (1_000, 5_000, 20_000, 50_000)
# Who types the same letters again within a minute sees the same names.
SUGGESTIONS_CACHE = {"Cache-Control": "public, max-age=60"}


class Link(NamedTuple):
    """One of several ways to see the same list."""

    label: object
    address: str
    chosen: bool


@require_safe
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    """Greet, with what stays the same for everybody made once."""
    pages, language = caches["pages"], get_language()
    version = content_version()
    key = f"home:{version}:{language}:{release()}"
    below = pages.get(key)
    if below is None:
        below = render_to_string("guide/_home_places.html", home_places(language, version=version))
        pages.set(key, below, KEPT_SECONDS)
    return render(request, "guide/home.html", {"below": mark_safe(below)})  # nosec B308, B703


@require_safe
def landmark_list(request: HttpRequest) -> HttpResponse:
    query = PlaceQuery.of(request.GET)
    language = get_language()
    found = find(query, language=language, at=timezone.now())
    page = Paginator(found.landmarks, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = np.asarray(page.object_list).tolist()
    metres = [None] * len(shown)
    if found.metres is not None:
        metres = found.metres[page.start_index() - 1 :][: len(shown)].tolist()
    chosen = [Numbered("", *each) for each in zip(shown, metres, strict=True)]
    context = {
        "query": query,
        "page": page,
        "cards": cards_under(chosen, language=language).get("", []),
        "facets": found.facets,
        "sorts": [
            Link(SORTS[sort], query.address(sort=sort), sort == query.sort) for sort in query.sorts
        ],
        "radii": [
            Link(f"{metres // 1000} km", query.address(radius_m=metres), metres == query.radius_m)
            for metres in RADII_M
        ],
        "anywhere": query.address(near=None),
        "unfiltered": PlaceQuery(query=query.query).address(),
        "before_page": query.address() if query.address() == "?" else f"{query.address()}&",
    }
    return render(request, "guide/landmark_list.html", context)


@require_safe
def suggest(request: HttpRequest) -> JsonResponse:
    """Return the names that begin or contain what somebody types, as JSON."""
    words = PlaceQuery.of(request.GET).query
    cards = suggest_names(words, language=get_language()) if words else []
    places = [
        {"name": card.name, "other": card.other_name, "region": card.region, "url": card.url}
        for card in cards
    ]
    return JsonResponse({"query": words, "places": places}, headers=SUGGESTIONS_CACHE)
