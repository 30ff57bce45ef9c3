"""A page of published landmarks: which ones, in which order, written and kept."""

from __future__ import annotations

from typing import NamedTuple

import orjson
import psycopg
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, QueryDict

from apps.api.v1 import kept_lists, parameters
from apps.api.v1.conditional import etag_of
from apps.api.v1.kept_lists import KeptList
from apps.api.v1.landmark_rows import (
    FIELDS,
    NEAR_FIELDS,
    Keys,
    Speech,
    State,
    write_page,
)
from apps.api.v1.paging import Asked, Order, Page
from apps.api.v1.parameters import Box, Near, text_of
from apps.api.v1.rendering import GeoJSONRenderer, pieces
from apps.catalogue.models import (
    Category,
    ContentChange,
    Landmark,
    LandmarkContent,
    Region,
    SearchEntry,
)
from apps.guide.nearby import chord_of, nearest, within

BY_NUMBER = Order("id", ("pk",))
BY_LIKENESS = Order("search", ("search_rank", "slug"))
BY_DISTANCE = Order("near", ("chord", "pk"))
# With one of these the nearest places are not the ones looked for, and all within the radius must
# be counted or looked through.
NARROWING = ("search", "category", "region", "bbox", "updated_since", "page")
FILTERS = ("category", "region", "bbox", "updated_since")
# The whole list, whose plan the database keeps.
ALL_PUBLISHED = """SELECT id FROM catalogue_landmark
    WHERE state = 'published' AND id > %(after)s::bigint ORDER BY id LIMIT {}"""
# A node by its code, and everything below it.
BELOW = """
    WITH RECURSIVE below AS (
        SELECT id FROM catalogue_{0} WHERE {1} = %s OR id::text = %s
        UNION
        SELECT part.id FROM catalogue_{0} part JOIN below ON part.parent_id = below.id
    )
    SELECT id FROM below"""
CATEGORY_BELOW = BELOW.format("category", "slug")
REGION_BELOW = BELOW.format("region", "code")


class Listing(NamedTuple):
    """What a request wants of the list. geo: as GeoJSON."""

    request: HttpRequest
    near: Near | None
    fields: list[str]
    speech: Speech
    geo: bool

    @classmethod
    def of(cls, request: HttpRequest, speech: Speech) -> Listing:
        """Raises ParameterRefused."""
        near = parameters.near_of(request.GET)
        fields = parameters.fields_of(request.GET, NEAR_FIELDS if near else FIELDS)
        geo = isinstance(request.accepted_renderer, GeoJSONRenderer)
        return cls(request, near, fields, speech, geo)

    def etag(self, state: State) -> str:
        return etag_of(state.version, *self._known)

    def kept(self) -> KeptList | None:
        """Return what was kept of a list that took a search, whatever the content is by now."""
        return kept_lists.kept(*self._known) if self._is_dear else None

    def check(self) -> None:
        """Raise what `write` would raise, without writing."""
        asked, rows = self._asked()
        self._page(asked, list(asked.of(rows)))

    def write(self) -> tuple[State, orjson.Fragment]:
        """Return the body of the answer, and the state of the content that it shows.

        Raises ParameterRefused and NotFound.
        """
        asked, rows = self._asked()
        keys = _keys(self.request.GET, asked, rows)
        written = write_page(keys, fields=self.fields, speech=self.speech, geo=self.geo)
        page = self._page(asked, written.rows)
        texts = [written.texts[row[-1]] for row in page.rows]
        body = orjson.dumps(_body(page, texts, geo=self.geo))
        if self._is_dear:
            kept_lists.keep(body, written.state, *self._known)
        return written.state, orjson.Fragment(body)

    @property
    def _known(self) -> tuple[object, ...]:
        """All that makes the answer what it is, but for the content."""
        return self.request.get_full_path(), self.fields, self.speech, self.geo

    @property
    def _is_dear(self) -> bool:
        return self.near is not None or "search" in self.request.GET

    def _asked(self) -> tuple[Asked, QuerySet[Landmark]]:
        query = self.request.GET
        order, rows = _sorted(_filtered(query), query, self.near)
        return Asked.by(query, order), rows

    def _page(self, asked: Asked, found: list[tuple]) -> Page:
        until = chord_of(self.near.radius_m) if self.near else None
        page = asked.page(self.request, found, base=self.speech.base, until=until)
        if not page.rows:
            _check_nodes(self.request.GET)
        return page


def _keys(query: QueryDict, asked: Asked, rows: QuerySet[Landmark]) -> Keys:
    """Return the statement that finds the landmarks of a page."""
    onwards = asked.order == BY_NUMBER and asked.number is None and not asked.backwards
    if onwards and not any(text_of(query, name) for name in FILTERS):
        after = asked.cursor.values[0] if asked.cursor else 0
        return Keys(ALL_PUBLISHED.format(asked.size + 1), ("id",), {"after": after})
    columns = tuple("id" if name == "pk" else name for name in asked.columns)
    statement, values = asked.of(rows).query.sql_with_params()
    connection.ensure_connection()
    # With the values in it the database knows which of its indexes fit.
    with psycopg.ClientCursor(connection.connection) as cursor:
        return Keys(cursor.mogrify(statement, values).replace("%", "%%"), columns, {})


def _filtered(query) -> QuerySet[Landmark]:
    rows = Landmark.objects.published()
    if text := text_of(query, "category"):
        rows = rows.filter(category__in=RawSQL(CATEGORY_BELOW, [text, text]))  # nosec B611
    if text := text_of(query, "region"):
        rows = rows.filter(region__in=RawSQL(REGION_BELOW, [text, text]))  # nosec B611
    if box := parameters.box_of(query):
        rows = rows.filter(_inside(box))
    if moment := parameters.moment_of(query, "updated_since"):
        settled = LandmarkContent.objects.filter(changed_at__gte=moment)
        noted = ContentChange.objects.filter(at__gte=moment)
        rows = rows.filter(
            Q(pk__in=settled.values("landmark_id")) | Q(pk__in=noted.values("landmark_id"))
        )
    return rows


def _inside(box: Box) -> Q:
    north_south = Q(latitude__range=(box.south, box.north))
    if box.west <= box.east:
        return north_south & Q(longitude__range=(box.west, box.east))
    return north_south & (Q(longitude__gte=box.west) | Q(longitude__lte=box.east))


def _sorted(rows: QuerySet[Landmark], query, near: Near | None) -> tuple[Order, QuerySet[Landmark]]:
    order = BY_NUMBER
    if text := parameters.search_of(query):
        # Words alone need nothing of a landmark but what the search reads.
        alone = not near and not any(text_of(query, name) for name in FILTERS)
        rows = SearchEntry.objects.published() if alone else rows
        order, rows = BY_LIKENESS, rows.search(text)
    if near:
        order, rows = BY_DISTANCE, nearest(rows, near.latitude, near.longitude)
        if any(text_of(query, name) for name in NARROWING):
            rows = within(rows, *near)
    return order, rows


def _check_nodes(query) -> None:
    """Refuse a category or region that there is not; asked only where a list is empty."""
    for name, model, code in (("category", Category, "slug"), ("region", Region, "code")):
        text = text_of(query, name)
        if not text:
            continue
        known = Q(**{code: text})
        if parameters.DIGITS.fullmatch(text):
            known |= Q(pk=int(text))
        if not model.objects.filter(known).exists():
            raise parameters.unknown_value(name, text)


def _body(page: Page, texts: list[str], *, geo: bool) -> dict:
    links = {"next": page.next, "previous": page.previous}
    if page.count is not None:
        links = {"count": page.count, **links}
    if geo:
        return {"type": "FeatureCollection", **links, "features": pieces(texts)}
    return {**links, "results": pieces(texts)}
