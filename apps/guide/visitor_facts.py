"""What a visitor asks of a place before going: hours, fee, the way there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from apps.catalogue.models import Landmark
from apps.catalogue.opening_hours import KOREA, MIDNIGHT, Days, Span, is_open, runs, week_of

ALL_DAY = (Span(0, MIDNIGHT),)
FIRST_LANGUAGE = "ko"


class Fact(NamedTuple):
    """One line of the facts: its label, what it says, and where it leads.

    passing: its first line holds at the moment only, and is nothing for paper.
    """

    label: str
    lines: list[str]
    link: str = ""
    passing: bool = False


def facts_of(
    landmark: Landmark, notes_about: Iterable, *, language: str, at: datetime
) -> list[Fact]:
    """Return what is known of a landmark in the words of a language.

    notes_about: the notes of the landmark; each has a kind, a language and a text.
    """
    notes = {
        (note.kind, note.language): note.text
        for note in notes_about
        if note.language in (language, FIRST_LANGUAGE)
    }

    def with_note(lines: list[str], kind: str) -> list[str]:
        note = notes.get((kind, language)) or notes.get((kind, FIRST_LANGUAGE))
        return [*lines, note] if note else lines

    hours = opening_lines(landmark.opening_hours, at)
    passing = bool(hours) and hours[0] in (_("Open now"), _("Closed now"))
    facts = [
        Fact(_("Opening hours"), with_note(hours, "opening"), passing=passing),
        Fact(_("Fee"), with_note(_fee(landmark.adult_fee), "fee")),
        Fact(_("Getting there"), with_note([], "access")),
        Fact(_("With a wheelchair"), [landmark.get_wheelchair_display()]),
        Fact(_("Telephone"), [landmark.phone], f"tel:{landmark.phone}"),
        Fact(_("Website"), [_host(landmark.website)], landmark.website),
    ]
    return [fact for fact in facts if any(fact.lines)]


def opening_lines(text: str, at: datetime) -> list[str]:
    """Return hours as a person reads them, what holds at the moment first; [] without any."""
    week = week_of(text, at.astimezone(KOREA).date())
    if not week:
        return []
    if week == [Days(tuple(range(7)), ALL_DAY)]:
        return [_("Always open")]
    now = is_open(text, at)
    told = [] if now is None else [_("Open now") if now else _("Closed now")]
    return [*told, *(f"{_days(days.weekdays)} {_spans(days.spans)}" for days in week)]


def _days(weekdays: tuple[int, ...]) -> str:
    if len(weekdays) == 7:
        return _("Daily")
    return ", ".join(
        str(WEEKDAYS_ABBR[first])
        if first == last
        else f"{WEEKDAYS_ABBR[first]}–{WEEKDAYS_ABBR[last]}"
        for first, last in runs(weekdays)
    )


def _spans(spans: tuple[Span, ...]) -> str:
    return ", ".join(map(str, spans)) if spans else _("closed")


def _fee(won: int | None) -> list[str]:
    if won is None:
        return []
    if won == 0:
        return [_("Free")]
    return [_("%(won)s won for an adult") % {"won": number_format(won, force_grouping=True)}]


def _host(address: str) -> str:
    return address.split("//", 1)[-1].strip("/").removeprefix("www.")
