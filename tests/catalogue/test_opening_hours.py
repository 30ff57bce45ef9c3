from datetime import date, datetime

import pytest

from apps.catalogue.opening_hours import (
    Days,
    Span,
    WrongOpeningHours,
    is_open,
    next_change,
    parse,
    runs,
    spans_on,
    week_of,
)

PALACE = (
    "Mar-May,Sep-Oct We-Mo 09:00-18:00; Jun-Aug We-Mo 09:00-18:30;"
    " Nov-Feb We-Mo 09:00-17:00; Tu off"
)
SATURDAY = date(2026, 11, 28)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+09:00")


@pytest.mark.parametrize(
    ("text", "day", "spans"),
    [
        ("09:00-18:00", SATURDAY, ["09:00–18:00"]),
        ("Mo-Fr 09:00-18:00", SATURDAY, None),
        ("Mo-Fr 09:00-18:00; Sa 10:00-15:00", SATURDAY, ["10:00–15:00"]),
        ("Mo-Su 09:00-18:00; Sa off", SATURDAY, []),
        ("Fr-Mo 09:00-18:00", SATURDAY, ["09:00–18:00"]),
        ("10:00-12:00, 13:00-17:00", SATURDAY, ["10:00–12:00", "13:00–17:00"]),
        ("24/7", SATURDAY, ["00:00–24:00"]),
        ("Nov-Feb Sa,Su 10:00-16:00", SATURDAY, ["10:00–16:00"]),
        ("Mar-Oct 10:00-16:00", SATURDAY, None),
        (PALACE, SATURDAY, ["09:00–17:00"]),
        (PALACE, date(2026, 7, 1), ["09:00–18:30"]),
        (PALACE, date(2026, 11, 24), []),
        ("", SATURDAY, None),
    ],
)
def test_spans_on_a_day(text, day, spans):
    found = spans_on(text, day)

    assert (None if found is None else [str(span) for span in found]) == spans


@pytest.mark.parametrize(
    ("text", "moment", "expected"),
    [
        ("09:00-18:00", "2026-11-28T09:00", True),
        ("09:00-18:00", "2026-11-28T18:00", False),
        ("09:00-18:00", "2026-11-28T08:59", False),
        ("18:00-02:00", "2026-11-28T01:59", True),
        ("18:00-02:00", "2026-11-28T02:00", False),
        ("Fr 18:00-02:00", "2026-11-28T01:00", True),
        ("Fr 18:00-02:00", "2026-11-28T19:00", None),
        ("24/7", "2026-11-28T03:00", True),
        ("", "2026-11-28T03:00", None),
    ],
)
def test_is_open(text, moment, expected):
    assert is_open(text, at(moment)) is expected


def test_is_open_goes_by_the_clock_of_korea():
    assert is_open("09:00-18:00", datetime.fromisoformat("2026-11-28T00:30:00+00:00"))


@pytest.mark.parametrize(
    "text",
    [
        *("open", "Mo", "09:00", "9-18", "Xx 09:00-18:00", "Mo-Tu-We 09:00-18:00"),
        *("25:00-26:00", "09:00-24:30", "09:00-09:00", "Mo 09:00-18:00, Tu", "09:60-10:00"),
        *("Dez 09:00-18:00", "매일 09:00-18:00", "24/7 off", "off off", "\x00"),
    ],
)
def test_what_is_not_understood_is_named(text):
    with pytest.raises(WrongOpeningHours) as wrong:
        parse(text)

    assert wrong.value.part in text


def test_week_of_puts_days_of_the_same_hours_together():
    assert week_of(PALACE, SATURDAY) == [
        Days((0, 2, 3, 4, 5, 6), (Span(540, 1020),)),
        Days((1,), ()),
    ]
    # The last week of February reaches into March: one season is shown.
    assert week_of("Feb 10:00-16:00; Mar 10:00-17:00", date(2026, 2, 28)) == [
        Days((0, 1, 2, 3, 4, 5, 6), (Span(600, 960),))
    ]


def test_runs_of_weekdays():
    assert runs((0, 2, 3, 4, 6)) == [(0, 0), (2, 4), (6, 6)]


@pytest.mark.parametrize(
    ("text", "moment", "expected"),
    [
        ("09:00-18:00", "2026-11-24T08:59", "2026-11-24T09:00"),
        ("09:00-18:00", "2026-11-24T09:00", "2026-11-24T18:00"),
        ("10:00-12:00,13:00-17:00", "2026-11-24T12:30", "2026-11-24T13:00"),
        # What holds on another day begins with it.
        ("09:00-18:00", "2026-11-24T18:00", "2026-11-25T00:00"),
        ("Mo off", "2026-11-24T10:00", "2026-11-25T00:00"),
        ("18:00-02:00", "2026-11-24T19:00", "2026-11-25T00:00"),
        ("18:00-02:00", "2026-11-25T00:30", "2026-11-25T02:00"),
    ],
)
def test_next_change_is_when_the_page_says_something_else(text, moment, expected):
    assert next_change(text, at(moment)) == at(expected)


def test_next_change_never_comes_where_nothing_is_known():
    assert next_change("", at("2026-11-24T10:00")) is None
