"""How complete the entry of a landmark is; pure, but for the words it uses."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _


class Facts(NamedTuple):
    """What an entry has; each counts the same."""

    coordinates: bool
    address: bool
    korean_name: bool
    english_name: bool
    photo: bool
    korean_text: bool
    english_text: bool


MISSING = {
    "coordinates": _("no coordinates"),
    "address": _("no address"),
    "korean_name": _("no Korean name"),
    "english_name": _("no English name"),
    "photo": _("no photo to show"),
    "korean_text": _("no Korean text"),
    "english_text": _("no English text"),
}


def completeness(facts: Facts) -> int:
    """Return how much of an entry is there, in percent."""
    return round(100 * sum(facts) / len(facts))


def missing(facts: Facts) -> list[str]:
    """Return what an entry lacks, in the words of the visitor's language."""
    return [str(MISSING[name]) for name, has in facts._asdict().items() if not has]
