"""Published landmarks: lists and single ones, as JSON and as GeoJSON."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

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
from apps.api.v1.landmark_lists import Listing
from apps.api.v1.landmark_rows import (
    CHANGED_AT,
    CONTENT,
    FIELDS,
    VERSION,
    Speech,
    present_state,
    write_published,
)
from apps.api.v1.rendering import GeoJSONRenderer, OrjsonRenderer, pieces
from apps.api.v1.shapes import landmarks as shapes
from apps.catalogue.models import Landmark
from apps.operations.problems import problem_response
from apps.operations.statements import fetch_one

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
        listing = Listing.of(request, speech_of(request))
        held, conditional = listing.kept(), is_conditional(request)
        if held or conditional:
            state = present_state()
            etag = listing.etag(state)
            holds = held is not None and held.state.version == state.version
            # A tag was given to an answer to this very request: then there is nothing to refuse.
            tags = request.META.get("HTTP_IF_NONE_MATCH", "").strip()
            if conditional and not holds and tags in ("", "*"):
                listing.check()
            if answer := unchanged(request, etag, state.changed_at):
                return answer
            if holds:
                body = pieces([held.body])[0]
                return with_validators(Response(body), etag, state.changed_at)
        state, body = listing.write()
        return with_validators(Response(body), listing.etag(state), state.changed_at)


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
