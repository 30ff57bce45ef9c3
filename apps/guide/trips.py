"""Routes as the pages show them: stops in order, the way between, a small map, files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from django.db.models import F, FloatField, prefetch_related_objects

from apps.catalogue.models import Landmark
from apps.catalogue.models.landmark import EarthPoint
from apps.guide.itineraries import Leg, Plan, Point, Travel, Visit, plan
from apps.guide.models import Route
from apps.guide.nearby import EarthDistance, box_around
from apps.guide.presenting import Place, present
from apps.guide.route_files import FileRoute, FileStop
from apps.guide.sketch import Sketch, sketch_of

# Minutes one stays, by category, for routes that no editor timed.
STAYS = {
    "palace": 90,
    "museum": 120,
    "folk-village": 90,
    "garden": 90,
    "mountain": 180,
    "island": 150,
    "forest": 60,
    "temple": 60,
    "fortress": 60,
    "beach": 60,
    "market": 60,
    "statue": 15,
    "memorial-gate": 20,
    "pagoda": 30,
    "pavilion": 30,
    "bridge": 20,
}
USUAL_STAY = 45
PART_STAY = 20
LONGEST_LABEL = 26


class Stay(NamedTuple):
    """A landmark that has coordinates, how long one stays, and what there is to say."""

    landmark: Landmark
    minutes: int
    note: str = ""


class Stop(NamedTuple):
    """One stop on the page. `leg` leads to it; times are minutes from the start."""

    number: int
    place: Place
    stay: Stay
    leg: Leg | None
    arrives: int
    leaves: int


class Trip(NamedTuple):
    stops: list[Stop]
    plan: Plan
    travel: Travel
    sketch: Sketch | None

    @property
    def slugs(self) -> str:
        return ",".join(stop.stay.landmark.slug for stop in self.stops)


def usual_stay(landmark: Landmark) -> int:
    """Return the minutes that visitors usually stay, from the kind of place."""
    if landmark.parent_id:
        return PART_STAY
    return STAYS.get(landmark.category.slug, USUAL_STAY)


def point_of(landmark: Landmark) -> Point:
    return Point(landmark.latitude, landmark.longitude)


def stays_of(route: Route, language: str) -> list[Stay]:
    """Return the stops of a route that was fetched `with_stops`."""
    return [Stay(stop.landmark, stop.minutes, stop.note_in(language)) for stop in route.shown_stops]


def trip_of(
    stays: Sequence[Stay],
    *,
    travel: Travel,
    language: str,
    at: datetime,
    start: Point | None = None,
) -> Trip:
    """Return stays in their order as a page shows them: five queries however many there are."""
    landmarks = [stay.landmark for stay in stays]
    prefetch_related_objects(landmarks, "names", "region__names", "region__parent__names")
    places = present(landmarks, language=language, at=at) if landmarks else []
    made = plan(
        [Visit(point_of(stay.landmark), stay.minutes) for stay in stays], travel, start=start
    )
    legs: list[Leg | None] = [*([] if start else [None]), *made.legs]
    steps = [
        (leg.minutes if leg else 0) + stay.minutes for leg, stay in zip(legs, stays, strict=False)
    ]
    stops = [
        Stop(number, place, stay, leg, leaves - stay.minutes, leaves)
        for number, (place, stay, leg, leaves) in enumerate(
            zip(places, stays, legs, accumulate(steps), strict=False), 1
        )
    ]
    points = [point_of(each) for each in landmarks]
    sketch = sketch_of(points, names=[_short(place.name) for place in places])
    return Trip(stops, made, travel, sketch)


def _short(name: str) -> str:
    """Return a name that fits on a small map."""
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1].rstrip()}…"


def file_of(trip: Trip, *, title: str, summary: str, url: str, site: str) -> FileRoute:
    """Return a trip for the files; `site` is the address that the pages' paths are added to."""
    return FileRoute(
        title=title,
        summary=summary,
        url=url,
        stops=[
            FileStop(
                name=stop.place.name,
                note=stop.stay.note,
                url=site + stop.stay.landmark.get_absolute_url(),
                latitude=stop.stay.landmark.latitude,
                longitude=stop.stay.landmark.longitude,
                arrives=stop.arrives,
                leaves=stop.leaves,
            )
            for stop in trip.stops
        ],
    )


def landmarks_around(here: Point, *, metres: float, most: int) -> list[Landmark]:
    """Return published landmarks within a distance that are no part of another, nearest first."""
    from_here = EarthPoint(here.latitude, here.longitude, output_field=FloatField())
    to_there = EarthPoint(F("latitude"), F("longitude"), output_field=FloatField())
    return list(
        Landmark.objects.published()
        .filter(parent=None, **box_around(here.latitude, here.longitude, metres))
        .annotate(metres=EarthDistance(from_here, to_there))
        .filter(metres__lte=metres)
        .select_related("category__parent", "region__parent")
        .order_by("metres", "slug")[:most]
    )
