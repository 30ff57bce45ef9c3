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
from django.http import HttpRequest, QueryDict
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


class Asked(NamedTuple):
    """Which page a request asks for: by its number, or by where another one ended."""

    order: Order
    size: int
    number: int | None
    cursor: Cursor | None

    @classmethod
    def by(cls, query: QueryDict, order: Order) -> Asked:
        """Raises ParameterRefused."""
        size = page_size_of(query)
        cursor = text_of(query, "cursor")
        if not text_of(query, "page"):
            return cls(order, size, None, _read(cursor, order))
        if cursor:
            detail = _("Send either page or cursor.")
            raise ParameterRefused("cursor", "page_and_cursor", detail)
        number = whole_number_of(query, "page", default=1, smallest=1, largest=LAST_PAGE)
        return cls(order, size, number, None)

    @property
    def backwards(self) -> bool:
        return self.cursor is not None and self.cursor.backwards

    @property
    def columns(self) -> list[str]:
        """What is selected of each row."""
        counted = [] if self.number is None else ["count"]
        return [*dict.fromkeys([*self.order.keys, "pk"]), *counted]

    def of(self, rows: QuerySet) -> QuerySet:
        """Return the `columns` of the page's rows; by a cursor, one row more where there is one.

        rows: with the sort keys as columns or annotations.
        """
        if self.number is not None:
            counted = rows.annotate(count=Window(Count("*"))).order_by(*self.order.keys)
            first = (self.number - 1) * self.size
            return counted.values_list(*self.columns)[first : first + self.size]
        if self.cursor is not None:
            beyond = _beyond(self.order.keys, self.cursor.values, backwards=self.backwards)
            rows = rows.filter(beyond)
        signs = [f"-{key}" if self.backwards else key for key in self.order.keys]
        return rows.order_by(*signs).values_list(*self.columns)[: self.size + 1]

    def page(
        self, request: HttpRequest, found: list[tuple], *, base: str, until: float | None = None
    ) -> Page:
        """Return the page of the rows that were found; where there are others says the request.

        until: the list ends before rows whose first sort value is greater. Raises NotFound.
        """
        if self.number is not None:
            return self._numbered(request, found, base)
        if until is not None:
            found = [row for row in found if row[0] <= until]
        more, found = len(found) > self.size, found[: self.size]
        if self.backwards:
            found.reverse()
        width = len(self.order.keys)
        before = found and (more if self.backwards else self.cursor is not None)
        after = found and (True if self.backwards else more)

        def link(row: tuple, way: bool) -> str:
            cursor = write_cursor(Cursor(list(row[:width]), way), self.order)
            return _link(request, base, cursor=cursor)

        return Page(
            found,
            link(found[-1], False) if after else None,
            link(found[0], True) if before else None,
        )

    def _numbered(self, request: HttpRequest, found: list[tuple], base: str) -> Page:
        number = self.number
        if not found and number > 1:
            raise NotFound
        count = found[0][-1] if found else 0
        return Page(
            [row[:-1] for row in found],
            _link(request, base, page=number + 1) if number * self.size < count else None,
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
