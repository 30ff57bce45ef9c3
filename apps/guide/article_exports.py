"""Articles as a list that can be imported again."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from apps.catalogue.exporting.export import Export, in_order
from apps.catalogue.exporting.formats import Row
from apps.catalogue.models import Landmark
from apps.guide.models import Article


class ArticleExport(Export):
    label = gettext_lazy("articles")
    permission = "guide.view_article"
    columns = ("landmark", "language", "title", "body", "state", "published_at")

    def of_landmarks(self, keys: list[int]) -> Iterator[Row]:
        for landmark in in_order(keys, Landmark.objects.prefetch_related("articles")):
            for article in sorted(landmark.articles.all(), key=lambda article: article.language):
                yield _row(article, landmark.slug)

    def of_own(self, keys: list[int]) -> Iterator[Row]:
        for article in in_order(keys, Article.objects.select_related("landmark")):
            yield _row(article, article.landmark.slug)


def _row(article: Article, slug: str) -> Row:
    published = article.published_at
    return {
        "landmark": slug,
        "language": article.language,
        "title": article.title,
        "body": article.body,
        "state": article.state,
        "published_at": published.isoformat() if published else None,
    }
