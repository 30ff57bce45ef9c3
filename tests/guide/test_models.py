import pytest
from django.db import IntegrityError

from apps.guide.models import Article
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ("하나입니다. 둘입니다.", "하나입니다."),
        ("Is it one? Yes.", "Is it one?"),
        ("한 문장뿐", "한 문장뿐"),
        ("높이 9.4미터입니다. 끝.", "높이 9.4미터입니다."),
    ],
)
def test_first_sentence(body, first):
    assert Article(body=body).first_sentence == first


def test_paragraphs_are_separated_by_empty_lines():
    assert Article(body="one\nline\n\n \ntwo\n").paragraphs == ["one\nline", "two"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"body": ""},
        {"state": "lost"},
        {"state": "published", "published_at": None},
        {"state": "withdrawn"},
    ],
)
def test_the_database_refuses_half_an_article(wrong):
    with pytest.raises(IntegrityError):
        ArticleFactory(**wrong)


@pytest.mark.django_db
def test_a_landmark_has_one_article_per_language():
    landmark = LandmarkFactory()
    ArticleFactory(landmark=landmark, language="ko")
    ArticleFactory(landmark=landmark, language="en")

    with pytest.raises(IntegrityError):
        ArticleFactory(landmark=landmark, language="en")
