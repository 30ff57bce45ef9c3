"""Landmarks as the API shows them, written as JSON by the database itself.

One statement for any number of landmarks. Only what was asked for is looked up: each field has
the piece of SQL that makes it, and joins come with the fields that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from apps.operations.statements import fetch_all

FIRST_LANGUAGE = settings.LANGUAGE_CODE
DRAWN = "gilnun-demo"
# What `name_for` does, as a sort key of names: official in the language, in Korean, in any.
NEAREST_NAME = """
    CASE WHEN {0}.kind = 'official' AND {0}.language = %(language)s THEN 0
         WHEN {0}.kind = 'official' AND {0}.language = %(first)s THEN 1
         WHEN {0}.kind = 'official' THEN 2 ELSE 3 END, {0}.id"""


def _tree(table: str) -> str:
    """Names and paths of the nodes of the landmarks on the page, each node looked up once."""
    return f"""
    {table}_chain AS (
        SELECT node.id AS leaf, node.id, node.parent_id, 0 AS height
          FROM catalogue_{table} node
         WHERE node.id IN (SELECT {table}_id FROM page JOIN catalogue_landmark USING (id))
        UNION ALL
        SELECT chain.leaf, node.id, node.parent_id, height + 1
          FROM {table}_chain chain JOIN catalogue_{table} node ON node.id = chain.parent_id
    ), {table}_shown AS (
        SELECT leaf AS id, coalesce(max(shown.text) FILTER (WHERE height = 0), '') AS name,
               coalesce(string_agg(shown.text, '/' ORDER BY height DESC), '') AS path
          FROM {table}_chain chain
          LEFT JOIN LATERAL (
            SELECT named.text FROM catalogue_{table}name named
             WHERE named.{table}_id = chain.id
             ORDER BY {NEAREST_NAME.format("named")} LIMIT 1
          ) shown ON true
         GROUP BY leaf
    )"""  # nosec B608


PHOTO_URL = "%(base)s::text || '/photos/' || photo.id || '.jpg'"
FIELDS = {
    "id": "landmark.id",
    "slug": "landmark.slug",
    "name": f"""(
        SELECT coalesce(min(text), '') FROM (
            SELECT named.text FROM catalogue_landmarkname named
             WHERE named.landmark_id = landmark.id
             ORDER BY {NEAREST_NAME.format("named")} LIMIT 1) AS best)""",  # nosec B608
    "names": """(
        SELECT coalesce(json_agg(json_build_object(
                   'language', named.language, 'kind', named.kind, 'text', named.text)
                   ORDER BY named.id), '[]')
          FROM catalogue_landmarkname named WHERE named.landmark_id = landmark.id)""",
    "category": """json_build_object(
        'id', landmark.category_id, 'name', category.name, 'path', category.path)""",
    "region": """json_build_object(
        'code', region_row.code, 'name', region.name, 'path', region.path)""",
    "latitude": "landmark.latitude",
    "longitude": "landmark.longitude",
    "address": "landmark.address",
    "external_ids": "landmark.external_ids",
    "photos": f"""(
        SELECT coalesce(json_agg(json_build_object(
                   'id', photo.id, 'url', {PHOTO_URL},
                   'width', photo.width, 'height', photo.height,
                   'license', json_build_object(
                       'code', license.code, 'url', license.url, 'may_show', license.may_show,
                       'may_modify', license.may_modify, 'may_train', license.may_train),
                   'credit', photo.credit, 'source', photo.source)
                   ORDER BY photo.source = %(drawn)s, photo.created_at, photo.id), '[]')
          FROM catalogue_photo photo JOIN catalogue_license license ON license.id = license_id
         WHERE photo.landmark_id = landmark.id AND license.may_show
           AND (photo.credit <> '' OR NOT license.needs_credit))""",  # nosec B608
    "article": """(
        SELECT json_build_object('language', language, 'title', title, 'body', body)
          FROM guide_article article
         WHERE article.landmark_id = landmark.id AND article.state = 'published'
           AND article.published_at <= statement_timestamp()
         ORDER BY language = %(language)s DESC, language = %(first)s DESC, article.id LIMIT 1)""",
    "source": "landmark.source",
    "updated_at": "gilnun_content_changed_at(landmark.id)",
    "url": "%(site)s::text || landmark.slug || '/'",
}
# Only a list around a position knows distances.
NEAR_FIELDS = FIELDS | {"distance_m": "round(page.metres::numeric, 1)"}
PAGE = """page AS (
        SELECT * FROM unnest(%(keys)s::bigint[], %(metres)s::float8[])
                 WITH ORDINALITY AS asked (id, metres, place)
    )"""
JOINS = {
    "category": "JOIN category_shown category ON category.id = landmark.category_id",
    "region": """JOIN region_shown region ON region.id = landmark.region_id
        JOIN catalogue_region region_row ON region_row.id = landmark.region_id""",
}


class Speech(NamedTuple):
    """In which language landmarks are described, and where the site is (https://host)."""

    language: str
    base: str

    @property
    def values(self) -> dict[str, str]:
        return {
            "language": self.language,
            "first": FIRST_LANGUAGE,
            "base": self.base,
            "site": self.base + _pages("guide:landmark_list", self.language),
            "routes": self.base + _pages("guide:route_list", self.language),
            "drawn": DRAWN,
        }


@cache
def _pages(name: str, language: str) -> str:
    """Return where pages are in a language; in the first language where it has none."""
    known = language in dict(settings.LANGUAGES)
    with translation.override(language if known else FIRST_LANGUAGE):
        return reverse(name)


@cache
def _statement(fields: tuple[str, ...], geo: bool) -> str:
    trees = [_tree(name) for name in ("category", "region") if name in fields]
    joins = [JOINS[name] for name in fields if name in JOINS]
    pairs = ", ".join(f"'{name}', {NEAR_FIELDS[name]}" for name in fields)
    made = f"json_build_object({pairs})"
    if geo:
        made = f"""json_build_object('type', 'Feature', 'id', landmark.id, 'geometry',
            CASE WHEN landmark.latitude IS NOT NULL THEN json_build_object('type', 'Point',
                'coordinates', json_build_array(landmark.longitude, landmark.latitude)) END,
            'properties', {made})"""
    tables = ", ".join([PAGE, *trees])
    return f"""
        WITH RECURSIVE {tables}
        SELECT landmark.id, {made}::text
          FROM page JOIN catalogue_landmark landmark USING (id) {" ".join(joins)}
         ORDER BY place"""  # nosec B608


def landmark_texts(
    keys: Sequence[int],
    *,
    fields: Sequence[str],
    speech: Speech,
    geo: bool = False,
    metres: Sequence[float] | None = None,
) -> list[tuple[int, str]]:
    """Return (id, JSON) of landmarks in the order of their keys, with some of NEAR_FIELDS.

    geo: as GeoJSON features. metres: how far away each of them is. Whoever asks makes sure that
    the landmarks may be shown.
    """
    values = {"keys": list(keys), "metres": list(metres or [])}
    return fetch_all(_statement(tuple(fields), geo), speech.values | values)
