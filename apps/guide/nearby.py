"""What is near a place, by distance over the earth."""

from __future__ import annotations

import math
from typing import NamedTuple

from django.db.models import F, FloatField, Func

from apps.catalogue.models import Landmark

RADIUS_M = 30_000
METRES_PER_DEGREE = 111_320


class Near(NamedTuple):
    landmark: Landmark
    metres: float


class EarthPoint(Func):
    """A point of PostgreSQL's earthdistance module from WGS84 degrees."""

    function = "ll_to_earth"


class EarthDistance(Func):
    """Great-circle distance between two points, in metres."""

    function = "earth_distance"
    output_field = FloatField()


def box_around(latitude: float, longitude: float, metres: float) -> dict[str, tuple]:
    """Return a filter that the index on the coordinates answers; a distance sorts the few."""
    north = metres / METRES_PER_DEGREE
    east = north / max(math.cos(math.radians(latitude)), 0.01)
    return {
        "latitude__range": (latitude - north, latitude + north),
        "longitude__range": (longitude - east, longitude + east),
    }


def near_landmark(landmark: Landmark, *, limit: int = 6) -> list[Near]:
    """Return the published landmarks within 30 km, nearest first; none without coordinates."""
    if landmark.latitude is None:
        return []
    here = EarthPoint(landmark.latitude, landmark.longitude, output_field=FloatField())
    there = EarthPoint(F("latitude"), F("longitude"), output_field=FloatField())
    found = (
        Landmark.objects.published()
        .with_names()
        .exclude(pk=landmark.pk)
        .filter(**box_around(landmark.latitude, landmark.longitude, RADIUS_M))
        .annotate(metres=EarthDistance(here, there))
        .filter(metres__lte=RADIUS_M)
        .order_by("metres", "slug")[:limit]
    )
    return [Near(other, other.metres) for other in found]
