import pytest
from django.http import QueryDict

from apps.guide.itineraries import Point, Travel
from apps.guide.wishes import MOST_PLACES, read_wishes


def wishes(query: str):
    return read_wishes(QueryDict(query))


def test_places_come_in_one_value_or_in_several_and_once_each():
    assert wishes("places=a,b,,a&places=c").slugs == ("a", "b", "c")


def test_what_is_no_slug_is_counted_and_left_out():
    read = wishes("places=a,Große+Stadt,../etc,b%00,%27--,c-d")

    assert read.slugs == ("a", "c-d")
    assert read.unread == 4


def test_a_route_holds_so_many_places():
    read = wishes("places=" + ",".join(f"p{n}" for n in range(1000)))

    assert len(read.slugs) == MOST_PLACES
    assert read.left_out == 1000 - MOST_PLACES


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("37.5,127", Point(37.5, 127)),
        (" 37.5 , 127.0 ", Point(37.5, 127)),
        ("-90,180", Point(-90, 180)),
    ],
)
def test_a_position_is_read(text, point):
    assert wishes(f"near={text}").near == point


@pytest.mark.parametrize(
    "text",
    [
        *("91,0", "0,181", "1e308,1", "nan,nan", "inf,0", "37.5", "a,b", "1,2,3", "999999999,1"),
        *(",", "37.5,", "0x10,1", "1" * 400 + ",1"),
    ],
)
def test_what_is_no_position_is_said(text):
    read = wishes(f"near={text}")

    assert read.near is None
    assert read.wrong_near


@pytest.mark.parametrize(
    ("text", "hours"), [("3", 3), ("0", 1), ("99", 12), ("-1", 4), ("x", 4), ("", 4), ("9" * 99, 4)]
)
def test_hours_are_kept_within_a_day_out(text, hours):
    assert wishes(f"hours={text}").hours == hours


def test_an_address_carries_the_wishes_on():
    read = wishes("places=a,b&near=37.5,127&travel=drive&order=given&hours=6&q=x")

    again = read_wishes(QueryDict(read.address()[1:]))
    assert again == read._replace(query="")
    assert read_wishes(QueryDict(read.without("a")[1:])).slugs == ("b",)
    assert read_wishes(QueryDict(read.including("c")[1:])).slugs == ("a", "b", "c")
    assert wishes("travel=rocket").travel is Travel.WALK
