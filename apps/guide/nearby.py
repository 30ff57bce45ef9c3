"""Distances over the earth, asked of the database."""

from __future__ import annotations

import math

from django.db.models import BooleanField, F, FloatField, Func, QuerySet, Value

from apps.catalogue.models import Landmark
from apps.catalogue.models.landmark import EarthPoint

METRES_PER_DEGREE = 111_320
# As PostgreSQL's earthdistance has it.
EARTH_RADIUS_M = 6_378_168


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


class Chord(Func):
    """The straight line between two points through the earth, in metres.

    It rises with the distance over the earth, and the index on points answers by it.
    """

    template = "(%(expressions)s)"
    arg_joiner = " <-> "
    output_field = FloatField()


class EarthBox(Func):
    """A cube around a point that holds everything within some metres."""

    function = "earth_box"
    output_field = FloatField()


class IsInside(Func):
    template = "%(expressions)s"
    arg_joiner = " <@ "
    output_field = BooleanField()


def nearest(rows: QuerySet[Landmark], latitude: float, longitude: float) -> QuerySet[Landmark]:
    """Return published landmarks that have a position, with their `chord` to order them by.

    The index gives them in that order: the first of many cost what the first of few do.
    """
    here = EarthPoint(Value(latitude), Value(longitude))
    return rows.filter(latitude__isnull=False).annotate(chord=Chord(_there(), here))


def within(
    rows: QuerySet[Landmark], latitude: float, longitude: float, metres: float
) -> QuerySet[Landmark]:
    """Leave those of the `nearest` that are at most so many metres away."""
    box = EarthBox(EarthPoint(Value(latitude), Value(longitude)), Value(metres))
    return rows.filter(IsInside(_there(), box), chord__lte=chord_of(metres))


def chord_of(metres: float) -> float:
    """Return the length of the chord below a distance over the earth."""
    return 2 * EARTH_RADIUS_M * math.sin(min(metres / (2 * EARTH_RADIUS_M), math.pi / 2))


def metres_of(chord: float) -> float:
    """Return the distance over the earth above a chord."""
    return 2 * EARTH_RADIUS_M * math.asin(min(chord / (2 * EARTH_RADIUS_M), 1.0))


def _there() -> EarthPoint:
    return EarthPoint(F("latitude"), F("longitude"))
