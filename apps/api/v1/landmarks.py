"""Published landmarks: lists and single ones, as JSON and as GeoJSON."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.v1 import parameters
from apps.api.v1.authentication import MayRead
from apps.api.v1.conditional import etag_of, is_conditional, unchanged, with_validators
from apps.api.v1.landmark_rows import (
    CHANGED_AT,
    CONTENT,
    FIELDS,
    NEAR_FIELDS,
    VERSION,
    Speech,
    versions_of,
    write_landmarks,
    write_published,
)
from apps.api.v1.paging import Order, Page, page_of
from apps.api.v1.parameters import Box, Near, text_of
from apps.api.v1.rendering import GeoJSONRenderer, OrjsonRenderer, pieces
from apps.api.v1.shapes import landmarks as shapes
from apps.catalogue.models import (
    Category,
    ContentChange,
    Landmark,
    LandmarkContent,
    Region,
    SearchEntry,
)
from apps.guide.nearby import chord_of, nearest, within
from apps.operations.problems import problem_response
from apps.operations.statements import fetch_one

BY_NUMBER = Order("id", ("pk",))
BY_LIKENESS = Order("search", ("search_rank", "slug"))
BY_DISTANCE = Order("near", ("chord", "pk"))
# With one of these the nearest places are not the ones looked for, and all within the radius must
# be counted or looked through.
NARROWING = ("search", "category", "region", "bbox", "updated_since", "page")
FILTERS = ("category", "region", "bbox", "updated_since")
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
LARGEST_KEY = 2**63 - 1
STANDING = f"""
    SELECT landmark.state, redirect.landmark_id, target.state, content.landmark_id IS NOT NULL,
           {VERSION}, {CHANGED_AT}
      FROM (SELECT %(key)s::bigint AS id) asked
      LEFT JOIN catalogue_landmark landmark ON landmark.id = asked.id
      LEFT JOIN catalogue_landmarkredirect redirect
             ON redirect.old_slug = landmark.slug AND landmark.state <> 'published'
      LEFT JOIN catalogue_landmark target ON target.id = redirect.landmark_id
      {CONTENT.format("asked")}"""  # nosec B608


class LandmarkGone(APIException):
    """The landmark was public and is not any more. code: withdrawn, deleted or merged."""

    status_code = 410

    def __init__(self, code: str, detail: str, **members: object):
        super().__init__(detail, code)
        self.members = members


class Standing(NamedTuple):
    """What became of a landmark. state: None where there is no row."""

    state: str | None
    merged_into: int | None
    into_state: str | None
    was_public: bool
    version: str
    changed_at: datetime | None


class LandmarkList(APIView):
    permission_classes = [MayRead]
    renderer_classes = [OrjsonRenderer, GeoJSONRenderer]

    @extend_schema(**shapes.LANDMARK_LIST)
    def get(self, request) -> HttpResponse:
        """Return published landmarks, the whole catalogue or what filters leave of it.

        Sorted by id; with `search` the best first, with `near` the nearest first. Follow `next`
        to the end: a cursor costs the same at any depth. To keep a copy, follow `changes/`.
        """
        query = request.GET
        near = parameters.near_of(query)
        fields = parameters.fields_of(query, NEAR_FIELDS if near else FIELDS)
        speech = speech_of(request)
        order, rows = _sorted(_filtered(query), query, near)
        until = chord_of(near.radius_m) if near else None
        page = page_of(request, rows, order, base=speech.base, until=until)
        if not page.rows:
            _check_nodes(query)
        geo = isinstance(request.accepted_renderer, GeoJSONRenderer)
        keys = [row[-1] for row in page.rows]

        def etag(versions: list[str]) -> str:
            return etag_of(page, versions, fields, speech, geo)

        if is_conditional(request):
            versions, changed_at = versions_of(keys)
            if answer := unchanged(request, etag(versions), changed_at):
                return answer
        written = write_landmarks(
            keys,
            fields=fields,
            speech=speech,
            geo=geo,
            chords=[row[0] for row in page.rows] if near else (),
        )
        if written:
            versions, changed_at = [row.version for row in written], written[0].changed_at
        else:
            versions, changed_at = versions_of(keys)
        body = _body(page, [row.text for row in written], geo=geo)
        return with_validators(Response(body), etag(versions), changed_at)


class LandmarkDetail(APIView):
    permission_classes = [MayRead]
    renderer_classes = [OrjsonRenderer, GeoJSONRenderer]

    @extend_schema(**shapes.LANDMARK_DETAIL)
    def get(self, request, landmark: int) -> HttpResponse:
        """Return one published landmark.

        A landmark that was merged into another one leads there (301). One that is not public any
        more answers 410 with the code `withdrawn`, `deleted` or `merged`.
        """
        fields = parameters.fields_of(request.GET, FIELDS)
        speech = speech_of(request)
        geo = isinstance(request.accepted_renderer, GeoJSONRenderer)
        if landmark > LARGEST_KEY:
            raise NotFound

        def etag(version: str) -> str:
            return etag_of(landmark, version, fields, speech, geo)

        if is_conditional(request):
            standing = _standing(landmark)
            if standing.state != Landmark.State.PUBLISHED:
                return _moved(request, standing, speech)
            if answer := unchanged(request, etag(standing.version), standing.changed_at):
                return answer
        written = write_published(landmark, fields=fields, speech=speech, geo=geo)
        if written is None:
            return _moved(request, _standing(landmark), speech)
        response = Response(pieces([written.text])[0])
        return with_validators(response, etag(written.version), written.changed_at)


def speech_of(request: HttpRequest) -> Speech:
    """Return the language that a request wants, and where it came to."""
    base = f"{request.scheme}://{request.get_host()}"
    return Speech(parameters.language_of(request.GET), base)


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


def _standing(key: int) -> Standing:
    return Standing(*fetch_one(STANDING, {"key": key}))


def _moved(request, standing: Standing, speech: Speech) -> HttpResponse:
    """Lead on to what a landmark was merged into. Raises NotFound and LandmarkGone."""
    if standing.merged_into and standing.into_state == Landmark.State.PUBLISHED:
        detail = _("This landmark was merged into another one.")
        response = problem_response(301, "merged", detail, merged_into=standing.merged_into)
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        place = reverse("api:landmark", args=[standing.merged_into])
        response["Location"] = f"{speech.base}{place}{query}"
        return response
    if standing.merged_into:
        detail = _("This landmark was merged into another one, which is not public any more.")
        raise LandmarkGone("merged", detail, merged_into=standing.merged_into)
    if standing.state == Landmark.State.WITHDRAWN:
        raise LandmarkGone("withdrawn", _("This landmark is not public any more."))
    if standing.was_public and standing.state is None:
        raise LandmarkGone("deleted", _("This landmark was deleted."))
    raise NotFound
