"""The files of a route, read by programs that others wrote."""

from datetime import datetime
from xml.etree import ElementTree

import gpxpy
import pytest
from icalendar import Calendar

from apps.guide.route_files import FILES, FileRoute, FileStop, gpx, ics, kml

BEGINS = datetime.fromisoformat("2026-12-05T09:00:00+09:00")
KML = "{http://www.opengis.net/kml/2.2}"
HOSTILE = 'A & B <c> "d" \x0b\x00 ]]> 첨성대; a,b\nnew'
ROUTE = FileRoute(
    title="경주, 하루",
    summary="신라를 만납니다.",
    url="https://gilnun.example/routes/gyeongju/",
    stops=[
        FileStop("첨성대", "별을 봅니다.", "https://g.example/1/", 35.834696, 129.218994, 0, 30),
        FileStop("불국사", "", "https://g.example/2/", 35.790103, 129.332078, 55, 145),
    ],
)


def hostile() -> FileRoute:
    stop = ROUTE.stops[0]._replace(name=HOSTILE, note=HOSTILE * 20)
    return ROUTE._replace(title=HOSTILE, summary=HOSTILE, stops=[stop])


def test_gpx_is_read_by_another_program():
    read = gpxpy.parse(gpx(ROUTE, BEGINS).decode())

    assert read.name == "경주, 하루"
    assert [point.name for point in read.waypoints] == ["첨성대", "불국사"]
    assert [(p.latitude, p.longitude) for p in read.routes[0].points] == [
        (35.834696, 129.218994),
        (35.790103, 129.332078),
    ]
    assert read.waypoints[0].description == "별을 봅니다."
    assert read.waypoints[1].link == "https://g.example/2/"


def test_gpx_keeps_the_order_of_elements_that_its_schema_asks_for():
    root = ElementTree.fromstring(gpx(ROUTE, BEGINS))

    def names(element):
        return [child.tag.removeprefix("{http://www.topografix.com/GPX/1/1}") for child in element]

    assert names(root) == ["metadata", "wpt", "wpt", "rte"]
    assert names(root[0]) == ["name", "desc", "link"]
    assert names(root[1]) == ["name", "desc", "link"]
    assert names(root[3]) == ["name", "rtept", "rtept"]
    assert (root.get("version"), bool(root.get("creator"))) == ("1.1", True)


def test_kml_has_a_mark_for_each_stop_and_the_line_between():
    document = ElementTree.fromstring(kml(ROUTE, BEGINS))[0]
    marks = document.findall(f"{KML}Placemark")

    assert [mark.find(f"{KML}name").text for mark in marks] == ["첨성대", "불국사", "경주, 하루"]
    # Longitude first, as KML has it.
    assert marks[0].find(f"{KML}Point/{KML}coordinates").text == "129.218994,35.834696"
    line = marks[2].find(f"{KML}LineString/{KML}coordinates").text
    assert line == "129.218994,35.834696 129.332078,35.790103"


def test_ics_has_an_event_for_each_stop_at_its_time():
    content = ics(ROUTE, BEGINS)
    events = Calendar.from_ical(content).walk("VEVENT")

    assert [str(event["summary"]) for event in events] == ["첨성대", "불국사"]
    assert [event.decoded("dtstart").isoformat() for event in events] == [
        "2026-12-05T00:00:00+00:00",
        "2026-12-05T00:55:00+00:00",
    ]
    assert events[1].decoded("dtend").isoformat() == "2026-12-05T02:25:00+00:00"
    # What RFC 5545 asks of every line and every calendar, read without the library.
    lines = content.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR" and lines[-2:] == [b"END:VCALENDAR", b""]
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    assert sum(line.startswith(b"UID:") for line in lines) == 2
    assert b"VERSION:2.0" in lines


def test_the_same_route_on_the_same_day_is_the_same_events():
    def keys(begins):
        return [str(e["uid"]) for e in Calendar.from_ical(ics(ROUTE, begins)).walk("VEVENT")]

    assert keys(BEGINS) == keys(BEGINS.replace(hour=10))
    assert set(keys(BEGINS)).isdisjoint(keys(BEGINS.replace(day=6)))


@pytest.mark.parametrize("kind", FILES)
def test_any_text_makes_a_file_that_can_be_read(kind):
    content = FILES[kind].write(hostile(), BEGINS)

    if kind == "ics":
        event = Calendar.from_ical(content).walk("VEVENT")[0]
        assert "첨성대; a,b" in str(event["summary"])
    else:
        assert "첨성대; a,b" in "".join(ElementTree.fromstring(content).itertext())
