"""What landmarks refer to: categories, regions, licenses; and the routes that lead along them.

These lists are short and come whole, each from one statement.
"""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.v1.authentication import MayRead
from apps.api.v1.conditional import etag_of, unchanged, with_validators
from apps.api.v1.landmark_rows import NEAREST_NAME
from apps.api.v1.landmarks import speech_of
from apps.api.v1.rendering import OrjsonRenderer, pieces
from apps.api.v1.shapes import lookups as shapes
from apps.operations.statements import fetch_all

NODES = """
    WITH RECURSIVE chain AS (
        SELECT node.id AS leaf, node.id, node.parent_id, 0 AS height FROM catalogue_{0} node
        UNION ALL
        SELECT chain.leaf, node.id, node.parent_id, height + 1
          FROM chain JOIN catalogue_{0} node ON node.id = chain.parent_id
    ), named AS (
        SELECT node.id, coalesce((
            SELECT named.text FROM catalogue_{0}name named WHERE named.{0}_id = node.id
             ORDER BY {1} LIMIT 1), '') AS text
          FROM catalogue_{0} node
    ), shown AS (
        SELECT leaf AS id, max(text) FILTER (WHERE height = 0) AS name,
               string_agg(text, '/' ORDER BY height DESC) AS path
          FROM chain JOIN named USING (id) GROUP BY leaf
    ), own AS (
        SELECT {0}_id AS id, count(*) AS landmarks FROM catalogue_landmark
         WHERE state = 'published' GROUP BY {0}_id
    ), counted AS (
        SELECT chain.id, sum(own.landmarks)::bigint AS landmarks
          FROM chain JOIN own ON own.id = chain.leaf GROUP BY chain.id
    )
    SELECT json_build_object({2}, 'name', name, 'path', path, 'parent', {3},
                             'landmarks', coalesce(landmarks, 0))::text
      FROM catalogue_{0} node JOIN shown USING (id) LEFT JOIN counted USING (id)
      LEFT JOIN catalogue_{0} above ON above.id = node.parent_id
     ORDER BY path, node.id"""
BEST = NEAREST_NAME.format("named")
CATEGORIES = NODES.format("category", BEST, "'id', node.id, 'slug', node.slug", "above.id")
REGIONS = NODES.format("region", BEST, "'code', node.code", "above.code")
# A license of photos that nobody may see says nothing to a partner.
LICENSES = """
    SELECT json_build_object('code', code, 'name', name, 'url', url, 'may_show', may_show,
        'may_modify', may_modify, 'may_train', may_train, 'needs_credit', needs_credit)::text
      FROM catalogue_license WHERE may_show ORDER BY code"""
ROUTES = f"""
    SELECT json_build_object(
        'id', route.id, 'slug', route.slug, 'language', said.language, 'title', said.title,
        'summary', said.summary, 'body', said.body, 'travel', route.travel,
        'stops', (
            SELECT coalesce(json_agg(json_build_object(
                       'landmark', landmark.id, 'slug', landmark.slug,
                       'name', coalesce((
                            SELECT named.text FROM catalogue_landmarkname named
                             WHERE named.landmark_id = landmark.id ORDER BY {BEST} LIMIT 1), ''),
                       'latitude', landmark.latitude, 'longitude', landmark.longitude,
                       'minutes', stop.minutes,
                       'note', coalesce(nullif(stop.notes->>%(language)s, ''),
                                        stop.notes->>%(first)s, ''))
                       ORDER BY stop.position, stop.id), '[]')
              FROM guide_routestop stop
              JOIN catalogue_landmark landmark ON landmark.id = stop.landmark_id
             WHERE stop.route_id = route.id AND landmark.state = 'published'
               AND landmark.latitude IS NOT NULL),
        'source', route.source, 'updated_at', route.updated_at,
        'url', %(routes)s::text || route.slug || '/')::text
      FROM guide_route route JOIN LATERAL (
        SELECT * FROM guide_routetext WHERE route_id = route.id
         ORDER BY language = %(language)s DESC, language = %(first)s DESC, id LIMIT 1) said ON true
     WHERE route.state = 'published' ORDER BY route.slug"""  # nosec B608


class WholeList(APIView):
    """A list without pages."""

    permission_classes = [MayRead]
    renderer_classes = [OrjsonRenderer]
    statement = ""

    def answer(self, request) -> HttpResponse:
        speech = speech_of(request)
        texts = [text for (text,) in fetch_all(self.statement, speech.values)]
        etag = etag_of(texts)
        if answer := unchanged(request, etag, None):
            return answer
        body = {"next": None, "previous": None, "results": pieces(texts)}
        return with_validators(Response(body), etag, None)


class CategoryList(WholeList):
    statement = CATEGORIES

    @extend_schema(**shapes.CATEGORY_LIST)
    def get(self, request) -> HttpResponse:
        """Return all categories with their paths and how many landmarks each has."""
        return self.answer(request)


class RegionList(WholeList):
    statement = REGIONS

    @extend_schema(**shapes.REGION_LIST)
    def get(self, request) -> HttpResponse:
        """Return all regions, provinces before what is in them."""
        return self.answer(request)


class LicenseList(WholeList):
    statement = LICENSES

    @extend_schema(**shapes.LICENSE_LIST)
    def get(self, request) -> HttpResponse:
        """Return the licenses of photos that may be shown, and what each allows."""
        return self.answer(request)


class RouteList(WholeList):
    statement = ROUTES

    @extend_schema(**shapes.ROUTE_LIST)
    def get(self, request) -> HttpResponse:
        """Return the published routes with their stops."""
        return self.answer(request)
