"""Pages of a list: by number for people, by cursor for machines.

A cursor holds the sort values of the row at which a page ends, so that the thousandth page costs
what the first one does.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from django.db.models import Count, Q, QuerySet, Window
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound

from apps.api.v1.parameters import ParameterRefused, page_size_of, text_of, whole_number_of

LAST_PAGE = 1_000_000


class Order(NamedTuple):
    """What a list is sorted by. name goes into the cursor; the last key is unique."""

    name: str
    keys: tuple[str, ...]


class Page(NamedTuple):
    """Rows as tuples of their sort values and their key. count: only with page numbers."""

    rows: list[tuple]
    next: str | None
    previous: str | None
    count: int | None = None


class Cursor(NamedTuple):
    """Rows after a row with these sort values, or before it."""

    values: list
    backwards: bool


def page_of(
    request: HttpRequest, rows: QuerySet, order: Order, *, base: str, until: float | None = None
) -> Page:
    """Return the page that a request asks for, in one statement.

    rows: with the sort keys as columns or annotations. until: the list ends before rows whose
    first sort value is greater; page numbers count `rows` as they are. Raises ParameterRefused
    and NotFound.
    """
    query = request.GET
    size = page_size_of(query)
    if text_of(query, "page"):
        if text_of(query, "cursor"):
            detail = _("Send either page or cursor.")
            raise ParameterRefused("cursor", "page_and_cursor", detail)
        return _numbered(request, rows, order, size, base)
    cursor = _read(text_of(query, "cursor"), order)
    backwards = cursor is not None and cursor.backwards
    if cursor is not None:
        rows = rows.filter(_beyond(order.keys, cursor.values, backwards=backwards))
    signs = [f"-{key}" if backwards else key for key in order.keys]
    found = list(rows.order_by(*signs).values_list(*order.keys, "pk")[: size + 1])
    if until is not None:
        found = [row for row in found if row[0] <= until]
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    width = len(order.keys)
    before = found and (more if backwards else cursor is not None)
    after = found and (True if backwards else more)

    def link(row: tuple, way: bool) -> str:
        return _link(request, base, cursor=write_cursor(Cursor(list(row[:width]), way), order))

    return Page(
        found,
        link(found[-1], False) if after else None,
        link(found[0], True) if before else None,
    )


def _numbered(request: HttpRequest, rows: QuerySet, order: Order, size: int, base: str) -> Page:
    number = whole_number_of(request.GET, "page", default=1, smallest=1, largest=LAST_PAGE)
    counted = rows.annotate(count=Window(Count("*"))).order_by(*order.keys)
    ordered = counted.values_list(*order.keys, "pk", "count")
    found = list(ordered[(number - 1) * size : number * size])
    if not found and number > 1:
        raise NotFound
    count = found[0][-1] if found else 0
    return Page(
        [row[:-1] for row in found],
        _link(request, base, page=number + 1) if number * size < count else None,
        _link(request, base, page=number - 1) if number > 1 else None,
        count,
    )


def _link(request: HttpRequest, base: str, **changed: object) -> str:
    query = request.GET.copy()
    for name, value in changed.items():
        query[name] = str(value)
    return f"{base}{urlsplit(request.path).path}?{query.urlencode(safe=',:')}"


def _beyond(keys: Sequence[str], values: Sequence, *, backwards: bool) -> Q:
    """Rows whose sort values come after some, or before them."""
    sign = "lt" if backwards else "gt"
    wanted, same = Q(), Q()
    for key, value in zip(keys, values, strict=True):
        wanted |= same & Q(**{f"{key}__{sign}": value})
        same &= Q(**{key: value})
    return wanted


def write_cursor(cursor: Cursor, order: Order) -> str:
    """Return a cursor as the text that stands in addresses."""
    text = json.dumps([order.name, int(cursor.backwards), *cursor.values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(text: str, order: Order) -> Cursor | None:
    if not text:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        name, backwards, *values = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, TypeError) as error:
        raise _refused() from error
    fits = name == order.name and backwards in (0, 1) and len(values) == len(order.keys)
    if not fits or not all(map(_is_key, values, order.keys)):
        raise _refused()
    return Cursor(values, bool(backwards))


def _is_key(value: object, key: str) -> bool:
    if key == "slug":
        return isinstance(value, str) and "\x00" not in value
    if key == "pk":
        return type(value) is int and abs(value) < 2**63
    return type(value) in (int, float) and math.isfinite(value)


def _refused() -> ParameterRefused:
    detail = _("This is no cursor of this list; begin without one.")
    return ParameterRefused("cursor", "invalid_cursor", detail)
