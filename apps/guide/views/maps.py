"""The map of all places, and the points on it as the page asks for them."""

from __future__ import annotations

import hashlib
import json

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.catalogue.models import Category, Region
from apps.guide.map_places import KOREA, LISTED, Cluster, Shown, shown_on_map
from apps.guide.map_query import RADII_M, MapQuery, read_map_query
from apps.guide.versions import content_version
from apps.operations.problems import problem_response

# Within it a place that was withdrawn may still be seen by who looked there before.
SECONDS_KEPT = 60


@require_safe
def map_page(request: HttpRequest) -> HttpResponse:
    language = get_language()
    query = read_map_query(request.GET)
    shown = shown_on_map(query, language=language)
    context = _listed(query, shown) | {
        "notices": _notices(query),
        "filters": _filters(query, language),
        "categories": _categories(language),
        "radii": RADII_M,
        "shown_box": query.box or _extent(query, shown),
        "tiles": settings.TILE_URL,
        "tile_source": settings.TILE_ATTRIBUTION,
    }
    return render(request, "guide/map.html", context)


@require_safe
def map_points(request: HttpRequest) -> HttpResponse:
    """Clusters, single places and the list beside the map, for a box and a zoom."""
    query = read_map_query(request.GET)
    if query.wrong or query.box is None:
        detail = _("The map does not understand this: %(names)s.")
        names = ", ".join(query.wrong) or "bbox"
        return problem_response(400, "invalid_query", detail % {"names": names})
    words = repr((content_version(), get_language(), query))
    key = f"map:{hashlib.sha256(words.encode()).hexdigest()}"
    content = caches["pages"].get(key)
    if content is None:
        content = _points(query)
        caches["pages"].set(key, content, SECONDS_KEPT)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={SECONDS_KEPT}"
    return get_conditional_response(request, etag=etag, response=response)


def _points(query: MapQuery) -> bytes:
    shown = shown_on_map(query, language=get_language())
    return json.dumps(
        {
            "total": shown.total,
            "points": [_point(cluster, shown) for cluster in shown.clusters],
            "list": render_to_string("guide/_map_list.html", _listed(query, shown)),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def _point(cluster: Cluster, shown: Shown) -> list:
    """Return latitude, longitude and count, then slug and name of one place or a box of many."""
    point = [round(cluster.latitude, 5), round(cluster.longitude, 5), cluster.count]
    if cluster.count > 1:
        return point + [round(edge, 4) for edge in cluster.box]
    card = shown.singles.get(cluster.landmark_id)
    return [*point, card.slug, card.name] if card else [*point, "", ""]


def _listed(query: MapQuery, shown: Shown) -> dict:
    return {"query": query, "shown": shown, "listed": LISTED}


def _extent(query: MapQuery, shown: Shown):
    """Return what the map shows first: all of Korea, or where the chosen places lie."""
    return shown.box if query.filters and shown.box else KOREA


def _filters(query: MapQuery, language: str) -> list[tuple[str, str]]:
    """Return what is chosen besides text and position, each with the address without it."""
    region = Region.objects.filter(code=query.region).first() if query.region else None
    return [(region.name_in(language), query.address(region=""))] if region else []


def _categories(language: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return code, name and the same of what is below, for each category of the first level."""
    every = list(Category.objects.prefetch_related("names").order_by("pk"))
    return [
        (
            root.slug,
            root.name_in(language),
            [(each.slug, each.name_in(language)) for each in every if each.parent_id == root.pk],
        )
        for root in every
        if root.parent_id is None
    ]


def _notices(query: MapQuery) -> list[str]:
    told = {
        "near": _("This is not a position. Write it like 37.5759,126.9768."),
        "radius_m": _("Near means 1, 5 or 20 km here."),
        "bbox": _("This is not a part of a map: it takes west, south, east and north."),
    }
    return [told.get(name) or _("There is no such choice: %s.") % name for name in query.wrong]
