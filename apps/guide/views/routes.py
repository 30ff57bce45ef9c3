"""Routes that staff made, and the one a visitor puts together."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from itertools import pairwise

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_time
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.catalogue.models import Landmark
from apps.guide.itineraries import Travel, Visit, fit, leg_between, shortest_order
from apps.guide.models import Route
from apps.guide.presenting import covers_of, kind_code
from apps.guide.route_files import FILES
from apps.guide.trips import (
    Stay,
    Trip,
    file_of,
    landmarks_around,
    point_of,
    stays_of,
    trip_of,
    usual_stay,
)
from apps.guide.wishes import MOST_PLACES, Wishes, read_wishes

HITS = 8
CANDIDATES = 40
# Places are looked for this near first, then in wider circles until there are enough.
CLOSE_M = 3000
WIDER = 4
# How far around the start a route is looked for, for each hour there is.
REACH_M = {Travel.WALK: 2000, Travel.DRIVE: 15_000}
NINE = time(9)


@require_safe
def route_list(request: HttpRequest) -> HttpResponse:
    language = get_language()
    routes = list(
        Route.objects.published()
        .with_stops("landmark__category__parent")
        .prefetch_related("texts")
        .order_by("slug")
    )
    covers = covers_of({stop.landmark for route in routes for stop in route.shown_stops})
    cards = [
        {
            "route": route,
            "text": route.text_in(language),
            "trip": trip_length(route, language),
            "kind_code": next(
                (kind_code(stop.landmark) for stop in route.shown_stops),
                "",
            ),
            "cover": next(
                (
                    covers[stop.landmark_id]
                    for stop in route.shown_stops
                    if stop.landmark_id in covers
                ),
                None,
            ),
        }
        for route in routes
        if route.texts.all()
    ]
    return render(request, "guide/route_list.html", {"cards": cards})


def trip_length(route: Route, language: str) -> dict:
    """Return how many stops, metres and minutes a route has, without asking for more."""
    stays = stays_of(route, language)
    points = [point_of(stay.landmark) for stay in stays]
    legs = [leg_between(one, other, Travel(route.travel)) for one, other in pairwise(points)]
    return {
        "stops": len(stays),
        "metres": sum(leg.metres for leg in legs),
        "minutes": sum(leg.minutes for leg in legs) + sum(stay.minutes for stay in stays),
    }


@require_safe
def route(request: HttpRequest, slug: str) -> HttpResponse:
    found, trip = _route_and_trip(slug)
    if found.state == Route.State.WITHDRAWN:
        return render(request, "guide/route_gone.html", status=410)
    language = get_language()
    text = found.text_in(language)
    context = {
        "route": found,
        "text": text,
        "trip": trip,
        "translated": text.language == language,
        "tomorrow": _tomorrow(),
        "files": reverse("guide:route", args=[slug]),
    }
    return render(request, "guide/route_detail.html", context)


def _route_and_trip(slug: str) -> tuple[Route, Trip | None]:
    """Return a route and its trip, None for a withdrawn one. Raises Http404."""
    found = (
        Route.objects.exclude(state=Route.State.DRAFT)
        .filter(slug=slug)
        .with_stops("landmark__region__parent", "landmark__category__parent")
        .prefetch_related("texts")
        .first()
    )
    if found is None or not found.texts.all():
        raise Http404
    if found.state == Route.State.WITHDRAWN:
        return found, None
    language = get_language()
    stays = stays_of(found, language)
    return found, trip_of(stays, travel=Travel(found.travel), language=language, at=timezone.now())


@require_safe
def route_file(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Answer with a published route as GPX, KML or ICS."""
    found, trip = _route_and_trip(slug)
    if trip is None:
        return render(request, "guide/route_gone.html", status=410)
    text = found.text_in(get_language())
    return _file(request, kind, trip, title=text.title, summary=text.summary, name=slug)


@require_safe
def plan_route(request: HttpRequest) -> HttpResponse:
    """Put a route together from chosen places, or around a position."""
    wishes = read_wishes(request.GET)
    trip, chosen = _planned(wishes)
    context = {
        "wishes": wishes,
        "chosen": chosen,
        "trip": trip,
        "notices": _notices(wishes, trip, chosen),
        "hits": _hits(wishes, chosen),
        "tomorrow": _tomorrow(),
        "query": wishes.address(),
        "choices": _choices(wishes, trip),
        "files": reverse("guide:route_plan"),
        "hours": range(2, 9, 2),
    }
    return render(request, "guide/route_plan.html", context)


@require_safe
def plan_file(request: HttpRequest, kind: str) -> HttpResponse:
    """Answer with a visitor's own route as GPX, KML or ICS."""
    trip, _chosen = _planned(read_wishes(request.GET))
    if not trip.stops:
        raise Http404
    return _file(request, kind, trip, title=_("My route"), summary="", name="gilnun-route")


def _planned(wishes: Wishes) -> tuple[Trip, list[Landmark]]:
    """Return the trip of wishes, and the chosen landmarks, those without coordinates too."""
    chosen: list[Landmark] = []
    if wishes.slugs:
        found = {
            each.slug: each
            for each in Landmark.objects.published()
            .filter(slug__in=wishes.slugs)
            .select_related("category__parent", "region__parent")
        }
        chosen = [found[slug] for slug in wishes.slugs if slug in found]
        placed = [each for each in chosen if each.latitude is not None]
        points = [point_of(each) for each in placed]
        if not wishes.as_given:
            placed = [placed[each] for each in shortest_order(points, start=wishes.near)]
    elif wishes.near:
        placed = _around(wishes)
    else:
        placed = []
    trip = trip_of(
        [Stay(each, usual_stay(each)) for each in placed],
        travel=wishes.travel,
        language=get_language(),
        at=timezone.now(),
        start=wishes.near,
    )
    return trip, chosen


def _around(wishes: Wishes) -> list[Landmark]:
    reach = REACH_M[wishes.travel] * wishes.hours
    metres = min(CLOSE_M, reach)
    around = landmarks_around(wishes.near, metres=metres, most=CANDIDATES)
    while len(around) < CANDIDATES and metres < reach:
        # To measure the distance of thousands of places takes longer than to ask again.
        metres = min(WIDER * metres, reach)
        around = landmarks_around(wishes.near, metres=metres, most=CANDIDATES)
    visits = [Visit(point_of(each), usual_stay(each)) for each in around]
    order = fit(visits, wishes.travel, start=wishes.near, minutes=wishes.hours * 60)
    return [around[each] for each in order]


def _choices(wishes: Wishes, trip: Trip) -> list[tuple[str, str]]:
    """Return other ways to make the same route, each with its address."""
    choices = []
    if wishes.travel is Travel.WALK:
        choices.append((_("By car instead"), wishes.address(travel=Travel.DRIVE)))
    else:
        choices.append((_("On foot instead"), wishes.address(travel=Travel.WALK)))
    if wishes.as_given:
        choices.append((_("In a short order"), wishes.address(as_given=False)))
    if not wishes.slugs:
        slugs = tuple(stop.stay.landmark.slug for stop in trip.stops)
        choices.append((_("Choose among these places"), wishes.address(slugs=slugs)))
    return choices


def _hits(wishes: Wishes, chosen: list[Landmark]) -> list[Landmark]:
    """Return places that are called like what was asked for and can still be added."""
    if not wishes.query or len(wishes.slugs) >= MOST_PLACES:
        return []
    held = {each.slug for each in chosen}
    found = Landmark.objects.published().exclude(latitude=None).search(wishes.query)
    return list(found.exclude(slug__in=held).prefetch_related("names")[:HITS])


def _notices(wishes: Wishes, trip: Trip, chosen: list[Landmark]) -> list[str]:
    notices = []
    if wishes.wrong_near:
        notices.append(_("This is not a position. Write it like 37.5759,126.9768."))
    if missing := wishes.unread + len(wishes.slugs) - len(chosen):
        notices.append(
            _("%(count)d of the places asked for are not in this guide (any more).")
            % {"count": missing}
        )
    if wishes.left_out:
        notices.append(
            _("A route holds %(most)d places; the others were left out.") % {"most": MOST_PLACES}
        )
    unplaced = [each.slug for each in chosen if each.latitude is None]
    if unplaced:
        notices.append(
            _("%(count)d places have no known position and cannot be on a route.")
            % {"count": len(unplaced)}
        )
    if wishes.near and not wishes.slugs and not trip.stops:
        notices.append(
            _("Nothing in this guide is near enough for that time. Try more hours, or by car.")
        )
    return notices


def _file(
    request: HttpRequest, kind: str, trip: Trip, *, title: str, summary: str, name: str
) -> HttpResponse:
    if kind not in FILES:
        raise Http404
    made = file_of(
        trip,
        title=title,
        summary=summary,
        url=request.build_absolute_uri(),
        site=request.build_absolute_uri("/").rstrip("/"),
    )
    content_type, write = FILES[kind]
    response = HttpResponse(write(made, _begins(request)), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{slugify(name)}.{kind}"'
    return response


def _begins(request: HttpRequest) -> datetime:
    """Return when a visitor starts: the day and time asked for, else tomorrow at nine."""
    day = _parsed(parse_date, request.GET.get("date", "")) or _tomorrow()
    clock = _parsed(parse_time, request.GET.get("time", "")) or NINE
    if not 1970 <= day.year <= 9990:
        day = _tomorrow()
    return timezone.make_aware(datetime.combine(day, clock.replace(tzinfo=None)))


def _parsed(parse, text: str):
    if not re.fullmatch(r"[\d:-]{4,10}", text):
        return None
    try:
        return parse(text)
    except ValueError:
        return None


def _tomorrow():
    return timezone.localdate() + timedelta(days=1)
