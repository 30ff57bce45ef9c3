from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.accounts.models import User
from apps.catalogue.models import Landmark
from apps.guide.models import Article
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def publisher(client):
    client.force_login(User.objects.create_superuser("publisher", password="long enough it is"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def editor(client):
    user = User.objects.create_user("editor", is_staff=True)
    names = ["view_article", "change_article", "add_article"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def draft(**values) -> Article:
    return ArticleFactory(**{"state": "draft", "published_at": None} | values)


def workflow(article: Article) -> str:
    return f"/admin/guide/article/{article.pk}/workflow/"


def state_of(article: Article) -> str:
    return Article.objects.get(pk=article.pk).state


def test_an_editor_sends_a_draft_to_review_but_does_not_publish(editor):
    article = draft()

    assert 'value="publish"' not in editor.get(workflow(article)).content.decode()
    assert editor.post(workflow(article), {"step": "publish"}).status_code == 403
    assert state_of(article) == "draft"

    editor.post(workflow(article), {"step": "review", "note": "Please look at the dates."})
    assert state_of(article) == "in_review"
    editor.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    assert "→ 검토 중" in editor.get(workflow(article)).content.decode()


def test_a_reviewer_sends_back_with_a_reason_that_the_editor_reads(publisher):
    article = draft(state="in_review")

    publisher.post(workflow(article), {"step": "return", "note": "The year is wrong."})

    assert state_of(article) == "draft"
    assert "The year is wrong." in publisher.get(workflow(article)).content.decode()


def test_publishing_now_shows_the_text_to_everybody_and_withdrawing_hides_it(publisher):
    article = draft(title="A new text")
    page = article.landmark.get_absolute_url()
    assert "A new text" not in publisher.get(page).content.decode()

    publisher.post(workflow(article), {"step": "publish"})
    assert "A new text" in publisher.get(page).content.decode()

    publisher.post(workflow(article), {"step": "withdraw", "note": "outdated"})
    assert "A new text" not in publisher.get(page).content.decode()
    done = AuditEntry.objects.about(article)
    assert [entry.after["state"] for entry in done] == ["withdrawn", "published"]
    assert done[0].by_name == "publisher"


def test_publishing_at_a_time_to_come_shows_nothing_before_it(publisher):
    article = draft(title="A new text")
    later = timezone.localtime() + timedelta(days=2)

    publisher.post(
        workflow(article),
        {
            "step": "publish",
            "goes_live_0": later.strftime("%Y-%m-%d"),
            "goes_live_1": later.strftime("%H:%M:%S"),
        },
    )

    assert state_of(article) == "published"
    assert "A new text" not in publisher.get(article.landmark.get_absolute_url()).content.decode()
    assert "shown from" in publisher.get(workflow(article)).content.decode()
    assert Article.objects.published(at=later + timedelta(seconds=1)).exists()


def test_blockers_forbid_publication_and_warnings_do_not(publisher):
    nameless = draft(language="en", landmark=LandmarkFactory(names={"ko": "첨성대"}))
    short = draft(body="짧다.", landmark=LandmarkFactory(state="draft"))

    page = publisher.get(workflow(nameless)).content.decode()
    assert "the landmark has no name in the language of the text" in page
    refused = publisher.post(workflow(nameless), {"step": "publish"}, follow=True)
    assert "Not published: the landmark has no name" in refused.content.decode()
    assert state_of(nameless) == "draft"

    page = publisher.get(workflow(short)).content.decode()
    assert "the text is very short" in page and "the landmark is not published" in page
    publisher.post(workflow(short), {"step": "publish"})
    assert state_of(short) == "published"


def test_the_preview_is_the_public_page_and_changes_nothing(publisher):
    article = draft(language="en", title="A new text", landmark=LandmarkFactory(state="draft"))
    address = f"/admin/guide/article/{article.pk}/preview/"

    page = publisher.get(address)

    assert page.status_code == 200
    assert "A new text" in page.content.decode() and 'lang="en"' in page.content.decode()
    assert state_of(article) == "draft"
    assert Landmark.objects.get().state == "draft"
    assert publisher.get(article.landmark.get_absolute_url()).status_code == 404
    # It belongs to staff: nothing on the way may keep it.
    assert "ETag" not in page and "public" not in page.get("Cache-Control", "")
    publisher.logout()
    assert publisher.get(address).status_code == 302


def test_a_step_that_a_colleague_made_first_is_said_and_not_repeated(publisher):
    article = draft(state="withdrawn", withdrawn_at=timezone.now())

    answer = publisher.post(workflow(article), {"step": "withdraw"}, follow=True)

    assert "Nothing was done" in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_the_second_of_two_editors_gets_both_texts(publisher):
    article = draft(body="The first text, as it was.")
    address = f"/admin/guide/article/{article.pk}/change/"
    form = {"title": article.title, "body": "Their text.", "version": article.version}
    publisher.post(address, form)

    answer = publisher.post(address, form | {"body": "My text."})

    assert answer.status_code == 409
    assert "Their text." in answer.content.decode() and "My text." in answer.content.decode()
    assert Article.objects.get().body == "Their text."


def test_the_form_shows_the_other_languages_beside(publisher):
    article = draft(language="ko")
    draft(language="en", landmark=article.landmark, body="In English.")

    page = publisher.get(f"/admin/guide/article/{article.pk}/change/").content.decode()

    assert "In English." in page


def test_publishing_many_names_the_ones_that_are_not_ready(publisher):
    ready = draft()
    nameless = draft(language="en")

    page = publisher.post(
        "/admin/guide/article/",
        {"action": "publish", "_selected_action": [ready.pk, nameless.pk]},
        follow=True,
    ).content.decode()

    assert "1 article is published." in page and "has no name in the language" in page
    assert (state_of(ready), state_of(nameless)) == ("published", "draft")


def test_a_new_article_is_a_draft(publisher):
    landmark = LandmarkFactory()

    publisher.post(
        "/admin/guide/article/add/",
        {"landmark": landmark.pk, "language": "ko", "title": "제목", "body": "글."},
    )

    assert Article.objects.get().state == "draft"
    assert AuditEntry.objects.get().action == "created"
