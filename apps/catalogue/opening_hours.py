"""Opening hours as OpenStreetMap and schema.org write them, for places in Korea; pure.

A part of the syntax that covers weekly hours: `Tu-Su 09:00-18:00; Mo off`, seasons in front
(`Nov-Feb Tu-Su 09:00-17:00`), several spans (`10:00-12:00,13:00-17:00`), past midnight
(`18:00-02:00`), always (`24/7`). Of two rules for one day the later one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

KOREA = ZoneInfo("Asia/Seoul")
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MIDNIGHT = 24 * 60
RULE = re.compile(
    r"(?:(?P<months>(?:[A-Z][a-z]{2})(?:[-,][A-Z][a-z]{2})*) *)?"
    r"(?:(?P<days>(?:[A-Z][a-z])(?:[-,][A-Z][a-z])*) *)?"
    r"(?P<times>off|\d.*)"
)
SPAN = re.compile(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)")


class WrongOpeningHours(ValueError):
    """The text is not understood; `part` is the piece that is not."""

    def __init__(self, part: str):
        super().__init__(part)
        self.part = part


class Span(NamedTuple):
    """Minutes of the day; an end after midnight is above 1440."""

    opens: int
    closes: int

    def __str__(self) -> str:
        return f"{_clock(self.opens)}–{_clock(self.closes)}"


class Rule(NamedTuple):
    months: frozenset[int]
    weekdays: frozenset[int]
    spans: tuple[Span, ...]


class Days(NamedTuple):
    """Weekdays (0 is Monday) with the same hours; no spans: closed."""

    weekdays: tuple[int, ...]
    spans: tuple[Span, ...]


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[Rule, ...]:
    """Return the rules of a text; none for "". Raises WrongOpeningHours."""
    return tuple(_rule(part.strip()) for part in text.split(";") if part.strip())


def _rule(part: str) -> Rule:
    if part == "24/7":
        return Rule(frozenset(range(1, 13)), frozenset(range(7)), (Span(0, MIDNIGHT),))
    match = RULE.fullmatch(part)
    if match is None:
        raise WrongOpeningHours(part)
    months = _among(match["months"], MONTHS) if match["months"] else range(12)
    weekdays = _among(match["days"], WEEKDAYS) if match["days"] else range(7)
    return Rule(
        frozenset(month + 1 for month in months), frozenset(weekdays), _spans(match["times"])
    )


def _among(text: str, names: tuple[str, ...]) -> set[int]:
    """Return the places of names in a round, where Fr-Mo goes over the end."""
    found: set[int] = set()
    for part in text.split(","):
        ends = part.split("-")
        if len(ends) > 2 or any(end not in names for end in ends):
            raise WrongOpeningHours(part)
        first, last = names.index(ends[0]), names.index(ends[-1])
        steps = (last - first) % len(names)
        found.update((first + step) % len(names) for step in range(steps + 1))
    return found


def _spans(text: str) -> tuple[Span, ...]:
    if text == "off":
        return ()
    spans = []
    for part in text.split(","):
        match = SPAN.fullmatch(part.strip())
        if match is None:
            raise WrongOpeningHours(part.strip())
        hour, minute, last_hour, last_minute = map(int, match.groups())
        opens, closes = hour * 60 + minute, last_hour * 60 + last_minute
        if opens >= MIDNIGHT or closes > MIDNIGHT or opens == closes:
            raise WrongOpeningHours(part.strip())
        spans.append(Span(opens, closes if closes > opens else closes + MIDNIGHT))
    return tuple(sorted(spans))


def spans_on(text: str, day: date) -> tuple[Span, ...] | None:
    """Return the hours of one day, () where it is closed, None where nothing is known."""
    return _spans_of(parse(text), day.month, day.weekday())


def is_open(text: str, at: datetime) -> bool | None:
    """Say whether a place is open at a moment; None where nothing is known of the day."""
    there = at.astimezone(KOREA)
    minute = there.hour * 60 + there.minute
    late = spans_on(text, there.date() - timedelta(days=1)) or ()
    if any(minute + MIDNIGHT < span.closes for span in late):
        return True
    today = spans_on(text, there.date())
    if today is None:
        return None
    return any(span.opens <= minute < span.closes for span in today)


def next_change(text: str, at: datetime) -> datetime | None:
    """Return when a place next opens or closes, or the next day begins; None without hours."""
    if not text:
        return None
    there = at.astimezone(KOREA)
    minute = there.hour * 60 + there.minute
    edges = {edge for span in spans_on(text, there.date()) or () for edge in span}
    late = spans_on(text, there.date() - timedelta(days=1)) or ()
    edges.update(span.closes - MIDNIGHT for span in late)
    following = min(edge for edge in (*edges, MIDNIGHT) if edge > minute)
    day = there.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(minutes=following)


def week_of(text: str, day: date) -> list[Days]:
    """Return the hours of the season that a day lies in, weekdays of the same hours together.

    They come in the order of the week; days of which nothing is known are left out.
    """
    groups: dict[tuple[Span, ...], list[int]] = {}
    for weekday in range(7):
        spans = _spans_of(parse(text), day.month, weekday)
        if spans is not None:
            groups.setdefault(spans, []).append(weekday)
    return [Days(tuple(weekdays), spans) for spans, weekdays in groups.items()]


def _spans_of(rules: Iterable[Rule], month: int, weekday: int) -> tuple[Span, ...] | None:
    known = None
    for rule in rules:
        if month in rule.months and weekday in rule.weekdays:
            known = rule.spans
    return known


def runs(weekdays: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return neighbouring weekdays as (first, last): Monday, Wednesday to Sunday."""
    found: list[tuple[int, int]] = []
    for weekday in weekdays:
        if found and weekday == found[-1][1] + 1:
            found[-1] = (found[-1][0], weekday)
        else:
            found.append((weekday, weekday))
    return found


def _clock(minutes: int) -> str:
    minutes = minutes if minutes <= MIDNIGHT else minutes - MIDNIGHT
    return f"{minutes // 60:02}:{minutes % 60:02}"
