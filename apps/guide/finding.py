"""Finding places: what matches, in which order, and how many there are of each kind.

What the words of a query match is read once and kept while the content stays the same: filters,
counts and pages of it are then a matter of arrays.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.core.cache import caches
from django.db.models import F

from apps.catalogue.models import Landmark
from apps.catalogue.models.landmark import EarthPoint
from apps.catalogue.opening_hours import is_open
from apps.catalogue.searching import matching_landmarks
from apps.guide.cards import SHOWABLE, Card, best_name, cards_of
from apps.guide.facets import Facets, Filters, Node, Tree
from apps.guide.nearby import EarthDistance, box_around
from apps.guide.place_query import BEST, NEAREST, NEWEST, PlaceQuery
from apps.guide.versions import content_version
from apps.operations.statements import fetch_all

KEPT_SECONDS = 3600
SUGGESTED = 8
# One place: numbers of its landmark, category and region, whether it has a photo to show, which
# of the kept opening hours it has, and how far it is.
ROW = np.dtype(
    [
        *(("landmark", "i8"), ("category", "i8"), ("region", "i8")),
        *(("pictured", "?"), ("hours", "i4"), ("metres", "f8")),
    ]
)
ROWS = f"""
SELECT landmark.id, landmark.category_id, landmark.region_id,
       EXISTS (SELECT FROM catalogue_photo photo
                 JOIN catalogue_license license ON license.id = photo.license_id
                WHERE photo.landmark_id = landmark.id AND {SHOWABLE}),
       landmark.opening_hours, wanted.metres
  FROM unnest(%(ids)s::bigint[], %(metres)s::float8[]) WITH ORDINALITY AS wanted(id, metres, place)
  JOIN catalogue_landmark landmark ON landmark.id = wanted.id
 ORDER BY wanted.place"""  # nosec B608
BY_NAME = """
SELECT landmark.id FROM catalogue_landmark landmark
  LEFT JOIN catalogue_landmarkname own ON own.landmark_id = landmark.id
   AND own.language = %(language)s AND own.kind = 'official'
 WHERE landmark.state = 'published'
 ORDER BY own.text NULLS LAST, landmark.slug"""
TREES = f"""
SELECT 'category', node.id, coalesce(node.parent_id, 0), node.slug,
       {best_name("catalogue_categoryname", "category_id", "node.id")}
  FROM catalogue_category node
UNION ALL
SELECT 'region', node.id, coalesce(node.parent_id, 0), node.code,
       {best_name("catalogue_regionname", "region_id", "node.id")}
  FROM catalogue_region node"""  # nosec B608


class Found(NamedTuple):
    """The numbers of all landmarks found, in order; `metres` is None where nobody asked."""

    landmarks: np.ndarray
    metres: np.ndarray | None
    facets: Facets


class Matches(NamedTuple):
    """What the words of a query match: an array of ROW, and the opening hours they have."""

    rows: np.ndarray
    hours: list[str]


def find(query: PlaceQuery, *, language: str, at: datetime, version: str = "") -> Found:
    """Return what matches: one query while the content stays the same, up to five at first.

    version: that of the content, where it was asked for already.
    """
    version = version or content_version()
    categories, regions = trees(version, language)
    matches = _matches(version, query, language)
    known_open = np.array([is_open(text, at) is True for text in matches.hours], dtype=bool)
    filters = Filters(
        query,
        matches.rows,
        opened=known_open[matches.rows["hours"]],
        categories=categories,
        regions=regions,
    )
    chosen = matches.rows[filters.fitting()]
    return Found(
        landmarks=chosen["landmark"],
        metres=chosen["metres"] if query.near else None,
        facets=filters.facets(),
    )


def trees(version: str, language: str) -> tuple[Tree, Tree]:
    """Return categories and regions with their names in a language."""
    key = f"trees:{version}:{language}"
    rows = caches["pages"].get(key)
    if rows is None:
        rows = fetch_all(TREES, {"language": language})
        caches["pages"].set(key, rows, KEPT_SECONDS)
    nodes = {"category": [], "region": []}
    for kind, *values in rows:
        nodes[kind].append(Node(*values))
    return Tree(nodes["category"]), Tree(nodes["region"])


def _matches(version: str, query: PlaceQuery, language: str) -> Matches:
    words = repr((query.query, query.near, query.near and query.radius_m, query.sort, language))
    key = f"found:{version}:{hashlib.sha256(words.encode()).hexdigest()}"
    matches = caches["pages"].get(key)
    if matches is None:
        matches = _read(query, language)
        caches["pages"].set(key, matches, KEPT_SECONDS)
    return matches


def _read(query: PlaceQuery, language: str) -> Matches:
    metres = _around(query) if query.near else {}
    ids = _ordered(query, language)
    if query.near:
        ids = [each for each in ids if each in metres]
        if query.sort == NEAREST:
            ids.sort(key=lambda each: metres[each])
    values = {"ids": ids, "metres": [metres.get(each, 0.0) for each in ids]}
    read = fetch_all(ROWS, values) if ids else []
    hours = {"": 0}
    rows = np.array(
        [(*numbers, hours.setdefault(text, len(hours)), far) for *numbers, text, far in read],
        dtype=ROW,
    )
    return Matches(rows, list(hours))


def _ordered(query: PlaceQuery, language: str) -> list[int]:
    """Return all that the words match, in the order that was asked for; nearness comes later."""
    published = Landmark.objects.published()
    matching = matching_landmarks(query.query) if query.query else None
    if query.sort == BEST or (query.sort == NEAREST and matching is not None):
        return matching or []
    if query.sort == NEWEST:
        order = list(published.order_by("-created_at", "-pk").values_list("pk", flat=True))
    elif query.sort == NEAREST:
        return list(_around(query))
    else:
        order = [row[0] for row in fetch_all(BY_NAME, {"language": language})]
    if matching is None:
        return order
    wanted = set(matching)
    return [each for each in order if each in wanted]


def _around(query: PlaceQuery) -> dict[int, float]:
    """Return the metres to each published landmark within the radius, nearest first."""
    here = EarthPoint(query.near.latitude, query.near.longitude)
    there = EarthPoint(F("latitude"), F("longitude"))
    found = (
        Landmark.objects.published()
        .filter(**box_around(query.near.latitude, query.near.longitude, query.radius_m))
        .annotate(metres=EarthDistance(here, there))
        .filter(metres__lte=query.radius_m)
        .order_by("metres", "slug")
    )
    return dict(found.values_list("pk", "metres"))


def suggest_names(words: str, *, language: str) -> list[Card]:
    """Return the first landmarks that match, for somebody who is typing.

    Two queries, or up to three more where few do: what may have been meant is asked too.
    """
    return cards_of(matching_landmarks(words, most=SUGGESTED), language=language)
