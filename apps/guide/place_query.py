"""What somebody looks for, as the address of a list of places says it; pure."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict

from apps.guide.itineraries import Point

LONGEST_QUERY = 100
USUAL_RADIUS_M = 5_000
LARGEST_RADIUS_M = 100_000
NAME, BEST, NEWEST, NEAREST = "name", "best", "new", "near"


class PlaceQuery(NamedTuple):
    """Words, filters and order; what is empty or False is not asked for."""

    query: str = ""
    category: str = ""
    region: str = ""
    pictured: bool = False
    open_now: bool = False
    near: Point | None = None
    radius_m: int = USUAL_RADIUS_M
    sort: str = NAME

    @classmethod
    def of(cls, asked: QueryDict) -> PlaceQuery:
        """Read any query string; what makes no sense is left out."""
        query = " ".join(asked.get("q", "").replace("\0", "").split())[:LONGEST_QUERY].strip()
        near = _point(asked.get("near", ""))
        usual = BEST if query else NEAREST if near else NAME
        sort = asked.get("sort", "")
        fitting = {NAME, NEWEST, usual, *([NEAREST] if near else [])}
        return cls(
            query=query,
            category=asked.get("category", "")[:80].replace("\0", ""),
            region=asked.get("region", "")[:60].replace("\0", ""),
            pictured=asked.get("photos") == "1",
            open_now=asked.get("open") == "now",
            near=near,
            radius_m=_radius(asked.get("radius_m", "")),
            sort=sort if sort in fitting else usual,
        )

    @property
    def usual_sort(self) -> str:
        return BEST if self.query else NEAREST if self.near else NAME

    @property
    def sorts(self) -> list[str]:
        """The orders that make sense here, the usual one first."""
        found = [self.usual_sort, *([NEAREST] if self.near else []), NAME, NEWEST]
        return list(dict.fromkeys(found))

    @property
    def filtered(self) -> bool:
        return bool(self.category or self.region or self.pictured or self.open_now or self.near)

    def address(self, **changed) -> str:
        """Return the query string of the same with some of it changed."""
        values = self._replace(**changed)._values()
        if "sort" not in changed and self.sort == self.usual_sort:
            del values["sort"]
        said = urlencode({name: value for name, value in values.items() if value}, safe=",")
        return f"?{said}" if said else "?"

    @property
    def kept(self) -> list[tuple[str, object]]:
        """What a form for other words sends along."""
        values = self._values() | {"q": "", "sort": ""}
        return [(name, value) for name, value in values.items() if value]

    def _values(self) -> dict[str, object]:
        near = f"{self.near.latitude:.5f},{self.near.longitude:.5f}" if self.near else ""
        return {
            "q": self.query,
            "category": self.category,
            "region": self.region,
            "photos": "1" if self.pictured else "",
            "open": "now" if self.open_now else "",
            "near": near,
            "radius_m": self.radius_m if near else "",
            "sort": "" if self.sort == self.usual_sort else self.sort,
        }


def _point(text: str) -> Point | None:
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    inside = -90 <= latitude <= 90 and -180 <= longitude <= 180
    return Point(latitude, longitude) if inside else None


def _radius(text: str) -> int:
    try:
        return min(max(int(text), 100), LARGEST_RADIUS_M)
    except ValueError:
        return USUAL_RADIUS_M
