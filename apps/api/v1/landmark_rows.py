"""Landmarks as the API shows them, written as JSON by the database itself.

One statement for any number of landmarks. Only what was asked for is looked up: each field has
the piece of SQL that makes it, and joins come with the fields that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from apps.guide.versions import VERSION as VERSION_OF_ALL
from apps.operations.statements import fetch_all, fetch_one

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


# What gilnun_content_version and gilnun_content_changed_at say, without a call for each row.
CONTENT = """
    LEFT JOIN catalogue_landmarkcontent content ON content.landmark_id = {0}.id
    LEFT JOIN LATERAL (
        SELECT count(*) AS count, max(at) AS at
          FROM catalogue_contentchange WHERE landmark_id = {0}.id) noted ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS count, max(published_at) AS at FROM guide_article
         WHERE landmark_id = {0}.id AND state = 'published'
           AND published_at <= statement_timestamp()) told ON true"""
VERSION = """concat_ws('.', (SELECT epoch FROM catalogue_contentfeed),
                       coalesce(content.version, 0) + noted.count, told.count)"""
CHANGED_AT = "greatest(content.changed_at, noted.at, told.at)"
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
    "updated_at": CHANGED_AT,
    "url": "%(site)s::text || landmark.slug || '/'",
}
# Only a list around a position knows distances.
NEAR_FIELDS = FIELDS | {"distance_m": "round(sec_to_gc(page.chord)::numeric, 1)"}
# When anything in the catalogue changed last, for what left a page.
LAST_CHANGE = """greatest((SELECT max(changed_at) FROM catalogue_landmarkcontent),
                    (SELECT max(at) FROM catalogue_contentchange))"""
PAGE = """page AS (
        SELECT id, NULL::float8 AS chord, place
          FROM unnest(%(keys)s::bigint[]) WITH ORDINALITY AS asked (id, place)
    )"""
# The database keeps one plan for a single row; with an array it makes a new one each time.
SINGLE = "page AS (SELECT %(key)s::bigint AS id, NULL::float8 AS chord, 1 AS place)"
# Which state of the content a list shows, and when anything changed last.
STATE = f"{VERSION_OF_ALL.format(now='statement_timestamp()')}, {LAST_CHANGE}"
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


class Written(NamedTuple):
    """A landmark as JSON, the version of what it shows, and when that changed last."""

    key: int
    version: str
    changed_at: datetime
    text: str


class State(NamedTuple):
    """Of all content: a version that is another one after any change, and the last change."""

    version: str
    changed_at: datetime | None


class Keys(NamedTuple):
    """A statement that finds landmarks in their order, and the names of its columns.

    One of them is `id`; `chord`, how far away they are through the earth, goes with distances.
    """

    statement: str
    columns: tuple[str, ...]
    values: dict[str, object]


class WrittenPage(NamedTuple):
    """What `Keys` found, as tuples of its columns; and each landmark as JSON, by its id."""

    state: State
    rows: list[tuple]
    texts: dict[int, str]


def _made(fields: Sequence[str], geo: bool) -> str:
    pairs = ", ".join(f"'{name}', {NEAR_FIELDS[name]}" for name in fields)
    made = f"json_build_object({pairs})"
    if geo:
        made = f"""json_build_object('type', 'Feature', 'id', landmark.id, 'geometry',
            CASE WHEN landmark.latitude IS NOT NULL THEN json_build_object('type', 'Point',
                'coordinates', json_build_array(landmark.longitude, landmark.latitude)) END,
            'properties', {made})"""
    return made


def _tables(page: str, fields: Sequence[str]) -> str:
    return ", ".join([page, *(_tree(name) for name in ("category", "region") if name in fields)])


def _joined(fields: Sequence[str]) -> str:
    return " ".join(JOINS[name] for name in fields if name in JOINS)


@cache
def _statement(fields: tuple[str, ...], geo: bool, *, single: bool) -> str:
    return f"""
        WITH RECURSIVE {_tables(SINGLE if single else PAGE, fields)}
        SELECT landmark.id, {VERSION}, {CHANGED_AT}, {_made(fields, geo)}::text
          FROM page JOIN catalogue_landmark landmark USING (id) {_joined(fields)}
          {CONTENT.format("landmark")}
         {"WHERE landmark.state = 'published'" if single else ""}
         ORDER BY place"""  # nosec B608


@cache
def _around_keys(columns: tuple[str, ...], fields: tuple[str, ...], geo: bool) -> tuple[str, str]:
    """Return what stands before and after the keys of a page, in one statement.

    So keys, landmarks and the state of the content are those of one moment.
    """
    content = CONTENT.format("landmark") if "updated_at" in fields else ""
    tables = _tables("", fields)
    before = "WITH RECURSIVE page AS (SELECT asked.*, row_number() OVER () AS place FROM ("
    after = f""") AS asked ({", ".join(columns)})){tables},
        state (version, changed_at) AS (SELECT {STATE})
        SELECT CASE WHEN coalesce(page.place, 1) = 1 THEN state.version END,
               CASE WHEN coalesce(page.place, 1) = 1 THEN state.changed_at END,
               landmark.id, {_made(fields, geo)}::text,
               {", ".join(f"page.{name}" for name in columns)}
          FROM state LEFT JOIN (
               page JOIN catalogue_landmark landmark USING (id) {_joined(fields)} {content})
            ON true
         ORDER BY place"""  # nosec B608
    return before, after


def write_landmarks(
    keys: Sequence[int], *, fields: Sequence[str], speech: Speech, geo: bool = False
) -> list[Written]:
    """Return landmarks in the order of their keys, with some of FIELDS.

    geo: as GeoJSON features. Whoever asks makes sure that the landmarks may be shown.
    """
    statement = _statement(tuple(fields), geo, single=False)
    rows = fetch_all(statement, speech.values | {"keys": list(keys)})
    return [Written(*row) for row in rows]


def write_page(
    keys: Keys, *, fields: Sequence[str], speech: Speech, geo: bool = False
) -> WrittenPage:
    """Return what keys find, with some of NEAR_FIELDS.

    geo: as GeoJSON features. Whoever asks makes sure that the landmarks may be shown.
    """
    before, after = _around_keys(keys.columns, tuple(fields), geo)
    found = fetch_all(f"{before}{keys.statement}{after}", speech.values | keys.values)
    state = State(*found[0][:2])
    if found[0][2] is None:
        # The state comes also where no landmark does.
        found = []
    return WrittenPage(state, [row[4:] for row in found], {row[2]: row[3] for row in found})


def write_published(
    key: int, *, fields: Sequence[str], speech: Speech, geo: bool = False
) -> Written | None:
    """Return one landmark, None where there is no such published one."""
    statement = _statement(tuple(fields), geo, single=True)
    row = fetch_one(statement, speech.values | {"key": key})
    return Written(*row) if row else None


def present_state() -> State:
    return State(*fetch_one(f"SELECT {STATE}", {}))  # nosec B608
