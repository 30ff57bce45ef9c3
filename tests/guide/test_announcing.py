"""A text that goes live at a set time is shown from then on, and others hear of it then."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.catalogue.models import Landmark
from apps.guide.models import Article
from apps.guide.services import announce_due, publish_article, withdraw_article
from apps.operations.models import Event
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """Move the clock of the portal."""

    def move(**ahead) -> None:
        then = timezone.now() + timedelta(**ahead)
        monkeypatch.setattr(timezone, "now", lambda: then)

    return move


def draft() -> Article:
    return ArticleFactory(state="draft", published_at=None, title="A new text")


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def test_publishing_now_is_told_at_once(client):
    article = draft()

    publish_article(article, at=timezone.now(), by=User.objects.create_superuser("root"))

    event = Event.objects.get()
    assert (event.kind, event.subject) == ("article.published", str(article.pk))
    assert event.payload == {"landmark": article.landmark_id, "language": article.language}
    assert announce_due() == 0


def test_publishing_at_a_time_is_told_when_it_comes_and_once(client, clock):
    article = draft()
    now = timezone.now()
    changed = Landmark.objects.get().updated_at
    publish_article(article, at=now, goes_live=now + timedelta(hours=2))
    assert announce_due() == 0 and not kinds()
    page = article.landmark.get_absolute_url()
    assert "A new text" not in client.get(page).content.decode()

    clock(hours=2, seconds=1)

    assert "A new text" in client.get(page).content.decode()
    assert announce_due() == 1 and announce_due() == 0
    assert kinds() == ["article.published"]
    assert Landmark.objects.get().updated_at > changed + timedelta(hours=1)


def test_a_text_withdrawn_before_its_time_is_never_told(clock):
    article = draft()
    now = timezone.now()
    publish_article(article, at=now, goes_live=now + timedelta(hours=2))
    withdraw_article(article, at=now)

    clock(hours=3)

    assert announce_due() == 0 and not kinds()


def test_withdrawing_and_publishing_again_are_told_too():
    article = draft()
    for step in (publish_article, withdraw_article, publish_article):
        step(article, at=timezone.now())

    assert kinds() == ["article.published", "article.withdrawn", "article.published"]
