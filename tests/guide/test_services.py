from datetime import UTC, datetime

import pytest

from apps.guide.models import Article
from apps.guide.services import (
    ArticleNotPublished,
    add_missing_articles,
    publish_article,
    withdraw_article,
)
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db
EARLY = datetime(2026, 5, 1, tzinfo=UTC)
LATE = datetime(2026, 6, 1, tzinfo=UTC)
SEED = [
    "slug,language,title,body\n",
    'a-gate,ko,문,"첫 줄.\n',
    "\n",
    '다음."\n',
    "nowhere,ko,x,y\n",
]


def test_publish_article_shows_a_draft_from_now():
    draft = ArticleFactory(state="draft", published_at=None)

    publish_article(draft, at=EARLY)

    assert not Article.objects.published(at=EARLY.replace(day=1, month=4)).exists()
    assert Article.objects.published(at=EARLY).get() == draft


def test_publish_article_twice_keeps_the_first_time():
    draft = ArticleFactory(state="draft", published_at=None)

    publish_article(draft, at=EARLY)

    assert publish_article(draft, at=LATE).published_at == EARLY


def test_withdraw_article_takes_it_off_the_pages_until_published_again():
    article = ArticleFactory()

    withdrawn = withdraw_article(article, at=LATE)
    assert not Article.objects.published(at=LATE).exists()

    assert publish_article(withdrawn, at=LATE).withdrawn_at is None


def test_withdraw_article_refuses_a_draft():
    with pytest.raises(ArticleNotPublished):
        withdraw_article(ArticleFactory(state="draft", published_at=None), at=LATE)


def test_add_missing_articles_publishes_new_ones_and_reports_unknown_places():
    LandmarkFactory(slug="a-gate")

    count = add_missing_articles(SEED, at=EARLY)

    assert (count.created, count.unchanged) == (1, 0)
    assert count.refused == [(5, "there is no landmark 'nowhere'")]
    assert Article.objects.published(at=EARLY).get().paragraphs == ["첫 줄.", "다음."]


def test_add_missing_articles_leaves_what_staff_changed():
    LandmarkFactory(slug="a-gate")
    add_missing_articles(SEED, at=EARLY)
    Article.objects.update(title="staff wrote this")

    count = add_missing_articles(SEED, at=LATE)

    assert (count.created, count.unchanged) == (0, 1)
    assert Article.objects.get().title == "staff wrote this"
