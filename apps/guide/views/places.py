"""Home, the list of places and the page of one."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from apps.catalogue.models import Landmark, LandmarkName, Photo
from apps.catalogue.services import redirect_for
from apps.guide.models import Route, RouteText
from apps.guide.nearby import near_landmark
from apps.guide.presenting import (
    DRAWN,
    articles_of,
    covers_of,
    other_name_of,
    present,
    region_text,
)
from apps.guide.samples import home_samples
from apps.guide.sketch import Sketch, sketch_of
from apps.guide.trips import point_of
from apps.guide.visitor_facts import facts_of

PAGE_SIZE = 24
HOME_PLACES = 12
LONGEST_QUERY = 100
# A place without a picture shows where in its province it lies.
PLACE_SPAN_M = 25_000


@require_safe
@ensure_csrf_cookie
def home(request: HttpRequest) -> HttpResponse:
    language = get_language()
    known = known_landmarks()
    seen_in_photos = known.filter(
        Exists(Photo.objects.references().filter(landmark=OuterRef("pk")).exclude(source=DRAWN))
    )
    first = list(by_name(known.with_names(), language)[:HOME_PLACES])
    if not first:
        first = list(Landmark.objects.published().with_names().order_by("slug")[:HOME_PLACES])
    return render(
        request,
        "guide/home.html",
        {
            "places": present(first, language=language, at=timezone.now()),
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
    page = Paginator(landmarks.with_names(), PAGE_SIZE).get_page(request.GET.get("page"))
    places = present(list(page.object_list), language=get_language(), at=timezone.now())
    return render(
        request, "guide/landmark_list.html", {"query": query, "page": page, "places": places}
    )


def by_name(landmarks: QuerySet[Landmark], language: str) -> QuerySet[Landmark]:
    """Sort by the official name in a language; places without one come last, by slug."""
    official = Q(names__language=language, names__kind="official")
    named = landmarks.annotate(official=FilteredRelation("names", condition=official))
    return named.order_by(F("official__text").asc(nulls_last=True), "slug")


@require_safe
def landmark(request: HttpRequest, slug: str) -> HttpResponse:
    language = get_language()
    published = Landmark.objects.published().with_names().with_photos()
    found = published.select_related("parent").filter(slug=slug).first()
    if found is None:
        return _moved(slug)
    other_name, other_language = other_name_of(found, language)
    parent = found.parent if found.parent and found.parent.state == "published" else None
    parts = list(found.parts.published().with_names().order_by("slug"))
    cover = covers_of([found]).get(found.pk)
    return render(
        request,
        "guide/landmark_detail.html",
        {
            "landmark": found,
            "name": found.name_in(language),
            "other_name": other_name,
            "other_language": other_language,
            "aliases": names_of(found, "alias", language),
            "former": names_of(found, "former", language),
            "region": region_text(found, language),
            "categories": [node.name_in(language) for node in found.category.chain()],
            "article": articles_of([found], language=language, at=timezone.now()).get(found.pk),
            "cover": cover,
            "more_photos": [photo for photo in found.shown_photos if photo != cover],
            "drawn": DRAWN,
            "parent": parent,
            "parts": present(parts, language=language, at=timezone.now()),
            "facts": facts_of(found, language=language, at=timezone.now()),
            "sketch": None if cover else sketch_of_place(found),
            "near": near_landmark(found),
            "routes": texts_of_routes_through(found, language),
        },
    )


def names_of(landmark: Landmark, kind: str, language: str) -> list[LandmarkName]:
    """Return other names in the visitor's language, and the Korean ones that signs carry."""
    names = [each for each in landmark.names.all() if each.kind == kind]
    return [each for each in names if each.language == language != "ko"] + [
        each for each in names if each.language == "ko"
    ]


def sketch_of_place(landmark: Landmark) -> Sketch | None:
    """Return the drawing that stands where a place has no picture."""
    if landmark.latitude is None:
        return None
    return sketch_of([point_of(landmark)], span_m=PLACE_SPAN_M)


def texts_of_routes_through(landmark: Landmark, language: str) -> list[RouteText]:
    """Return the text of each published route through a place: in the language, else Korean."""
    texts = RouteText.objects.filter(
        route__in=Route.objects.published().through(landmark), language__in=[language, "ko"]
    )
    # Of one route the text in the language comes last and stays.
    texts = texts.select_related("route").order_by("route__slug")
    own = sorted(texts, key=lambda text: text.language == language)
    return list({text.route_id: text for text in own}.values())


def _moved(slug: str) -> HttpResponse:
    """Lead from the address of a merged landmark to the one it became. Raises Http404."""
    target = redirect_for(slug)
    if target is None:
        raise Http404
    return HttpResponsePermanentRedirect(target.get_absolute_url())
