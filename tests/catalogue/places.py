"""Many landmarks at once, as a national catalogue has them."""

from datetime import timedelta

from django.utils import timezone

from apps.catalogue.models import (
    Category,
    CategoryName,
    Landmark,
    LandmarkName,
    Region,
    RegionName,
)
from tests.factories.catalogue import CategoryFactory


def many_landmarks(count: int, *, start: int = 0) -> None:
    """Make landmarks in two levels of categories and regions, with two names each.

    start: the number of the first one, where some are there already.
    """
    now = timezone.now()
    root = CategoryFactory()
    categories = [
        Category.objects.get_or_create(slug=f"type-{n}", defaults={"parent": root})[0]
        for n in range(5)
    ]
    CategoryName.objects.bulk_create(
        (
            CategoryName(category=category, language="ko", text=f"유형 {category.slug}")
            for category in categories
        ),
        ignore_conflicts=True,
    )
    seoul = Region.objects.get(code="KR-11")
    regions = [
        Region.objects.get_or_create(code=f"KR-11-{n}", defaults={"parent": seoul})[0]
        for n in range(5)
    ]
    RegionName.objects.bulk_create(
        (RegionName(region=region, language="ko", text=f"구 {region.code}") for region in regions),
        ignore_conflicts=True,
    )
    landmarks = Landmark.objects.bulk_create(
        Landmark(
            slug=f"place-{n}",
            category=categories[n % 5],
            region=regions[n % 5],
            latitude=37,
            longitude=127,
            source="test",
            created_at=now,
            updated_at=now + timedelta(seconds=n),
        )
        for n in range(start, start + count)
    )
    LandmarkName.objects.bulk_create(
        LandmarkName(landmark=landmark, language=language, text=f"{text} {n}")
        for n, landmark in enumerate(landmarks, start)
        for language, text in (("ko", "첨성대"), ("en", "Observatory"))
    )
