"""What keeps a landmark from the public pages, and what is worth a second look before."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from apps.catalogue.completeness import missing
from apps.catalogue.models import Landmark


class Gate(NamedTuple):
    """Blockers forbid publication; warnings do not."""

    blockers: list[str]
    warnings: list[str]


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
    if landmark.redirected:
        blockers.append(_("it was merged into another landmark"))
    return Gate(blockers, [lack for lack in missing(facts) if lack not in blockers])
