"""In which order to visit places, how far it is and how long it takes; pure.

Distances are great circles, times follow from stated speeds: estimates, not a router's answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8
METRES_PER_DEGREE = 2 * math.pi * EARTH_RADIUS_M / 360
# Streets are longer than the straight line.
DETOUR = 4 / 3
WALKING_KMH = 4.5
DRIVING_KMH = 40
# Getting in, getting out, a traffic light.
DRIVING_EXTRA_MINUTES = 5
# On foot until here; farther away one takes a bus or a taxi, at the speed of a car.
FARTHEST_WALK_M = 3000
# By car one walks what is this near.
NEAREST_DRIVE_M = 1500
MOST_EXACT = 9


class Travel(StrEnum):
    WALK = "walk"
    DRIVE = "drive"


class Point(NamedTuple):
    """WGS84 degrees."""

    latitude: float
    longitude: float


class Leg(NamedTuple):
    """The way between two stops: metres as one goes, minutes rounded up."""

    metres: float
    minutes: int
    travel: Travel


class Visit(NamedTuple):
    """A place one may go to, and how long one stays."""

    point: Point
    minutes: int


class Plan(NamedTuple):
    """Legs between the stops in order; with a start, also the one to the first stop."""

    legs: tuple[Leg, ...]
    staying: int

    @property
    def metres(self) -> float:
        return sum(leg.metres for leg in self.legs)

    @property
    def traveling(self) -> int:
        return sum(leg.minutes for leg in self.legs)

    @property
    def minutes(self) -> int:
        return self.traveling + self.staying


def great_circle_m(one: Point, other: Point) -> float:
    """Return the distance over the earth in metres."""
    north, east, south, west = map(math.radians, (*one, *other))
    half = (
        math.sin((south - north) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin((west - east) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(half, 1)))


def leg_between(one: Point, other: Point, travel: Travel) -> Leg:
    """Return how one gets from one place to another."""
    metres = great_circle_m(one, other) * DETOUR
    limit = FARTHEST_WALK_M if travel is Travel.WALK else NEAREST_DRIVE_M
    if metres <= limit:
        return Leg(metres, math.ceil(metres / (WALKING_KMH * 1000 / 60)), Travel.WALK)
    driving = metres / (DRIVING_KMH * 1000 / 60) + DRIVING_EXTRA_MINUTES
    return Leg(metres, math.ceil(driving), Travel.DRIVE)


def plan(visits: Sequence[Visit], travel: Travel, *, start: Point | None = None) -> Plan:
    """Return the legs of visits in their order."""
    points = [visit.point for visit in visits]
    if start is not None:
        points.insert(0, start)
    legs = tuple(leg_between(one, other, travel) for one, other in pairwise(points))
    return Plan(legs, sum(visit.minutes for visit in visits))


def shortest_order(points: Sequence[Point], *, start: Point | None = None) -> list[int]:
    """Return the places of points in the order of a short way through all of them.

    The way begins at the start, where there is one, else at any point, and ends anywhere. Up to
    nine points it is the shortest way; beyond that one that 2-opt does not improve. Of two ways
    of the same length the one that keeps the given order is returned.
    """
    count = len(points)
    if count < 2:
        return list(range(count))
    between = [[great_circle_m(one, other) for other in points] for one in points]
    first = [great_circle_m(start, point) if start else 0.0 for point in points]
    if count <= MOST_EXACT:
        return _exact(between, first)
    return _improved(_nearest_first(between, first, given=start is not None), between, first)


def _exact(between: list[list[float]], first: list[float]) -> list[int]:
    """Held and Karp: the shortest way from each point through each set of points left."""
    count = len(first)
    rest: list[list[float]] = [[0.0] * count]
    for left in range(1, 1 << count):
        points = [point for point in range(count) if left >> point & 1]
        # To which point first, and from there through the others.
        rest.append(
            [
                min(between[last][point] + rest[left ^ 1 << point][point] for point in points)
                for last in range(count)
            ]
        )
    order: list[int] = []
    left = (1 << count) - 1
    costs = first
    while left:
        points = [point for point in range(count) if left >> point & 1]
        lengths = {point: costs[point] + rest[left ^ 1 << point][point] for point in points}
        shortest = min(lengths.values())
        # Of equally short ways the one that keeps the given order.
        following = next(point for point in points if lengths[point] <= shortest + 1e-6)
        order.append(following)
        left ^= 1 << following
        costs = between[following]
    return order


def _nearest_first(between: list[list[float]], first: list[float], *, given: bool) -> list[int]:
    """Go on to the nearest point each time; without a start, from wherever that is shortest."""
    count = len(first)
    begins = [min(range(count), key=first.__getitem__)] if given else range(count)
    ways = [_greedy(begin, between) for begin in begins]
    return min(ways, key=lambda way: way_length(way, between, first))


def _greedy(begin: int, between: list[list[float]]) -> list[int]:
    way = [begin]
    left = set(range(len(between))) - {begin}
    while left:
        way.append(min(left, key=lambda point: (between[way[-1]][point], point)))
        left.remove(way[-1])
    return way


def way_length(way: Sequence[int], between: list[list[float]], first: list[float]) -> float:
    return first[way[0]] + sum(between[one][other] for one, other in pairwise(way))


def _improved(way: list[int], between: list[list[float]], first: list[float]) -> list[int]:
    """Turn stretches of the way around for as long as that makes it shorter."""
    length = way_length(way, between, first)
    better = True
    while better:
        better = False
        for begin in range(len(way) - 1):
            for end in range(begin + 2, len(way) + 1):
                turned = way[:begin] + way[begin:end][::-1] + way[end:]
                shorter = way_length(turned, between, first)
                if shorter < length - 1e-6:
                    way, length, better = turned, shorter, True
    return way


def fit(
    visits: Sequence[Visit], travel: Travel, *, start: Point, minutes: int, most: int = MOST_EXACT
) -> list[int]:
    """Return places of visits that fit into the time, in a good order.

    Each time the visit is added that asks for the least way for the time one stays there. On
    foot every leg is one that people walk.
    """
    here = len(visits)
    points = [*(visit.point for visit in visits), start]

    @cache
    def ride(one: int, other: int) -> float:
        leg = leg_between(points[one], points[other], travel)
        return leg.minutes if leg.travel is Travel.WALK or travel is Travel.DRIVE else math.inf

    chosen: list[int] = []
    left = float(minutes)
    while len(chosen) < most:
        found = []
        for number, visit in enumerate(visits):
            if number not in chosen:
                added, at = _cheapest(chosen, number, here, ride)
                if added + visit.minutes <= left:
                    found.append((added / visit.minutes, number, at, added + visit.minutes))
        if not found:
            break
        _share, number, at, spent = min(found)
        chosen.insert(at, number)
        left -= spent
    order = shortest_order([visits[each].point for each in chosen], start=start)
    ways = [chosen, [chosen[each] for each in order]]
    # A ride is faster than a long walk, so that the shortest way may not be the fastest.
    return min(ways, key=lambda way: sum(ride(*leg) for leg in pairwise([here, *way])))


def _cheapest(
    way: list[int], number: int, here: int, ride: Callable[[int, int], float]
) -> tuple[float, int]:
    """Return the minutes that one more stop adds to a way, and where it adds the fewest."""
    ways = []
    for at in range(len(way) + 1):
        before = way[at - 1] if at else here
        added = ride(before, number)
        if at < len(way):
            added += ride(number, way[at])
            added -= ride(before, way[at])
        ways.append((added, at))
    return min(ways)
