import re

import pytest

from apps.accounts.models import User
from apps.guide.models import Article
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory
from tests.operations.forms import fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("editor", password="long enough it is"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def landmark():
    return LandmarkFactory(names={"ko": "첨성대"})


def page_of(landmark) -> str:
    return f"/admin/guide/article/of/{landmark.pk}/"


def opened(staff, landmark) -> dict:
    """Return what the page would send as it was opened."""
    return fields_of(staff.get(page_of(landmark)), "submit-row")


def test_both_languages_are_read_and_written_in_one_view(staff, landmark):
    korean = ArticleFactory(landmark=landmark, language="ko", body="돌탑입니다.")
    page = staff.get(page_of(landmark)).content.decode()
    assert "돌탑입니다." in page and "첨성대" in page and "No name in this language yet" in page

    sent = opened(staff, landmark) | {"en-title": "Tower", "en-body": "A tower of stones."}
    answer = staff.post(page_of(landmark), sent, follow=True).content.decode()

    english = Article.objects.get(language="en")
    assert (english.title, english.state, english.version) == ("Tower", "draft", 1)
    assert "A tower of stones." in answer
    korean.refresh_from_db()
    assert korean.version == 1  # nothing of it was changed
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.after["title"]) == ("created", "Tower")


def test_of_two_editors_the_second_sees_both_texts_and_decides(staff, landmark):
    text = ArticleFactory(landmark=landmark, language="ko", body="처음 글입니다.")
    first, second = opened(staff, landmark), opened(staff, landmark)
    staff.post(page_of(landmark), first | {"ko-body": "동료의 글입니다."})

    answer = staff.post(
        page_of(landmark), second | {"ko-body": "나의 글입니다.", "en-title": "T", "en-body": "B"}
    )
    page = answer.content.decode()

    assert answer.status_code == 409
    assert "동료의 글입니다." in page and "나의 글입니다." in page
    text.refresh_from_db()
    assert text.body == "동료의 글입니다."
    assert Article.objects.get(language="en").body == "B"
    staff.post(page_of(landmark), fields_of(answer, "submit-row"))
    text.refresh_from_db()
    assert (text.body, text.version) == ("나의 글입니다.", 3)
    assert Article.objects.get(language="en").version == 1


def test_half_a_text_is_refused_and_nothing_typed_is_lost(staff, landmark):
    sent = opened(staff, landmark) | {"ko-title": "제목만", "en-body": "Only a body."}

    page = staff.post(page_of(landmark), sent).content.decode()

    assert page.count("Please write this too") == 2
    assert "제목만" in page and "Only a body." in page
    assert not Article.objects.exists()


def test_a_reader_sees_the_texts_and_writes_none(client, landmark, django_user_model):
    from django.contrib.auth.models import Permission

    reader = django_user_model.objects.create_user("reader", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename="view_article"))
    client.force_login(reader)

    assert "<button" not in re.sub("(?s)<(nav|header).*", "", page(client, landmark))
    assert client.post(page_of(landmark), {"ko-title": "a", "ko-body": "b"}).status_code == 403


def page(client, landmark) -> str:
    content = client.get(page_of(landmark)).content.decode()
    return content[content.index('id="submit-row"') :].split("</form>")[0]


def test_the_landmark_and_each_text_lead_to_the_view(staff, landmark):
    text = ArticleFactory(landmark=landmark, title="탑 이야기")

    form = staff.get(f"/admin/catalogue/landmark/{landmark.pk}/change/").content.decode()

    assert "탑 이야기 · published" in form and page_of(landmark) in form
    assert (
        page_of(landmark) in staff.get(f"/admin/guide/article/{text.pk}/change/").content.decode()
    )
