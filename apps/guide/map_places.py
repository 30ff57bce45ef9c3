"""Which places the map shows: clusters of many, regions to choose from, and the places of few."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import Avg, Count, F, FloatField, Max, Min, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Floor, Greatest, Least, Ln, Radians, Tan

from apps.catalogue.models import Landmark, Region, RegionName
from apps.catalogue.models.landmark import EarthPoint
from apps.catalogue.models.naming import shown_name
from apps.catalogue.searching import matching_landmarks
from apps.guide.cards import Card, Numbered, cards_of, cards_under
from apps.guide.itineraries import Point
from apps.guide.map_query import FARTHEST_NORTH, Box, MapQuery, around
from apps.guide.nearby import EarthDistance
from apps.guide.presenting import FIRST_LANGUAGE

TILE = 256
# Points in one square of this side, in points of the screen, are one cluster; so are neighbours
# that would touch each other.
CELL = 80
TOUCHING = 46
# So many places are a list; more are a choice of regions.
LISTED = 60
MOST_REGIONS = 30
FEWEST_REGIONS = 4
KOREA = Box(125.7, 33.0, 129.8, 38.65)


class Cluster(NamedTuple):
    """Places near each other on the screen. `landmark_id` tells which it is where it is one."""

    latitude: float
    longitude: float
    count: int
    box: Box
    landmark_id: int


class RegionCount(NamedTuple):
    """How many places a region has in view, and where they lie."""

    code: str
    province: str
    name: str
    korean: str
    count: int
    box: Box
    address: str


class MapPlace(NamedTuple):
    """A place in the list; latitude and longitude, and how the list shows it."""

    latitude: float
    longitude: float
    card: Card


class Shown(NamedTuple):
    """What the map and the list beside it show.

    `places` are all of them where they are few, else the ones nearest to the middle of the view
    or none; `regions` are there instead of places.
    """

    total: int
    clusters: list[Cluster]
    singles: dict[int, Card]
    regions: list[RegionCount]
    places: list[MapPlace]
    box: Box | None


def shown_on_map(query: MapQuery, *, language: str) -> Shown:
    """Return what lies in the box of a query, at its zoom, in at most five statements."""
    found = found_by(query)
    if query.box:
        found = found.filter(_inside(query.box))
    clusters = clusters_of(found, query.zoom)
    total = sum(cluster.count for cluster in clusters)
    regions = [] if total <= LISTED else regions_of(found, query, language)
    places = [] if regions else _places(found, query, clusters, language)
    return Shown(
        total=total,
        clusters=clusters,
        singles=_singles(clusters, places, language),
        regions=regions,
        places=places,
        box=_around_all(clusters),
    )


def found_by(query: MapQuery) -> QuerySet[Landmark]:
    """Return the published places with a position that the filters of a query leave."""
    found = Landmark.objects.published().exclude(latitude=None)
    if query.text:
        found = found.filter(pk__in=matching_landmarks(query.text))
    if query.category:
        found = found.filter(_under("category", "slug", query.category))
    if query.region:
        found = found.filter(_under("region", "code", query.region))
    if query.near:
        found = found.filter(_inside(around(query.near, query.radius_m)))
        found = found.alias(metres=_metres_from(query.near)).filter(metres__lte=query.radius_m)
    return found


def _under(tree: str, key: str, value: str) -> Q:
    """Match a node of a tree and what is below it; trees have three levels at most."""
    return (
        Q(**{f"{tree}__{key}": value})
        | Q(**{f"{tree}__parent__{key}": value})
        | Q(**{f"{tree}__parent__parent__{key}": value})
    )


def _inside(box: Box) -> Q:
    return Q(
        latitude__range=(box.south, box.north),
        longitude__range=(box.west, box.east),
    )


def clusters_of(found: QuerySet[Landmark], zoom: int) -> list[Cluster]:
    """Return places grouped by squares of the screen, the largest group first: one statement."""
    squares = 2**zoom * TILE / CELL
    rows = (
        found.order_by()
        .values(
            across=Floor((F("longitude") + 180.0) / 360.0 * squares),
            down=Floor((0.5 - _mercator() / (2 * math.pi)) * squares),
        )
        .annotate(
            count=Count("pk"),
            middle_latitude=Avg("latitude"),
            middle_longitude=Avg("longitude"),
            west=Min("longitude"),
            south=Min("latitude"),
            east=Max("longitude"),
            north=Max("latitude"),
            landmark_id=Min("pk"),
        )
    )
    cells = {
        (int(row["across"]), int(row["down"])): Cluster(
            row["middle_latitude"],
            row["middle_longitude"],
            row["count"],
            Box(row["west"], row["south"], row["east"], row["north"]),
            row["landmark_id"],
        )
        for row in rows
    }
    return _joined(cells, zoom)


def _mercator() -> CombinedExpression:
    """ln(tan(π/4 + φ/2)), which is 0 at the equator and π at the edge of the map."""
    latitude = Least(Greatest(F("latitude"), Value(-FARTHEST_NORTH)), Value(FARTHEST_NORTH))
    angle = Radians(Cast(latitude, FloatField())) / 2.0 + math.pi / 4
    return Ln(Tan(angle))


def _joined(cells: dict[tuple[int, int], Cluster], zoom: int) -> list[Cluster]:
    """Join each group with neighbours whose signs would touch its own, the largest first."""
    world = 2**zoom * TILE
    left = dict(sorted(cells.items(), key=lambda item: (-item[1].count, item[0])))
    joined = []
    while left:
        (across, down), cluster = next(iter(left.items()))
        del left[across, down]
        for beside in [(across + x, down + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]:
            other = left.get(beside)
            if other and math.dist(_spot(cluster, world), _spot(other, world)) < TOUCHING:
                cluster = _together(cluster, left.pop(beside))
        joined.append(cluster)
    return joined


def _spot(cluster: Cluster, world: float) -> tuple[float, float]:
    latitude = min(max(cluster.latitude, -FARTHEST_NORTH), FARTHEST_NORTH)
    down = math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))
    return cluster.longitude / 360 * world, -down / (2 * math.pi) * world


def _together(one: Cluster, other: Cluster) -> Cluster:
    count = one.count + other.count
    return Cluster(
        (one.latitude * one.count + other.latitude * other.count) / count,
        (one.longitude * one.count + other.longitude * other.count) / count,
        count,
        _both(one.box, other.box),
        one.landmark_id,
    )


def _both(one: Box, other: Box) -> Box:
    return Box(
        min(one.west, other.west),
        min(one.south, other.south),
        max(one.east, other.east),
        max(one.north, other.north),
    )


def _around_all(clusters: Iterable[Cluster]) -> Box | None:
    box = None
    for cluster in clusters:
        box = _both(box, cluster.box) if box else cluster.box
    return box


def regions_of(found: QuerySet[Landmark], query: MapQuery, language: str) -> list[RegionCount]:
    """Return the districts that places lie in, or their provinces where there are too many.

    [] where they are so few that a choice of them helps nobody.
    """
    counted = (
        found.order_by()
        .values("region", "region__parent")
        .annotate(
            count=Count("pk"),
            west=Min("longitude"),
            south=Min("latitude"),
            east=Max("longitude"),
            north=Max("latitude"),
        )
    )
    rows = [
        (row["region"], row["region__parent"], row["count"])
        + (Box(row["west"], row["south"], row["east"], row["north"]),)
        for row in counted
    ]
    if len(rows) > MOST_REGIONS:
        rows = _by_province(rows)
    if len(rows) < FEWEST_REGIONS:
        return []
    known = _named([region for region, *_ in rows], language)
    found_regions = [
        RegionCount(
            code=region.code,
            province=region.parent.code if region.parent else region.code,
            name=region.shown or region.code,
            korean=region.korean if region.parent else "",
            count=count,
            box=box,
            address=query.address(region=region.code),
        )
        for region, count, box in ((known[key], count, box) for key, _, count, box in rows)
    ]
    return sorted(found_regions, key=lambda each: (-each.count, each.code))


def _named(numbers: Sequence[int], language: str) -> dict[int, Region]:
    names = RegionName.objects.filter(region=OuterRef("pk"))
    regions = Region.objects.select_related("parent").annotate(
        shown=shown_name(names, language), korean=shown_name(names, FIRST_LANGUAGE)
    )
    return regions.in_bulk(numbers)


def _by_province(rows: Sequence[tuple]) -> list[tuple]:
    provinces: dict[int, tuple] = {}
    for region, parent, count, box in rows:
        province = parent or region
        held = provinces.get(province)
        if held:
            count, box = held[2] + count, _both(held[3], box)
        provinces[province] = (province, None, count, box)
    return list(provinces.values())


def _places(
    found: QuerySet[Landmark], query: MapQuery, clusters: Sequence[Cluster], language: str
) -> list[MapPlace]:
    box = query.box or _around_all(clusters)
    if box is None:
        return []
    nearest = found.annotate(metres=_metres_from(query.near or box.middle))
    values = nearest.values_list("pk", "metres", "latitude", "longitude")
    rows = list(values.order_by("metres", "slug")[:LISTED])
    spots = {pk: spot for pk, _, *spot in rows}
    chosen = [Numbered("", pk, metres if query.near else None) for pk, metres, *_ in rows]
    cards = cards_under(chosen, language=language).get("", [])
    return [MapPlace(*spots[card.landmark_id], card) for card in cards]


def _metres_from(point: Point) -> EarthDistance:
    return EarthDistance(
        EarthPoint(Value(point.latitude), Value(point.longitude)),
        EarthPoint("latitude", "longitude"),
    )


def _singles(
    clusters: Sequence[Cluster], places: Sequence[MapPlace], language: str
) -> dict[int, Card]:
    """Return each place that stands alone on the map, by its number."""
    known = {place.card.landmark_id: place.card for place in places}
    alone = {cluster.landmark_id for cluster in clusters if cluster.count == 1}
    unknown = cards_of(sorted(alone - known.keys()), language=language)
    return known | {card.landmark_id: card for card in unknown}
