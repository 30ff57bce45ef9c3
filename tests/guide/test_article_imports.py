"""Lists of articles: texts come as drafts, and what is published is for publishers."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.catalogue.models import CatalogueImport
from apps.guide.models import Article
from apps.operations.models import AuditEntry
from tests.catalogue.lists import csv_of
from tests.factories.catalogue import LandmarkFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/catalogue/catalogueimport/"
HEADER = ["랜드마크", "언어", "제목", "본문"]
TEXT = "돌로 쌓은 천문대입니다. 신라 때 세웠습니다.\n\n해가 지면 불을 밝히는 곳이기도 합니다."


@pytest.fixture
def landmark():
    return LandmarkFactory(slug="tower", names={"ko": "첨성대"})


def sign_in(client, role: Role) -> None:
    client.force_login(create_user(name="mina", roles=[role]).user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def imported(client, *rows: list[str], **values) -> CatalogueImport:
    file = SimpleUploadedFile("list.csv", csv_of(*rows, header=HEADER))
    client.post(f"{LIST}add/", {"kind": "articles", "file": file})
    held = CatalogueImport.objects.latest("pk")
    columns = {f"column-{place}": name for place, name in enumerate(held.mapping)}
    for step in ({"step": "check", **columns, **values}, {"step": "confirm"}):
        client.post(f"{LIST}{held.pk}/change/", step)
        call_command("work_off_jobs")
    held.refresh_from_db()
    return held


def test_texts_come_as_drafts_with_their_history_and_again_change_nothing(client, landmark):
    sign_in(client, Role.CONTENT_EDITOR)
    rows = [["tower", "ko", "첨성대", TEXT], ["tower", "한국어", "", TEXT], ["x", "ko", "a", TEXT]]

    held = imported(client, *rows)

    article = Article.objects.get()
    assert (held.created, held.refused) == (1, 2)
    assert (article.title, article.body, article.state) == ("첨성대", TEXT, "draft")
    assert AuditEntry.objects.about(article).get().by_name == "mina"
    assert imported(client, rows[0]).unchanged == 1


def test_a_published_text_is_changed_by_publishers_only(client, landmark):
    article = ArticleFactory(landmark=landmark, title="옛 제목", body=TEXT)
    row = ["tower", "ko", "새 제목", TEXT]

    sign_in(client, Role.CONTENT_EDITOR)
    assert imported(client, row).refused == 1
    sign_in(client, Role.PUBLISHER)
    assert imported(client, row).updated == 1

    article.refresh_from_db()
    assert (article.title, article.state, article.version) == ("새 제목", "published", 2)


def test_publishing_passes_the_gate(client, landmark):
    sign_in(client, Role.PUBLISHER)
    rows = [["tower", "ko", "첨성대", TEXT], ["tower", "en", "Observatory", TEXT]]

    held = imported(client, *rows, publish="1")

    states = dict(Article.objects.values_list("language", "state"))
    assert (held.created, held.warned) == (2, 1)
    assert states == {"ko": "published", "en": "draft"}
    assert Article.objects.get(language="ko").published_at is not None
