"""Editors and reviewers speak about an entry, and see whose turn it is."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.operations.comments import answer_comment, settle_thread, write_comment
from apps.operations.models import AuditEntry, Comment
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db


def person(name: str, *roles: Role) -> User:
    user = create_user(name=name, roles=roles).user
    user.email = f"{name}@gilnun.example"
    user.save()
    return user


@pytest.fixture
def editor() -> User:
    return person("editor", Role.CONTENT_EDITOR)


@pytest.fixture
def reviewer() -> User:
    return person("reviewer", Role.PUBLISHER)


def browser_of(user: User) -> Client:
    browser = Client(headers={"Accept-Language": "en"})
    browser.force_login(user)
    return browser


def say(row, text: str, by: User, **more) -> Comment:
    return write_comment(row, text, by=by, at=timezone.now(), **more)


def answer(thread: Comment, text: str, by: User) -> Comment:
    return answer_comment(thread, text, by=by, at=timezone.now())


def waiting(user: User) -> list[Comment]:
    return list(Comment.objects.waiting_for(User.objects.get(pk=user.pk)))


def test_it_is_the_turn_of_who_was_asked_and_then_of_the_other(editor, reviewer):
    thread = say(ArticleFactory(), "Which year?", reviewer, asked=editor)
    assert (waiting(editor), waiting(reviewer)) == ([thread], [])

    answer(thread, "1394.", editor)
    assert (waiting(editor), waiting(reviewer)) == ([], [thread])

    settle_thread(thread, by=reviewer, at=timezone.now())
    assert (waiting(editor), waiting(reviewer)) == ([], [])
    answer(thread, "No, 1395.", editor)
    assert waiting(reviewer) == [thread]


def test_what_nobody_was_asked_waits_for_the_reviewers(editor, reviewer):
    other = person("other", Role.CONTENT_EDITOR)
    second = person("second", Role.PUBLISHER)

    thread = say(LandmarkFactory(), "Is this one place or two?", editor)

    assert waiting(reviewer) == waiting(second) == [thread]
    assert waiting(editor) == waiting(other) == []
    answer(thread, "Two.", reviewer)
    assert (waiting(editor), waiting(second)) == ([thread], [])


@pytest.mark.parametrize("factory", [ArticleFactory, LandmarkFactory])
def test_two_people_speak_on_the_page_of_an_entry(editor, reviewer, factory):
    row = factory()
    label = f"{row._meta.app_label}/{row._meta.model_name}"
    page = f"/admin/{label}/{row.pk}/comments/"
    mine, theirs = browser_of(editor), browser_of(reviewer)

    mine.post(page, {"step": "write", "text": "Please look <b>here</b>.", "asked": reviewer.pk})
    thread = Comment.objects.get()
    shown = theirs.get(page).content.decode()
    assert "Please look &lt;b&gt;here&lt;/b&gt;." in shown
    theirs.post(page, {"step": "answer", "thread": thread.pk, "text": "Done."})
    assert "Done." in mine.get(page).content.decode()
    assert "1 open comment" in mine.get(f"/admin/{label}/{row.pk}/change/").content.decode()

    mine.post(page, {"step": "settle", "thread": thread.pk})
    assert "resolved by editor" in theirs.get(page).content.decode()
    mine.post(page, {"step": "reopen", "thread": thread.pk})
    assert Comment.objects.open().get() == thread
    actions = list(AuditEntry.objects.about(thread).values_list("by_name", "action"))
    assert actions == [("editor", "changed"), ("editor", "changed"), ("editor", "created")]


def test_the_one_who_changed_it_last_is_proposed(editor, reviewer):
    article = ArticleFactory(state="draft", published_at=None)
    browser_of(editor).post(
        f"/admin/guide/article/{article.pk}/workflow/", {"step": "review", "note": ""}
    )

    page = browser_of(reviewer).get(f"/admin/guide/article/{article.pk}/comments/")

    assert re.search(rf'<option value="{editor.pk}" selected>', page.content.decode())


def test_the_first_page_and_the_list_show_what_waits(editor, reviewer):
    article = ArticleFactory()
    thread = say(article, "Which year?", reviewer, asked=editor)
    say(article, "For somebody else.", editor, asked=reviewer)
    browser = browser_of(editor)

    first = browser.get("/admin/").content.decode()
    mine = browser.get("/admin/operations/comment/?turn=mine").content.decode()

    assert "Comments that wait for you" in first
    assert "Which year?" in mine and "For somebody else." not in mine
    assert f"/admin/guide/article/{article.pk}/comments/#thread-{thread.pk}" in mine


def test_an_empty_comment_is_refused_and_what_was_written_stays(editor):
    article = ArticleFactory()
    page = f"/admin/guide/article/{article.pk}/comments/"
    browser = browser_of(editor)

    assert "This field is required." in browser.post(page, {"text": " "}).content.decode()
    long = browser.post(page, {"text": "x" * 4001})
    assert "x" * 4001 in long.content.decode()
    assert not Comment.objects.exists()


def test_threads_of_other_entries_are_not_answered_from_here(editor):
    thread = say(ArticleFactory(), "Here.", editor)
    other = ArticleFactory()

    answered = browser_of(editor).post(
        f"/admin/guide/article/{other.pk}/comments/", {"thread": thread.pk, "text": "There."}
    )

    assert answered.status_code == 404
    assert Comment.objects.count() == 1


def test_colleagues_are_told_by_mail_where_it_is_set_up(
    editor, reviewer, settings, django_capture_on_commit_callbacks
):
    article = ArticleFactory(title="A title")
    with django_capture_on_commit_callbacks(execute=True):
        say(article, "No mail.", editor)
    assert not mail.outbox
    settings.MAIL_IS_SET_UP = True
    page = f"/admin/guide/article/{article.pk}/comments/"

    with django_capture_on_commit_callbacks(execute=True):
        browser_of(editor).post(page, {"text": "Please review.", "asked": ""})
    with django_capture_on_commit_callbacks(execute=True):
        answer(Comment.objects.open().latest("pk"), "Yes.", reviewer)

    first, second = mail.outbox
    assert first.to == ["reviewer@gilnun.example"] and second.to == ["editor@gilnun.example"]
    assert "Please review." in first.body and f"http://testserver{page}" in first.body


def test_a_mail_server_that_is_away_loses_no_comment(
    editor, reviewer, settings, django_capture_on_commit_callbacks
):
    settings.MAIL_IS_SET_UP = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    with django_capture_on_commit_callbacks(execute=True):
        say(ArticleFactory(), "Please review.", editor)

    assert Comment.objects.count() == 1


def test_who_left_is_named_still(editor, reviewer):
    article = ArticleFactory()
    say(article, "Which year?", editor)
    User.objects.filter(pk=editor.pk).delete()

    page = browser_of(reviewer).get(f"/admin/guide/article/{article.pk}/comments/")

    assert "<strong>editor</strong>" in page.content.decode()
