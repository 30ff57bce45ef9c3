"""New and changed places as Atom feeds, one of each for every language."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.guide.cards import Card, Numbered, cards_under
from apps.guide.kept_pages import keep
from apps.guide.presenting import articles_of
from apps.guide.versions import content_version
from apps.operations.statements import fetch_all

ENTRIES = 50
NEW = """
SELECT id, created_at FROM catalogue_landmark WHERE state = 'published'
 ORDER BY created_at DESC, id DESC LIMIT %(most)s"""
CHANGED = """
SELECT landmark.id, content.changed_at
  FROM catalogue_landmarkcontent content
  JOIN catalogue_landmark landmark
    ON landmark.id = content.landmark_id AND landmark.state = 'published'
 ORDER BY content.changed_at DESC, landmark.id DESC LIMIT %(most)s"""


class AtomFeed(Atom1Feed):
    content_type = "application/atom+xml; charset=utf-8"


class Entry(NamedTuple):
    card: Card
    at: object


@require_safe
def new_places(request: HttpRequest) -> HttpResponse:
    return _feed(request, "guide:new_places", _("New places"), NEW)


@require_safe
def changed_places(request: HttpRequest) -> HttpResponse:
    return _feed(request, "guide:changed_places", _("Changed places"), CHANGED)


def _feed(request: HttpRequest, name: str, title: str, statement: str) -> HttpResponse:
    version = content_version()
    written = _written(request, reverse(name), title, _entries(statement))
    return keep(written, version=version)


def _entries(statement: str) -> list[Entry]:
    rows = fetch_all(statement, {"most": ENTRIES})
    moments = dict(rows)
    cards = cards_under([Numbered("", key) for key in moments], language=get_language())
    return [Entry(card, moments[card.landmark_id]) for card in cards.get("", [])]


def _written(request: HttpRequest, address: str, title: str, entries: list[Entry]) -> HttpResponse:
    absolute, language = request.build_absolute_uri, get_language()
    now = timezone.now()
    texts = articles_of([entry.card.landmark_id for entry in entries], language=language, at=now)
    feed = AtomFeed(
        title=f"{title} · {_('Gilnun')}",
        link=absolute(reverse("guide:landmark_list")),
        description="",
        language=language,
        feed_url=absolute(address),
        feed_guid=absolute(address),
        author_name=_("Gilnun"),
    )
    for entry in entries:
        card = entry.card
        text = texts.get(card.landmark_id)
        feed.add_item(
            title=card.name,
            link=absolute(card.url),
            unique_id=absolute(card.url),
            # Atom wants to know of each text what it is; a sentence is plain.
            description=text.first_sentence if text else card.region,
            updateddate=entry.at,
            author_name=_("Gilnun"),
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=AtomFeed.content_type)
