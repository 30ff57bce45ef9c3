import factory
from django.utils import timezone

from apps.catalogue.models import (
    Category,
    CategoryName,
    Landmark,
    LandmarkName,
    License,
    Photo,
    Region,
)


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ("slug",)
        skip_postgeneration_save = True

    slug = "heritage"

    @factory.post_generation
    def name(self, create, text, **_):
        CategoryName.objects.get_or_create(
            category=self, language="ko", defaults={"text": text or "문화유산"}
        )


class LandmarkFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Landmark
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda number: f"landmark-{number}")
    state = Landmark.State.PUBLISHED
    category = factory.SubFactory(CategoryFactory)
    region = factory.LazyFunction(lambda: Region.objects.get(code="KR-11"))
    latitude = 37.5759
    longitude = 126.9768
    address = "서울특별시 종로구"
    source = "test"
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def names(self, create, texts, **_):
        for language, text in (texts or {"ko": f"장소 {self.slug}"}).items():
            LandmarkName.objects.create(landmark=self, language=language, text=text)


class LicenseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = License
        django_get_or_create = ("code",)

    code = "CC0-1.0"


class PhotoFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Photo

    landmark = factory.SubFactory(LandmarkFactory)
    file = "photos/aa/missing.jpg"
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    bytes = 1000
    width = 320
    height = 240
    license = factory.SubFactory(LicenseFactory)
    alt_texts = factory.LazyFunction(lambda: {"ko": "돌로 쌓은 탑", "en": "A stone tower"})
    captions = factory.LazyFunction(lambda: {"ko": "남쪽에서 본 탑", "en": "From the south"})
    source = "test"
    created_at = factory.LazyFunction(timezone.now)
