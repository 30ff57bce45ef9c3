import factory
from django.utils import timezone

from apps.guide.models import Article, Report, Route, RouteStop, RouteText
from tests.factories.catalogue import LandmarkFactory


class ArticleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Article

    landmark = factory.SubFactory(LandmarkFactory)
    language = "ko"
    title = "돌로 쌓은 탑"
    body = "첫 문장입니다. 둘째 문장입니다.\n\n가는 길입니다."
    state = Article.State.PUBLISHED
    published_at = factory.LazyFunction(timezone.now)
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)


class RouteFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Route
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda number: f"route-{number}")
    state = Route.State.PUBLISHED
    source = "test"
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def texts(self, create, titles, **_):
        for language, title in (titles or {"ko": f"길 {self.slug}"}).items():
            RouteText.objects.create(route=self, language=language, title=title, summary="요약.")

    @factory.post_generation
    def stops(self, create, landmarks, **_):
        for position, landmark in enumerate(landmarks or [], 1):
            RouteStop.objects.create(route=self, landmark=landmark, position=position, minutes=60)


class ReportFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Report

    landmark = factory.SubFactory(LandmarkFactory)
    about = Report.About.TEXT
    message = "The year is wrong."
    language = "en"
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)
