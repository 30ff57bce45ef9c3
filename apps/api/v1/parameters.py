"""What stands in the query of an address: read, or refused with a code and the field."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from datetime import UTC, datetime, time
from typing import NamedTuple

from django.http import QueryDict
from django.utils import translation
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

LONGEST_QUERY = 100
PAGE_SIZE = 20
LARGEST_PAGE = 200
RADIUS_M = 30_000
LARGEST_RADIUS_M = 500_000
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
DIGITS = re.compile(r"[0-9]{1,18}")


class ParameterRefused(APIException):
    """One value of the query cannot be used."""

    status_code = 400

    def __init__(self, field: str, code: str, detail: str):
        super().__init__(detail, code)
        self.members = {"field": field}


class Near(NamedTuple):
    latitude: float
    longitude: float
    radius_m: float


class Box(NamedTuple):
    """Degrees; west is greater than east where the box crosses the 180th meridian."""

    west: float
    south: float
    east: float
    north: float


def text_of(query: QueryDict, name: str) -> str:
    """Return a value without spaces around it; "" where it is empty or not there."""
    value = query.get(name, "").strip()
    # PostgreSQL takes no NUL in a text.
    if "\x00" in value:
        raise ParameterRefused(name, "invalid_value", _("This is not a text."))
    return value


def search_of(query: QueryDict) -> str:
    text = text_of(query, "search")
    if len(text) > LONGEST_QUERY:
        detail = _("A search has at most %(count)d letters.") % {"count": LONGEST_QUERY}
        raise ParameterRefused("search", "too_long", detail)
    return text


def whole_number_of(
    query: QueryDict, name: str, *, default: int, smallest: int, largest: int
) -> int:
    """Return a whole number between two others. Raises ParameterRefused."""
    text = text_of(query, name)
    if not text:
        return default
    if not DIGITS.fullmatch(text) or not smallest <= int(text) <= largest:
        detail = _("Send a whole number from %(smallest)d to %(largest)d.") % {
            "smallest": smallest,
            "largest": largest,
        }
        raise ParameterRefused(name, "out_of_range", detail)
    return int(text)


def page_size_of(query: QueryDict) -> int:
    return whole_number_of(query, "page_size", default=PAGE_SIZE, smallest=1, largest=LARGEST_PAGE)


def near_of(query: QueryDict) -> Near | None:
    """Return `near=latitude,longitude` with `radius_m`. Raises ParameterRefused."""
    text = text_of(query, "near")
    radius = text_of(query, "radius_m")
    if not text:
        if radius:
            detail = _("radius_m goes with near.")
            raise ParameterRefused("radius_m", "missing_near", detail)
        return None
    values = _numbers(text)
    if len(values) != 2 or not (abs(values[0]) <= 90 and abs(values[1]) <= 180):
        detail = _("Send near=latitude,longitude in degrees.")
        raise ParameterRefused("near", "invalid_position", detail)
    metres = _numbers(radius) if radius else [float(RADIUS_M)]
    if len(metres) != 1 or not 0 < metres[0] <= LARGEST_RADIUS_M:
        detail = _("Send a radius of at most %(metres)d metres.") % {"metres": LARGEST_RADIUS_M}
        raise ParameterRefused("radius_m", "out_of_range", detail)
    return Near(*values, *metres)


def box_of(query: QueryDict) -> Box | None:
    """Return `bbox=west,south,east,north`. Raises ParameterRefused."""
    text = text_of(query, "bbox")
    if not text:
        return None
    values = _numbers(text)
    if len(values) == 4:
        box = Box(*values)
        inside = max(abs(box.west), abs(box.east)) <= 180 and max(map(abs, box[1::2])) <= 90
        if inside and box.south <= box.north:
            return box
    detail = _("Send bbox=west,south,east,north in degrees.")
    raise ParameterRefused("bbox", "invalid_bbox", detail)


def _numbers(text: str) -> list[float]:
    """Return the numbers between commas; nothing where one of them is none."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return []
    return values if all(math.isfinite(value) for value in values) else []


def moment_of(query: QueryDict, name: str) -> datetime | None:
    """Return a time, or the beginning of a day, in UTC where it names no zone."""
    # A plus sign that was not escaped arrives as a space.
    text = text_of(query, name).replace(" ", "+")
    if not text:
        return None
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)):
            found = datetime.combine(day, time())
        if found is not None:
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    detail = _("Send a time such as 2026-11-01T00:00:00Z.")
    raise ParameterRefused(name, "invalid_time", detail)


def language_of(query: QueryDict) -> str:
    """Return the language of `lang`, else the one that the request prefers."""
    text = text_of(query, "lang")
    if not text:
        return translation.get_language()
    if not LANGUAGE.fullmatch(text) or len(text) > 10:
        detail = _("Send a language such as ko or en.")
        raise ParameterRefused("lang", "unknown_language", detail)
    return text.lower()


def fields_of(query: QueryDict, known: Collection[str]) -> list[str]:
    """Return id and the fields asked for, in their usual order; all where none is named."""
    text = text_of(query, "fields")
    if not text:
        return list(known)
    asked = {name.strip() for name in text.split(",")} - {""}
    if not asked or not asked <= {*known}:
        detail = _("Known fields: %(names)s.") % {"names": ", ".join(known)}
        raise ParameterRefused("fields", "unknown_field", detail)
    return [name for name in known if name in asked | {"id"}]


def choice_of(query: QueryDict, name: str, known: Collection[str]) -> str:
    """Return one of some values, "" where none is asked for."""
    text = text_of(query, name)
    if text and text not in known:
        raise unknown_value(name, text)
    return text


def unknown_value(name: str, value: str) -> ParameterRefused:
    detail = _("There is no “%(value)s”.") % {"value": value[:100]}
    return ParameterRefused(name, "unknown_value", detail)
