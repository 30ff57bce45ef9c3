"""What the first page shows below its greeting."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.catalogue.models import Landmark, Photo
from apps.guide.cards import Card, Numbered, cards_under
from apps.guide.finding import find
from apps.guide.place_query import PlaceQuery
from apps.guide.presenting import DRAWN
from apps.guide.samples import home_samples
from apps.operations.statements import fetch_all

PLACES, FRESH = "places", "fresh"
PLACES_SHOWN = 8
FRESH_SHOWN = 6
# The newest text of a landmark stands for it.
FRESH_TEXTS = """
SELECT landmark_id, title, published_at FROM (
    SELECT DISTINCT ON (article.landmark_id) article.landmark_id, article.title, published_at
      FROM (SELECT * FROM guide_article
             WHERE state = 'published' AND published_at <= %(at)s AND language = %(language)s
             ORDER BY published_at DESC, id DESC LIMIT 100) article
      JOIN catalogue_landmark landmark
        ON landmark.id = article.landmark_id AND landmark.state = 'published'
     ORDER BY article.landmark_id, published_at DESC) newest
 ORDER BY published_at DESC, landmark_id DESC
 LIMIT %(limit)s"""


class FreshText(NamedTuple):
    """A text that went live lately, and the place that it is about."""

    title: str
    card: Card


def home_places(language: str, *, version: str) -> dict:
    """Return what the template of the first page needs: a fixed number of queries."""
    now = timezone.now()
    known = known_landmarks()
    found = find(PlaceQuery(), language=language, at=now, version=version)
    first = list(known)[:PLACES_SHOWN] or found.landmarks[:PLACES_SHOWN].tolist()
    fresh = fetch_all(FRESH_TEXTS, {"at": now, "language": language, "limit": FRESH_SHOWN})
    cards = cards_under(
        [
            *(Numbered(PLACES, each) for each in first),
            *(Numbered(FRESH, landmark) for landmark, *_ in fresh),
        ],
        language=language,
    )
    titles = {landmark: title for landmark, title, _ in fresh}
    return {
        "cards": cards.get(PLACES, []),
        "fresh": [FreshText(titles[card.landmark_id], card) for card in cards.get(FRESH, [])],
        "facets": found.facets,
        "known": len(known),
        "seen_in_photos": sum(known.values()),
        "all_places": len(found.landmarks),
        "samples": home_samples(language),
    }


def known_landmarks() -> dict[int, bool]:
    """Return the published landmarks that recognition has pictures of, and if any is a photo."""
    references = Photo.objects.references().filter(landmark=OuterRef("pk"))
    known = Landmark.objects.published().filter(Exists(references)).order_by("slug")
    seen = Exists(references.exclude(source=DRAWN))
    return dict(known.annotate(seen_in_photos=seen).values_list("pk", "seen_in_photos"))
