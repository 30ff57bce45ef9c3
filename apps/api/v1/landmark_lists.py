"""A page of published landmarks: which ones, in which order, written and kept."""

from __future__ import annotations

import re
from typing import NamedTuple

import orjson
import psycopg
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest

from apps.api.v1 import kept_lists, parameters
from apps.api.v1.conditional import etag_of
from apps.api.v1.kept_lists import KeptList
from apps.api.v1.landmark_rows import (
    FIELDS,
    NEAR_FIELDS,
    Keys,
    Speech,
    State,
    WrittenPage,
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
from apps.catalogue.searching import ENOUGH, MEANT, Sought, meant_by, sought_by
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
        asked = self._asked()
        self._page(asked, list(asked.of(self._rows())))

    def write(self) -> tuple[State, orjson.Fragment]:
        """Return the body of the answer, and the state of the content that it shows.

        Raises ParameterRefused and NotFound.
        """
        asked = self._asked()
        written = self._beginning_of_search(asked) or self._written(self._keys(asked))
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

    @property
    def _order(self) -> Order:
        if self.near:
            return BY_DISTANCE
        return BY_LIKENESS if self._words else BY_NUMBER

    @property
    def _words(self) -> str:
        return parameters.search_of(self.request.GET)

    @property
    def _is_plain(self) -> bool:
        """Whether nothing but a search narrows the list."""
        return not self.near and not any(text_of(self.request.GET, name) for name in FILTERS)

    def _asked(self) -> Asked:
        return Asked.by(self.request.GET, self._order)

    def _rows(self) -> QuerySet[Landmark]:
        query = self.request.GET
        rows = _filtered(query)
        if self._words:
            # Words alone need nothing of a landmark but what the search reads.
            rows = SearchEntry.objects.published() if self._is_plain else rows
            rows = rows.search(self._words)
        if self.near:
            rows = nearest(rows, self.near.latitude, self.near.longitude)
            if any(text_of(query, name) for name in NARROWING):
                rows = within(rows, *self.near)
        return rows

    def _written(self, keys: Keys) -> WrittenPage:
        return write_page(keys, fields=self.fields, speech=self.speech, geo=self.geo)

    def _beginning_of_search(self, asked: Asked) -> WrittenPage | None:
        """Return the first page of a plain search, by statements whose plans the database keeps.

        None for other pages, for words without a letter, and where the content changed between
        what has the words and what may have been meant.
        """
        if not self._words or not self._is_plain or asked.cursor or asked.number is not None:
            return None
        written = sought_by(self._words)
        if written is None:
            return None
        most = asked.size + 1
        page = self._written(_found(written, most))
        if len(page.rows) >= min(most, ENOUGH) or not (meant := meant_by(self._words, written)):
            return page
        other = self._written(_found(meant, most))
        if other.state.version != page.state.version:
            return None
        added = [
            (MEANT + rank, slug, key) for rank, slug, key in other.rows if key not in page.texts
        ]
        rows = [*page.rows, *added][:most]
        return WrittenPage(page.state, rows, other.texts | page.texts)

    def _keys(self, asked: Asked) -> Keys:
        """Return the statement that finds the landmarks of a page.

        The database keeps the plan of the first; of the others it makes one each time.
        """
        onwards = self._is_plain and asked.number is None and not asked.backwards
        if onwards and asked.order == BY_NUMBER:
            after = asked.cursor.values[0] if asked.cursor else 0
            return Keys(ALL_PUBLISHED.format(asked.size + 1), ("id",), {"after": after})
        columns = tuple("id" if name == "pk" else name for name in asked.columns)
        # Words without a letter find nothing, which is a statement like any other, too.
        compiler = asked.of(self._rows()).query.get_compiler("default", elide_empty=False)
        statement, values = compiler.as_sql()
        connection.ensure_connection()
        # With the values in it the database knows which of its indexes fit.
        with psycopg.ClientCursor(connection.connection) as cursor:
            return Keys(cursor.mogrify(statement, values).replace("%", "%%"), columns, {})

    def _page(self, asked: Asked, found: list[tuple]) -> Page:
        until = chord_of(self.near.radius_m) if self.near else None
        page = asked.page(self.request, found, base=self.speech.base, until=until)
        if not page.rows:
            _check_nodes(self.request.GET)
        return page


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


def _found(sought: Sought, most: int) -> Keys:
    """Return the statement that finds the first places of a search."""
    statement, values = sought.found(most)
    named = {f"sought{place}": value for place, value in enumerate(values)}
    names = iter(named)
    statement = re.sub("%s", lambda _: f"%({next(names)})s", statement)
    return Keys(statement, ("search_rank", "slug", "id"), named)


def _inside(box: Box) -> Q:
    north_south = Q(latitude__range=(box.south, box.north))
    if box.west <= box.east:
        return north_south & Q(longitude__range=(box.west, box.east))
    return north_south & (Q(longitude__gte=box.west) | Q(longitude__lte=box.east))


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
