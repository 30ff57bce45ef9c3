"""A route as a file for navigation apps, map programs and calendars; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

GPX = "http://www.topografix.com/GPX/1/1"
KML = "http://www.opengis.net/kml/2.2"
# What XML 1.0 cannot hold; texts of staff may carry it from elsewhere.
FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FileStop(NamedTuple):
    """One stop; `arrives` and `leaves` are minutes from the start of the route."""

    name: str
    note: str
    url: str
    latitude: float
    longitude: float
    arrives: int
    leaves: int


class FileRoute(NamedTuple):
    title: str
    summary: str
    url: str
    stops: Sequence[FileStop]


class FileKind(NamedTuple):
    content_type: str
    write: Callable[[FileRoute, datetime], bytes]


def gpx(route: FileRoute, begins: datetime) -> bytes:
    """Return GPX 1.1: the stops as waypoints, and in order as a route."""
    root = ElementTree.Element("gpx", version="1.1", creator="Gilnun", xmlns=GPX)
    metadata = ElementTree.SubElement(root, "metadata")
    _text(metadata, "name", route.title)
    _text(metadata, "desc", route.summary)
    _link(metadata, route.url)
    for stop in route.stops:
        _gpx_point(root, "wpt", stop)
    way = ElementTree.SubElement(root, "rte")
    _text(way, "name", route.title)
    for stop in route.stops:
        _gpx_point(way, "rtept", stop)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _gpx_point(parent: ElementTree.Element, tag: str, stop: FileStop) -> None:
    position = {"lat": f"{stop.latitude:.6f}", "lon": f"{stop.longitude:.6f}"}
    point = ElementTree.SubElement(parent, tag, position)
    # The schema fixes the order: name, desc, link.
    _text(point, "name", stop.name)
    _text(point, "desc", stop.note)
    _link(point, stop.url)


def _link(parent: ElementTree.Element, url: str) -> None:
    ElementTree.SubElement(parent, "link", href=_clean(url))


def kml(route: FileRoute, begins: datetime) -> bytes:
    """Return KML 2.2: a placemark for each stop, and the line between them."""
    root = ElementTree.Element("kml", xmlns=KML)
    document = ElementTree.SubElement(root, "Document")
    _text(document, "name", route.title)
    _text(document, "description", route.summary)
    for stop in route.stops:
        mark = ElementTree.SubElement(document, "Placemark")
        _text(mark, "name", stop.name)
        _text(mark, "description", "\n".join(filter(None, (stop.note, stop.url))))
        point = ElementTree.SubElement(mark, "Point")
        _text(point, "coordinates", _kml_position(stop))
    mark = ElementTree.SubElement(document, "Placemark")
    _text(mark, "name", route.title)
    line = ElementTree.SubElement(mark, "LineString")
    _text(line, "tessellate", "1")
    _text(line, "coordinates", " ".join(map(_kml_position, route.stops)))
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _kml_position(stop: FileStop) -> str:
    return f"{stop.longitude:.6f},{stop.latitude:.6f}"


def _text(parent: ElementTree.Element, tag: str, text: str) -> None:
    if text:
        ElementTree.SubElement(parent, tag).text = _clean(text)


def _clean(text: str) -> str:
    return FORBIDDEN.sub("", text)


def ics(route: FileRoute, begins: datetime) -> bytes:
    """Return an iCalendar file with one event for each stop, from the moment it begins.

    Times are in UTC, so that no calendar has to know a time zone. The same route on the same
    day gives the same events: importing twice changes nothing.
    """
    # Here, as its eighty modules would stand in the memory of every web process.
    from icalendar import Calendar, Event, vGeo, vText

    calendar = Calendar()
    calendar.add("prodid", "-//Gilnun//Routes//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", vText(_clean(route.title)))
    for stop in route.stops:
        event = Event()
        begin = begins.astimezone(UTC) + timedelta(minutes=stop.arrives)
        event.add(
            "uid", f"{uuid5(NAMESPACE_URL, f'{route.url} {stop.url} {begins.date()}')}@gilnun"
        )
        event.add("dtstamp", begins.astimezone(UTC))
        event.add("dtstart", begin)
        event.add("dtend", begin + timedelta(minutes=stop.leaves - stop.arrives))
        event.add("summary", _clean(stop.name))
        event.add("description", _clean(stop.note or route.title))
        event.add("geo", vGeo((stop.latitude, stop.longitude)))
        event.add("url", stop.url)
        calendar.add_component(event)
    return calendar.to_ical()


FILES = {
    "gpx": FileKind("application/gpx+xml", gpx),
    "kml": FileKind("application/vnd.google-earth.kml+xml", kml),
    "ics": FileKind("text/calendar; charset=utf-8", ics),
}
