import factory
from django.utils import timezone

from apps.guide.models import Article
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
