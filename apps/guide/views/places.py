"""Home and the list of places."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from apps.catalogue.models import Landmark, Photo
from apps.guide.cards import cards_of
from apps.guide.presenting import DRAWN
from apps.guide.samples import home_samples

PAGE_SIZE = 24
HOME_PLACES = 12
LONGEST_QUERY = 100


@require_safe
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    language = get_language()
    known = known_landmarks()
    seen_in_photos = known.filter(
        Exists(Photo.objects.references().filter(landmark=OuterRef("pk")).exclude(source=DRAWN))
    )
    first = list(by_name(known, language).values_list("pk", flat=True)[:HOME_PLACES])
    if not first:
        published = Landmark.objects.published().order_by("slug")
        first = list(published.values_list("pk", flat=True)[:HOME_PLACES])
    return render(
        request,
        "guide/home.html",
        {
            "cards": cards_of(first, language=language),
            "known": known.count(),
            "seen_in_photos": seen_in_photos.count(),
            "all_places": Landmark.objects.published().count(),
            "samples": home_samples(language),
        },
    )


def known_landmarks() -> QuerySet[Landmark]:
    """Published landmarks that recognition has at least one picture of."""
    references = Photo.objects.references().filter(landmark=OuterRef("pk"))
    return Landmark.objects.published().filter(Exists(references))


@require_safe
def landmark_list(request: HttpRequest) -> HttpResponse:
    # PostgreSQL takes no NUL in a text.
    query = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    landmarks = Landmark.objects.published()
    landmarks = landmarks.search(query) if query else by_name(landmarks, get_language())
    found = Paginator(landmarks.values_list("pk", flat=True), PAGE_SIZE)
    page = found.get_page(request.GET.get("page"))
    cards = cards_of(list(page.object_list), language=get_language())
    return render(
        request, "guide/landmark_list.html", {"query": query, "page": page, "cards": cards}
    )


def by_name(landmarks: QuerySet[Landmark], language: str) -> QuerySet[Landmark]:
    """Sort by the official name in a language; places without one come last, by slug."""
    official = Q(names__language=language, names__kind="official")
    named = landmarks.annotate(official=FilteredRelation("names", condition=official))
    return named.order_by(F("official__text").asc(nulls_last=True), "slug")
