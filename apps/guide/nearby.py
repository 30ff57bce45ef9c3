"""Distances over the earth, asked of the database."""

from __future__ import annotations

import math

from django.db.models import FloatField, Func

METRES_PER_DEGREE = 111_320


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
