import itertools
import math
import random

import pytest

from apps.guide.itineraries import (
    DETOUR,
    Point,
    Travel,
    Visit,
    fit,
    great_circle_m,
    leg_between,
    plan,
    shortest_order,
)

SEOUL = Point(37.5665, 126.9780)
BUSAN = Point(35.1796, 129.0756)


def scattered(count: int, seed: int = 1) -> list[Point]:
    chance = random.Random(seed)
    return [Point(chance.uniform(35, 38), chance.uniform(126, 129)) for _ in range(count)]


def length(points: list[Point], order, start: Point | None = None) -> float:
    way = [*([start] if start else []), *(points[each] for each in order)]
    return sum(great_circle_m(one, other) for one, other in itertools.pairwise(way))


def test_great_circle():
    assert great_circle_m(SEOUL, BUSAN) == pytest.approx(325_000, rel=0.01)
    assert great_circle_m(SEOUL, SEOUL) == 0
    # A quarter of the way around the earth, and half of it.
    assert great_circle_m(Point(0, 0), Point(0, 90)) == pytest.approx(10_007_557, rel=1e-4)
    assert great_circle_m(Point(90, 0), Point(-90, 0)) == pytest.approx(20_015_115, rel=1e-4)
    assert great_circle_m(Point(0, 179.9), Point(0, -179.9)) == pytest.approx(22_239, rel=1e-3)


@pytest.mark.parametrize("start", [None, SEOUL])
@pytest.mark.parametrize("seed", range(6))
def test_up_to_nine_points_the_way_is_the_shortest_there_is(seed, start):
    points = scattered(6, seed)

    order = shortest_order(points, start=start)

    best = min(length(points, each, start) for each in itertools.permutations(range(6)))
    assert length(points, order, start) == pytest.approx(best)


@pytest.mark.parametrize("count", [9, 10, 20])
@pytest.mark.parametrize("start", [None, Point(36.5, 126)])
def test_every_point_is_visited_once(count, start):
    assert sorted(shortest_order(scattered(count), start=start)) == list(range(count))


def test_beyond_nine_points_no_turned_stretch_is_shorter():
    points = scattered(20)
    order = shortest_order(points)

    found = length(points, order)
    for begin, end in itertools.combinations(range(21), 2):
        turned = order[:begin] + order[begin:end][::-1] + order[end:]
        assert length(points, turned) >= found - 0.01


def test_points_on_a_line_come_in_its_order():
    points = [Point(35 + each / 10, 127) for each in (7, 2, 9, 0, 4, 1, 8, 3, 6, 5, 11, 10)]

    order = shortest_order(points, start=Point(34, 127))

    assert [points[each].latitude for each in order] == sorted(p.latitude for p in points)


def test_few_points_and_equal_ones():
    assert shortest_order([]) == []
    assert shortest_order([SEOUL]) == [0]
    assert shortest_order([SEOUL] * 5) == [0, 1, 2, 3, 4]
    assert sorted(shortest_order([SEOUL] * 15)) == list(range(15))


@pytest.mark.parametrize(
    ("metres", "travel", "expected"),
    [
        (1000, Travel.WALK, (Travel.WALK, 18)),
        (500, Travel.DRIVE, (Travel.WALK, 9)),
        (9900, Travel.WALK, (Travel.DRIVE, 25)),
        (9900, Travel.DRIVE, (Travel.DRIVE, 25)),
        (0, Travel.WALK, (Travel.WALK, 0)),
    ],
)
def test_a_leg_is_walked_or_driven_at_the_stated_speed(metres, travel, expected):
    # 1000 m as one goes at 4.5 km/h are 13.3 min, so this distance is one without the detour.
    north = metres / 111_195
    leg = leg_between(Point(0, 0), Point(north, 0), travel)

    assert leg.metres == pytest.approx(metres * DETOUR, rel=1e-3)
    assert (leg.travel, leg.minutes) == expected


def test_a_plan_adds_up():
    visits = [Visit(Point(37.50, 127), 30), Visit(Point(37.51, 127), 60)]

    made = plan(visits, Travel.WALK, start=Point(37.49, 127))

    assert len(made.legs) == 2
    assert made.staying == 90
    assert made.minutes == 90 + sum(leg.minutes for leg in made.legs)
    assert plan([], Travel.WALK).minutes == 0


@pytest.mark.parametrize("minutes", [30, 120, 240, 480])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_fitted_into_a_time_fits(minutes, seed):
    chance = random.Random(seed)
    visits = [
        Visit(Point(37.5 + chance.uniform(-0.03, 0.03), 127 + chance.uniform(-0.03, 0.03)), 40)
        for _ in range(40)
    ]
    start = Point(37.5, 127)

    order = fit(visits, Travel.WALK, start=start, minutes=minutes)

    assert plan([visits[each] for each in order], Travel.WALK, start=start).minutes <= minutes
    assert len(set(order)) == len(order)
    assert bool(order) == (minutes >= 120)


def test_more_time_never_means_fewer_places():
    visits = [Visit(Point(37.5 + each / 300, 127), 40) for each in range(12)]
    counts = [
        len(fit(visits, Travel.WALK, start=Point(37.5, 127), minutes=minutes))
        for minutes in range(0, 600, 60)
    ]

    assert counts == sorted(counts)
    assert counts[-1] == 9


def test_the_larger_of_two_places_at_the_same_distance_is_chosen():
    statue, palace = Visit(Point(37.51, 127), 15), Visit(Point(37.49, 127), 90)

    assert fit([statue, palace], Travel.WALK, start=Point(37.5, 127), minutes=115) == [1]


def test_on_foot_nothing_is_chosen_that_asks_for_a_ride():
    far = Visit(Point(37.55, 127), 90)

    assert fit([far], Travel.WALK, start=Point(37.5, 127), minutes=480) == []
    assert fit([far], Travel.DRIVE, start=Point(37.5, 127), minutes=480) == [0]


def test_nothing_fits_where_nothing_is():
    assert fit([], Travel.WALK, start=SEOUL, minutes=240) == []
    assert fit([Visit(BUSAN, 10)], Travel.DRIVE, start=SEOUL, minutes=240) == []
    assert math.isfinite(great_circle_m(Point(90, 180), Point(-90, -180)))
