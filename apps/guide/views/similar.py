"""Photos like this one: of the catalogue, or what a visitor sent."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from apps.catalogue.models import Category, Photo, Region
from apps.catalogue.pictures import open_stored
from apps.guide.matches import match_drawing
from apps.guide.presenting import DRAWN, region_text
from apps.guide.views.recognition import (
    PRIVATE,
    deleted,
    limit_visitor,
    question_of,
    too_many,
    with_headers,
)
from apps.operations import limits
from apps.recognition.matching import match_later, matches_of
from apps.recognition.reference_index import NoReferenceIndex
from apps.recognition.serving import ServingError
from apps.recognition.similar import SimilarPhoto, similar_to_images, similar_to_photo

SHOWN = 24
logger = logging.getLogger(__name__)


@require_safe
def similar_to_catalogue(request: HttpRequest, photo: uuid.UUID) -> HttpResponse:
    """Photos like one that anybody may see."""
    held = get_object_or_404(Photo.objects.shown().select_related("license", "landmark"), pk=photo)
    try:
        # Asked often, the model server would have no time for visitors' photos.
        limit_visitor(request, "similar")
    except limits.LimitReached as reached:
        return too_many(request, reached)
    context = {
        "photo": held,
        "name": held.landmark.name_in(get_language()),
        "back": held.landmark.get_absolute_url(),
    }
    match_later(held, at=timezone.now())
    return _answer(
        request,
        context,
        lambda **narrowed: similar_to_photo(held, **narrowed),
        partial(_verified, held),
    )


def _verified(photo: Photo, found: list[SimilarPhoto]) -> dict:
    """How many places of a photo agree with each that is verified, and the drawing of it."""
    others = {each.photo.pk: each.photo for each in found}
    return {
        key: (match.inliers, match_drawing(photo, match, others[key]))
        for key, match in matches_of(photo, others.values()).items()
        if match.inliers
    }


@require_safe
def similar_to_answer(request: HttpRequest, receipt: uuid.UUID) -> HttpResponse:
    """Photos like those of a question; whoever has its receipt may ask."""
    question = question_of(receipt)
    if question.deleted_at:
        return deleted(request)
    try:
        limit_visitor(request, "similar")
    except limits.LimitReached as reached:
        return too_many(request, reached)

    def find(**narrowed) -> list[SimilarPhoto]:
        images = []
        for photo in question.photos.all():
            with photo.file.open("rb") as content:
                images.append(open_stored(content))
        return similar_to_images(images, **narrowed) if images else []

    context = {"question": question, "back": reverse("guide:recognition", args=[receipt])}
    return with_headers(_answer(request, context, find), PRIVATE)


def _answer(
    request: HttpRequest,
    context: dict,
    find: Callable[..., list[SimilarPhoto]],
    verified: Callable[[list[SimilarPhoto]], dict] = lambda found: {},
) -> HttpResponse:
    language = get_language()
    regions = _named(Region.objects.filter(parent=None).prefetch_related("names"), language)
    categories = _named(Category.objects.filter(parent=None).prefetch_related("names"), language)
    region = next((each for each, _ in regions if each.code == request.GET.get("region")), None)
    category = next(
        (each for each, _ in categories if each.slug == request.GET.get("category")), None
    )
    resting, unreadable, found = False, False, []
    try:
        found = find(limit=SHOWN, region=region, category=category)
    except (NoReferenceIndex, ServingError):
        resting = True
    except OSError:
        # The file is gone, or no picture any more; tomorrow it will be the same.
        logger.exception("A stored picture cannot be read")
        unreadable = True
    context |= {
        "found": [
            (each, each.landmark.name_in(language), region_text(each.landmark, language))
            for each in found
        ],
        "verified": verified(found),
        "resting": resting,
        "unreadable": unreadable,
        "drawn": DRAWN,
        "regions": [(each.code, name, each == region) for each, name in regions],
        "categories": [(each.slug, name, each == category) for each, name in categories],
        "narrowed": region is not None or category is not None,
    }
    return render(request, "guide/similar.html", context, status=503 if resting else 200)


def _named(rows, language: str) -> list[tuple]:
    return sorted(((row, row.name_in(language)) for row in rows), key=lambda pair: pair[1])
