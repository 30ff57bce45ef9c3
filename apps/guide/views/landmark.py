"""The page of one landmark, and what stands where there is none."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from apps.catalogue.models import Landmark
from apps.catalogue.opening_hours import next_change
from apps.catalogue.services import redirect_for
from apps.guide.absent_places import NoSuchPlace, places_instead_of, reason_for_withdrawal
from apps.guide.itineraries import Point
from apps.guide.kept_pages import keep
from apps.guide.landmark_pages import LandmarkPage, landmark_page
from apps.guide.presenting import DRAWN
from apps.guide.sketch import sketch_of
from apps.guide.structured_data import as_script, crumbs_of, landmark_data, share_picture
from apps.guide.versions import content_version
from apps.guide.visitor_facts import facts_of

# The sketch shows where in its province a place lies.
PLACE_SPAN_M = 25_000
SKETCH_CACHE = {"Cache-Control": "public, max-age=86400"}
SCHEMES = ("light", "dark")
OTHER_NAMES = {"alias": _("Also called"), "former": _("Formerly")}


@require_safe
def landmark(request: HttpRequest, slug: str) -> HttpResponse:
    now = timezone.now()
    version = content_version()
    page = landmark_page(slug, language=get_language(), at=now)
    if page is None:
        return _absent(request, slug)
    # The page says whether the place is open now.
    until = next_change(page.landmark.opening_hours, now)
    return keep(_page(request, page, now), version=version, until=until)


def _page(request: HttpRequest, page: LandmarkPage, now: datetime) -> HttpResponse:
    absolute = request.build_absolute_uri
    context = {
        "page": page,
        "landmark": page.landmark,
        "facts": facts_of(page.landmark, page.notes, language=page.language, at=now),
        "other_names": [
            (label, names) for kind, label in OTHER_NAMES.items() if (names := page.names_of(kind))
        ],
        "crumbs": crumbs_of(page)[:-1],
        "text_languages": page.languages,
        "share": share_picture(page, absolute=absolute),
        "data": as_script(landmark_data(page, absolute=absolute)),
        "drawn": DRAWN,
    }
    return render(request, "guide/landmark_detail.html", context)


def _absent(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead on from a merged landmark, say that one was withdrawn. Raises NoSuchPlace."""
    target = redirect_for(slug)
    if target is not None:
        return HttpResponsePermanentRedirect(target.get_absolute_url())
    gone = Landmark.objects.filter(slug=slug, state=Landmark.State.WITHDRAWN).with_names().first()
    if gone is None:
        raise NoSuchPlace(slug)
    language = get_language()
    context = {
        "name": gone.name_in(language),
        "reason": reason_for_withdrawal(gone, language=language),
        "cards": places_instead_of(gone, language=language),
        "region": gone.region.name_in(language),
        "region_address": f"{reverse('guide:landmark_list')}?region={gone.region.code}",
    }
    return render(request, "guide/landmark_gone.html", context, status=410)


@require_safe
def landmark_sketch(request: HttpRequest, slug: str, scheme: str) -> HttpResponse:
    """Draw where a landmark lies, in the colours of the light or the dark pages."""
    point = (
        Landmark.objects.published()
        .filter(slug=slug)
        .exclude(latitude=None)
        .values_list("latitude", "longitude")
        .first()
    )
    if point is None or scheme not in SCHEMES:
        raise Http404
    sketch = sketch_of([Point(*point)], span_m=PLACE_SPAN_M)
    drawing = render_to_string("guide/sketch.svg", {"sketch": sketch, "dark": scheme == "dark"})
    return HttpResponse(drawing, content_type="image/svg+xml", headers=SKETCH_CACHE)
