"""Landmarks as the pages show them: names in the visitor's language, a line, a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, When

from apps.catalogue.models import Landmark, Photo
from apps.guide.models import Article

FIRST_LANGUAGE = "ko"
DRAWN = "gilnun-demo"


class Place(NamedTuple):
    """One landmark in a list. `cover` and `article` may be None."""

    landmark: Landmark
    name: str
    other_name: str
    other_language: str
    region: str
    article: Article | None
    cover: Photo | None

    @property
    def cover_is_drawing(self) -> bool:
        return self.cover is not None and self.cover.source == DRAWN


def present(landmarks: Sequence[Landmark], *, language: str, at: datetime) -> list[Place]:
    """Return the places of landmarks fetched by `with_names`, in the same order: two queries."""
    articles = articles_of(landmarks, language=language, at=at)
    covers = covers_of(landmarks)
    places = []
    for landmark in landmarks:
        name = landmark.name_in(language)
        other_name, other_language = other_name_of(landmark, language)
        places.append(
            Place(
                landmark=landmark,
                name=name,
                other_name=other_name,
                other_language=other_language,
                region=region_text(landmark, language),
                article=articles.get(landmark.pk),
                cover=covers.get(landmark.pk),
            )
        )
    return places


def other_name_of(landmark: Landmark, language: str) -> tuple[str, str]:
    """Return the name in the other language and that language; ("", "") where it says no more."""
    other_language = "en" if language == FIRST_LANGUAGE else FIRST_LANGUAGE
    other = landmark.name_in(other_language)
    return ("", "") if other == landmark.name_in(language) else (other, other_language)


def region_text(landmark: Landmark, language: str) -> str:
    """Return 서울특별시 종로구, or Jongno-gu, Seoul."""
    names = [region.name_in(language) for region in landmark.region.chain()]
    return " ".join(names) if language == FIRST_LANGUAGE else ", ".join(reversed(names))


def kind_code(landmark: Landmark) -> str:
    """Return the category of the first level, by which a place without a picture is drawn."""
    category = landmark.category
    return (category.parent or category).slug


def articles_of(
    landmarks: Iterable[Landmark], *, language: str, at: datetime
) -> dict[int, Article]:
    """Return each landmark's published article: in the language, else Korean, else any."""
    found: dict[int, Article] = {}
    articles = Article.objects.published(at=at).filter(landmark__in=landmarks).order_by("pk")
    for article in articles:
        held = found.get(article.landmark_id)
        if held is None or _nearness(article, language) < _nearness(held, language):
            found[article.landmark_id] = article
    return found


def _nearness(article: Article, language: str) -> int:
    return 0 if article.language == language else 1 if article.language == FIRST_LANGUAGE else 2


def covers_of(landmarks: Iterable[Landmark]) -> dict[int, Photo]:
    """Return one picture of each landmark that has any: a photograph before a drawing."""
    photos = (
        Photo.objects.shown()
        .select_related("license")
        .filter(landmark__in=landmarks)
        .annotate(drawn=Case(When(source=DRAWN, then=1), default=0))
        .order_by("landmark", "drawn", "created_at", "pk")
        .distinct("landmark")
    )
    return {photo.landmark_id: photo for photo in photos}
