"""What is offered where a place is not, or no longer, in the guide."""

from __future__ import annotations

from django.db.models import Value
from django.http import Http404

from apps.catalogue.models import Landmark, LandmarkNote
from apps.catalogue.models.landmark import EarthPoint
from apps.guide.cards import Card, Numbered, cards_of, cards_under
from apps.guide.finding import suggest_names
from apps.guide.nearby import EarthDistance, box_around
from apps.guide.place_query import LONGEST_QUERY
from apps.guide.presenting import FIRST_LANGUAGE

OFFERED = 4
NEAR_M = 30_000


class NoSuchPlace(Http404):
    """No landmark has, or had, the slug of an address."""

    def __init__(self, slug: str):
        super().__init__(slug)
        self.slug = slug


def places_called_like(slug: str, *, language: str) -> list[Card]:
    """Return places whose names are like the words of an address: two queries."""
    words = slug.replace("-", " ")[:LONGEST_QUERY].strip()
    return suggest_names(words, language=language)[:OFFERED] if words else []


def places_instead_of(gone: Landmark, *, language: str) -> list[Card]:
    """Return the nearest places to a withdrawn one, else some of its region: two queries."""
    published = Landmark.objects.published()
    if gone.latitude is None:
        others = published.filter(region=gone.region).order_by("slug")
        return cards_of(list(others.values_list("pk", flat=True)[:OFFERED]), language=language)
    metres = EarthDistance(
        EarthPoint(Value(gone.latitude), Value(gone.longitude)),
        EarthPoint("latitude", "longitude"),
    )
    near = (
        published.filter(**box_around(gone.latitude, gone.longitude, NEAR_M))
        .annotate(metres=metres)
        .order_by("metres", "slug")
        .values_list("pk", "metres")
    )
    chosen = [Numbered("", *each) for each in near[:OFFERED]]
    return cards_under(chosen, language=language).get("", [])


def reason_for_withdrawal(gone: Landmark, *, language: str) -> LandmarkNote | None:
    """Return what the editors tell visitors, in their language or in Korean; they need not."""
    notes = gone.notes.filter(
        kind=LandmarkNote.Kind.WITHDRAWN, language__in=[language, FIRST_LANGUAGE]
    )
    return min(notes, key=lambda note: note.language != language, default=None)
