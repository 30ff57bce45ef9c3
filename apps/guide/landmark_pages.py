"""All that the page of a landmark shows, read by a fixed number of written statements."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from apps.catalogue.models import Landmark, License, Photo
from apps.catalogue.models.naming import name_for
from apps.guide.cards import (
    CARD,
    CARD_TABLES,
    SHOWABLE,
    Card,
    best_name,
    grouped,
    languages_of_names,
)
from apps.guide.models import Article
from apps.guide.presenting import DRAWN, FIRST_LANGUAGE
from apps.operations.statements import columns, fetch_all, fetch_one, instance, instances
from apps.recognition.looks import landmarks_like

NEAR, PARTS, ALIKE = "near", "parts", "alike"
NEAR_SHOWN = 6
NEAR_RADIUS_M = 30_000
PARTS_SHOWN = 48
ALIKE_SHOWN = 4
PHOTOS_SHOWN = 24
ROUTES_SHOWN = 12


def _chain(table: str, names: str, link: str, code: str) -> str:
    """Return a subquery for a node of a tree and what it lies in, largest first: [code, name]."""
    return f"""(
    WITH RECURSIVE chain(id, parent_id, code, depth) AS (
        SELECT id, parent_id, {code}, 0 FROM {table} WHERE id = landmark.{link}
        UNION ALL
        SELECT above.id, above.parent_id, above.{code}, depth + 1
          FROM {table} above JOIN chain ON above.id = chain.parent_id)
    SELECT json_agg(json_build_array(code, {best_name(names, link, "chain.id")})
                    ORDER BY depth DESC) FROM chain)::text"""  # nosec B608


LANDMARK = f"""
SELECT {columns(Landmark, "landmark")},
       (SELECT json_agg(json_build_array(language, kind, text) ORDER BY id)
          FROM catalogue_landmarkname WHERE landmark_id = landmark.id)::text,
       (SELECT json_agg(json_build_array(language, kind, text))
          FROM catalogue_landmarknote WHERE landmark_id = landmark.id)::text,
       {_chain("catalogue_category", "catalogue_categoryname", "category_id", "slug")},
       {_chain("catalogue_region", "catalogue_regionname", "region_id", "code")},
       (SELECT json_build_array(
                slug, {best_name("catalogue_landmarkname", "landmark_id", "whole.id")})
          FROM catalogue_landmark whole
         WHERE whole.id = landmark.parent_id AND whole.state = 'published')::text
  FROM catalogue_landmark landmark
 WHERE landmark.slug = %(slug)s AND landmark.state = 'published'"""  # nosec B608
ARTICLE = f"""
SELECT (SELECT array_agg(language) FROM guide_article
         WHERE landmark_id = %(landmark)s AND state = 'published' AND published_at <= %(at)s),
       {columns(Article, "article")}
  FROM guide_article article
 WHERE landmark_id = %(landmark)s AND state = 'published' AND published_at <= %(at)s
 ORDER BY language <> %(language)s, language <> '{FIRST_LANGUAGE}', id
 LIMIT 1"""  # nosec B608
PHOTOS = f"""
SELECT {columns(Photo, "photo")}, {columns(License, "license")}
  FROM catalogue_photo photo JOIN catalogue_license license ON license.id = photo.license_id
 WHERE photo.landmark_id = %(landmark)s AND {SHOWABLE}
 ORDER BY photo.source = '{DRAWN}', photo.created_at, photo.id
 LIMIT {PHOTOS_SHOWN}"""  # nosec B608
# The nearest come from an index on the sphere (catalogue, migration 0012), in its order.
AROUND = f"""
SELECT chosen.heading, {CARD}
  FROM ((SELECT '{NEAR}' AS heading, 0 AS place, id,
                earth_distance(ll_to_earth(latitude, longitude),
                               ll_to_earth(%(latitude)s::float8, %(longitude)s::float8)) AS metres
           FROM catalogue_landmark
          WHERE state = 'published' AND latitude IS NOT NULL AND id <> %(landmark)s
            AND %(latitude)s::float8 IS NOT NULL
          ORDER BY ll_to_earth(latitude, longitude)
                   <-> ll_to_earth(%(latitude)s::float8, %(longitude)s::float8)
          LIMIT {NEAR_SHOWN})
        UNION ALL
        (SELECT '{PARTS}', 0, id, NULL FROM catalogue_landmark
          WHERE parent_id = %(landmark)s AND state = 'published'
          ORDER BY slug LIMIT {PARTS_SHOWN})
        UNION ALL
        -- Read as a subquery, so that every plan guesses the same length and one is kept:
        -- to make a plan takes longer than to follow it.
        SELECT '{ALIKE}', place, id, NULL
          FROM unnest((SELECT %(alike)s::bigint[])) WITH ORDINALITY AS alike(id, place)) chosen
       {CARD_TABLES}
 WHERE landmark.state = 'published' AND (metres IS NULL OR metres <= {NEAR_RADIUS_M})
 ORDER BY heading, place, metres, landmark.slug"""  # nosec B608
ROUTES = f"""
SELECT DISTINCT ON (route.slug) route.slug, shown.title, shown.language
  FROM guide_routestop stop
  JOIN guide_route route ON route.id = stop.route_id AND route.state = 'published'
  JOIN guide_routetext shown ON shown.route_id = route.id
   AND shown.language IN (%(language)s, '{FIRST_LANGUAGE}')
 WHERE stop.landmark_id = %(landmark)s
 ORDER BY route.slug, shown.language <> %(language)s
 LIMIT {ROUTES_SHOWN}"""  # nosec B608


class Name(NamedTuple):
    """A name of a landmark, or a note about it: both have a language and a kind."""

    language: str
    kind: str
    text: str


class Node(NamedTuple):
    """A category or region with its code and its name in the visitor's language."""

    code: str
    name: str


class Whole(NamedTuple):
    """The place that this one is a part of."""

    slug: str
    name: str


class RouteLink(NamedTuple):
    slug: str
    title: str
    language: str


class LandmarkPage(NamedTuple):
    """What the page shows; lists may be empty, `article` and `whole` None."""

    landmark: Landmark
    names: list[Name]
    notes: list[Name]
    categories: list[Node]
    regions: list[Node]
    whole: Whole | None
    article: Article | None
    languages: list[str]
    photos: list[Photo]
    near: list[Card]
    parts: list[Card]
    alike: list[Card]
    routes: list[RouteLink]
    language: str

    @property
    def name(self) -> str:
        return name_for(self.names, self.language) or self.landmark.slug

    @property
    def other_language(self) -> str:
        return "en" if self.language == FIRST_LANGUAGE else FIRST_LANGUAGE

    @property
    def other_name(self) -> str:
        """The name in the other language; "" where it says no more."""
        other = name_for(self.names, self.other_language)
        return "" if other == self.name else other

    @property
    def region(self) -> str:
        names = [node.name for node in self.regions if node.name]
        return " ".join(names) if self.language == FIRST_LANGUAGE else ", ".join(reversed(names))

    @property
    def cover(self) -> Photo | None:
        return self.photos[0] if self.photos else None

    def names_of(self, kind: str) -> list[Name]:
        """Return other names in the visitor's language, and the Korean ones that signs carry."""
        names = [each for each in self.names if each.kind == kind]
        own = [each for each in names if each.language == self.language != FIRST_LANGUAGE]
        return own + [each for each in names if each.language == FIRST_LANGUAGE]


def landmark_page(slug: str, *, language: str, at: datetime) -> LandmarkPage | None:
    """Return the page of a published landmark, None where there is none: six queries."""
    found = fetch_one(LANDMARK, {"slug": slug, "language": language})
    if found is None:
        return None
    landmark = instance(Landmark, found[:-5])
    names, notes, categories, regions, whole = (json.loads(part or "[]") for part in found[-5:])
    chosen = {"landmark": landmark.pk, "language": language}
    article = fetch_one(ARTICLE, chosen | {"at": at})
    around = _around(landmark, language)
    return LandmarkPage(
        landmark=landmark,
        names=[Name(*each) for each in names],
        notes=[Name(*each) for each in notes],
        categories=[Node(*each) for each in categories],
        regions=[Node(*each) for each in regions],
        whole=Whole(*whole) if whole else None,
        article=instance(Article, article[1:]) if article else None,
        languages=sorted(article[0]) if article else [],
        photos=[_photo(row) for row in fetch_all(PHOTOS, {"landmark": landmark.pk})],
        near=around.get(NEAR, []),
        parts=around.get(PARTS, []),
        alike=around.get(ALIKE, []),
        routes=[RouteLink(*row) for row in fetch_all(ROUTES, chosen)],
        language=language,
    )


def _around(landmark: Landmark, language: str) -> dict[str, list[Card]]:
    alike = landmarks_like(landmark.pk, limit=ALIKE_SHOWN)
    rows = fetch_all(
        AROUND,
        {
            "landmark": landmark.pk,
            "latitude": landmark.latitude,
            "longitude": landmark.longitude,
            "alike": [each.landmark_id for each in alike],
            **languages_of_names(language),
        },
    )
    return grouped(rows, language=language)


def _photo(row: tuple) -> Photo:
    photo, license = instances(row, Photo, License)
    photo.license = license
    return photo
