"""What keeps a landmark from the public pages, and what is worth a second look before."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.catalogue.completeness import missing
from apps.catalogue.models import Landmark
from apps.catalogue.photo_texts import lacking


class Gate(NamedTuple):
    """Blockers forbid publication; warnings do not."""

    blockers: list[str]
    warnings: list[str]


def untold(photo: dict) -> str:
    """Say what a photo lacks to be shown to everybody; photo: one of a landmark's `untold`."""
    lacks = lacking(photo["alt_texts"], photo["captions"])
    return _("photo %(photo)s lacks: %(lacks)s") % {"photo": str(photo["pk"])[:8], "lacks": lacks}


def gate(landmark: Landmark) -> Gate:
    """Judge a landmark that was fetched `with_facts` and `with_names`."""
    blockers = []
    facts = landmark.facts
    if not facts.korean_name:
        blockers.append(_("no Korean name"))
    if not facts.coordinates:
        blockers.append(_("no coordinates"))
    if landmark.region.is_too_large:
        blockers.append(_("the region is a whole province: choose a city, county or district"))
    if landmark.uncredited:
        blockers.append(_("a photo lacks the credit that its license asks for"))
    blockers += [untold(photo) for photo in landmark.untold or []]
    if landmark.redirected:
        blockers.append(_("it was merged into another landmark"))
    return Gate(blockers, [lack for lack in missing(facts) if lack not in blockers])
