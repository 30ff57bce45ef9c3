"""What a visitor asks of a route of their own: the query of /routes/plan/, checked; pure."""

from __future__ import annotations

import math
import re
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict

from apps.guide.itineraries import Point, Travel

MOST_PLACES = 20
MOST_HOURS = 12
USUAL_HOURS = 4
LONGEST_QUERY = 100
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,12})?")


class Wishes(NamedTuple):
    """`unread` counts slugs that are none, `left_out` those beyond what a route holds.

    `wrong_near` says that a position was given which is none.
    """

    slugs: tuple[str, ...]
    near: Point | None
    hours: int
    travel: Travel
    as_given: bool
    query: str
    unread: int
    left_out: int
    wrong_near: bool

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Return the names and values that a form or an address carries on."""
        found = []
        if self.slugs:
            found.append(("places", ",".join(self.slugs)))
        if self.near:
            found.append(("near", f"{self.near.latitude:.5f},{self.near.longitude:.5f}"))
            found.append(("hours", str(self.hours)))
        if self.travel is not Travel.WALK:
            found.append(("travel", self.travel.value))
        if self.as_given:
            found.append(("order", "given"))
        return found

    def address(self, **changes: object) -> str:
        """Return the query of the same wishes with some changed."""
        return "?" + urlencode(self._replace(**changes).fields, safe=",")

    def without(self, slug: str) -> str:
        return self.address(slugs=tuple(each for each in self.slugs if each != slug))

    def including(self, slug: str) -> str:
        return self.address(slugs=(*self.slugs, slug))


def read_wishes(query: QueryDict) -> Wishes:
    """Return what a query asks for. Nothing in it is an error: what makes no sense is counted."""
    parts = [part.strip() for value in query.getlist("places") for part in value.split(",")]
    asked = dict.fromkeys(filter(None, parts))
    slugs = [each for each in asked if len(each) <= 120 and SLUG.fullmatch(each)]
    near_text = query.get("near", "").strip()
    near = read_position(near_text)
    hours_text = query.get("hours", "")
    hours = int(hours_text) if re.fullmatch(r"\d{1,4}", hours_text) else USUAL_HOURS
    travel = query.get("travel", "")
    return Wishes(
        slugs=tuple(slugs[:MOST_PLACES]),
        near=near,
        hours=min(max(hours, 1), MOST_HOURS),
        travel=Travel(travel) if travel in set(Travel) else Travel.WALK,
        as_given=query.get("order") == "given",
        query=query.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY],
        unread=len(asked) - len(slugs),
        left_out=max(len(slugs) - MOST_PLACES, 0),
        wrong_near=bool(near_text) and near is None,
    )


def read_position(text: str) -> Point | None:
    """Return the point of “37.5759,126.9768”; None where it is none."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(NUMBER.fullmatch(part) for part in parts):
        return None
    point = Point(*map(float, parts))
    if not all(map(math.isfinite, point)) or abs(point.latitude) > 90 or abs(point.longitude) > 180:
        return None
    return point
