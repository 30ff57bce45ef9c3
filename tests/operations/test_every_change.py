"""Every form of the admin: its changes are in the log, go back, and never undo a colleague's."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.core.files.base import ContentFile
from django.db import models
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.catalogue.models import PhotoPreset
from apps.operations.conflicts import VersionedAdmin
from apps.operations.models import AuditEntry
from tests.factories.annotation import DatasetFactory
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, LicenseFactory, PhotoFactory
from tests.factories.guide import ArticleFactory, ReportFactory, RouteFactory
from tests.operations.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def photo():
    made = PhotoFactory(landmark=LandmarkFactory(names={"ko": "첨성대"}))
    made.file.save("a.jpg", ContentFile(b"picture"))
    return made


def api_key():
    from django.utils import timezone

    from apps.partners.services import create_api_key

    return create_api_key(name="partner", scopes=["read"], at=timezone.now()).row


def region():
    from apps.catalogue.models import Region

    return Region.objects.create(code="KR-x", parent=Region.objects.get(code="KR-11"))


# How to make a row of each model that has a form, and two changes that two people make to it.
# A model of the admin that is added, changed or deleted there and missing here fails the walk.
FORMS: dict[str, tuple] = {
    "catalogue.landmark": (
        lambda: LandmarkFactory(names={"ko": "첨성대"}),
        {"address": "their address"},
        {"source": "my source"},
    ),
    "catalogue.photo": (photo, {"credit": "their credit"}, {"source": "my source"}),
    "catalogue.photopreset": (
        lambda: PhotoPreset.objects.create(name="Kim", license=LicenseFactory()),
        {"credit": "their credit"},
        {"source": "my source"},
    ),
    "catalogue.category": (CategoryFactory, {"slug": "theirs"}, {"slug": "mine"}),
    "catalogue.region": (region, {"code": "KR-y"}, {"code": "KR-z"}),
    "catalogue.license": (LicenseFactory, {"holder": "their holder"}, {"name": "my name"}),
    "guide.article": (ArticleFactory, {"body": "Their text."}, {"title": "My title"}),
    "guide.route": (RouteFactory, {"source": "their source"}, {"travel": "drive"}),
    "guide.report": (ReportFactory, {"remark": "their remark"}, {"state": "done"}),
    "accounts.user": (
        lambda: User.objects.create_user("mina"),
        {"first_name": "Theirs"},
        {"last_name": "Mine"},
    ),
    "annotation.dataset": (DatasetFactory, {"description": "theirs"}, {"url": "https://m.example"}),
    "partners.apikey": (api_key, {"name": "theirs"}, {"per_day": "7"}),
}
# What can be edited in these is logged by services of their own, not by a form.
BY_ACTIONS_ONLY = {
    "annotation.annotationtask",
    "catalogue.catalogueimport",
    "recognition.trainingrun",
}


def with_forms() -> list[tuple[type[models.Model], admin.ModelAdmin]]:
    request = type("Request", (), {"user": User(is_superuser=True, is_active=True), "GET": {}})()
    return [
        (model, page)
        for model, page in admin.site._registry.items()
        if page.has_add_permission(request)
        or page.has_change_permission(request)
        or page.has_delete_permission(request)
    ]


@pytest.fixture
def two(client) -> tuple[Client, Client]:
    """Two administrators, each with a browser."""
    browsers = (client, Client())
    for name, browser in zip(("first", "second"), browsers, strict=True):
        browser.force_login(User.objects.create_superuser(name))
        browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browsers


def address(row: models.Model, kind: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{kind}", args=[row.pk])


def opened(browser: Client, row: models.Model) -> dict:
    return fields_of(browser.get(address(row, "change")), f"{row._meta.model_name}_form")


def test_every_model_with_a_form_is_walked():
    labels = {model._meta.label_lower for model, _page in with_forms()}

    assert labels == set(FORMS) | BY_ACTIONS_ONLY


@pytest.mark.S15
@pytest.mark.parametrize("label", FORMS)
def test_a_change_by_form_is_in_the_log_with_before_and_after(label, two):
    make, change, _mine = FORMS[label]
    row = make()
    AuditEntry.objects.all()

    answer = two[0].post(address(row, "change"), opened(two[0], row) | change)

    assert answer.status_code == 302
    entry = AuditEntry.objects.about(row).first()
    assert (entry.by_name, entry.action) == ("first", "changed")
    for name, value in change.items():
        assert str(entry.after[name]) == value != str(entry.before[name])


@pytest.mark.parametrize("label", FORMS)
def test_a_form_opened_and_saved_as_it_was_is_no_change(label, two):
    row = FORMS[label][0]()

    answer = two[0].post(address(row, "change"), opened(two[0], row))

    assert answer.status_code == 302
    assert not AuditEntry.objects.about(row).filter(action="changed").exists()


@pytest.mark.parametrize("label", FORMS)
def test_a_deletion_is_in_the_log_and_comes_back_where_it_can(label, two):
    row = FORMS[label][0]()
    page = admin.site._registry[type(row)]
    other = type(row)._base_manager.values().get(pk=row.pk)

    answer = two[0].post(address(row, "delete"), {"post": "yes"})
    assert answer.status_code == 302
    entry = AuditEntry.objects.deleted(type(row)).get()
    assert entry.before and entry.after is None
    if page.keeps_no_way_back:
        return
    deleted = reverse(f"admin:{label.replace('.', '_')}_deleted")
    assert entry.subject_name in two[0].get(deleted).content.decode()
    two[0].post(f"{deleted}{entry.pk}/restore/")

    assert type(row)._base_manager.values().get(pk=row.pk) == other
    back = AuditEntry.objects.about(row).first()
    assert (back.action, back.before) == ("reverted", None)


@pytest.mark.parametrize("label", FORMS)
def test_one_change_goes_back(label, two):
    make, change, mine = FORMS[label]
    row = make()
    page = admin.site._registry[type(row)]
    before = type(row)._base_manager.values(*change).get(pk=row.pk)
    two[0].post(address(row, "change"), opened(two[0], row) | change)
    entry = AuditEntry.objects.about(row).first()
    history = two[0].get(address(row, "history"))
    assert history.status_code == 200
    assert next(iter(change.values())) in history.content.decode()
    if page.keeps_no_way_back:
        assert "Take this change back" not in history.content.decode()
        return

    later = {name: value for name, value in mine.items() if name not in change}
    two[1].post(address(row, "change"), opened(two[1], row) | later)
    two[1].post(address(row, "history").replace("/history/", f"/revert/{entry.pk}/"))

    kept = type(row)._base_manager.values(*change, *later).get(pk=row.pk)
    assert kept == before | later
    assert AuditEntry.objects.about(row).first().action == "reverted"


@pytest.mark.R14
@pytest.mark.parametrize("label", FORMS)
def test_the_second_of_two_editors_sees_both_texts_and_nothing_is_lost(label, two):
    make, theirs, mine = FORMS[label]
    row = make()
    if not isinstance(admin.site._registry[type(row)], VersionedAdmin):
        pytest.skip("kept by one person at a time")
    first, second = opened(two[0], row), opened(two[1], row)
    assert two[0].post(address(row, "change"), first | theirs).status_code == 302

    conflict = two[1].post(address(row, "change"), second | mine)

    assert conflict.status_code == 409
    page = conflict.content.decode()
    assert "first saved this" in page
    for value in (*theirs.values(), *mine.values()):
        assert value in page
    name, value = next(iter(theirs.items()))
    assert str(type(row)._base_manager.values().get(pk=row.pk)[name]) == value
    again = fields_of(conflict, address(row, "change"))
    assert two[1].post(address(row, "change"), again).status_code == 302
    saved = type(row)._base_manager.values().get(pk=row.pk)
    for name, value in mine.items():
        assert str(saved[name]) == value


def test_rows_that_a_colleague_added_removed_or_changed_are_shown_and_not_lost(two):
    landmark = LandmarkFactory(names={"ko": "첨성대", "en": "Observatory"})
    korean, english = landmark.names.order_by("-language")
    page = address(landmark, "change")
    theirs, mine = opened(two[0], landmark), opened(two[1], landmark)
    position = next(
        name.split("-")[1] for name, values in mine.items() if values == [str(english.pk)]
    )
    their_row = {"names-2-language": "ko", "names-2-kind": "alias", "names-2-text": "점성대"}
    removed = {f"names-{position}-DELETE": "on"}
    added = {"names-TOTAL_FORMS": "3"}
    two[0].post(page, theirs | their_row | removed | added)

    conflict = two[1].post(
        page,
        mine
        | {f"names-{position}-text": "My Observatory", "names-2-landmark": landmark.pk}
        | {"names-2-language": "ko", "names-2-kind": "former", "names-2-text": "내 이름"}
        | added,
    )

    said = conflict.content.decode()
    assert conflict.status_code == 409
    for text in ("점성대", "내 이름", "My Observatory", "첨성대"):
        assert text in said
    assert {name.text for name in landmark.names.all()} == {"첨성대", "점성대"}
    saved = two[1].post(page, fields_of(conflict, page))
    assert saved.status_code == 302
    assert {name.text for name in landmark.names.all()} == {
        *("첨성대", "점성대", "내 이름", "My Observatory"),
    }
    assert korean.pk in landmark.names.values_list("pk", flat=True)


def test_names_of_a_category_are_part_of_what_is_compared(two):
    category = CategoryFactory()
    name = category.names.get()
    page = address(category, "change")
    theirs, mine = opened(two[0], category), opened(two[1], category)
    two[0].post(page, theirs | {"names-0-text": "그들의 이름"})

    conflict = two[1].post(page, mine | {"names-0-text": "내 이름"})

    assert conflict.status_code == 409
    assert "그들의 이름" in conflict.content.decode() and "내 이름" in conflict.content.decode()
    name.refresh_from_db()
    assert name.text == "그들의 이름"


def test_a_change_by_many_at_once_is_a_conflict_for_open_forms_too(two):
    made = photo()
    mine = opened(two[1], made)
    two[0].post(
        "/admin/catalogue/photo/bulk/",
        {"keys": str(made.pk), "credit": "from many at once", "apply": "1"},
    )

    conflict = two[1].post(address(made, "change"), mine | {"credit": "mine"})

    assert conflict.status_code == 409
    assert "from many at once" in conflict.content.decode()


def test_a_landmark_comes_back_with_everything_that_went_with_it(two):
    landmark = LandmarkFactory(names={"ko": "첨성대", "en": "Observatory"})
    made = PhotoFactory(landmark=landmark)
    made.file.save("a.jpg", ContentFile(b"picture"))
    article = ArticleFactory(landmark=landmark)
    other = LandmarkFactory(names={"ko": "숭례문"})
    two[0].post(
        "/admin/catalogue/landmark/",
        {
            "action": "delete_selected",
            "_selected_action": [landmark.pk, other.pk],
            "post": "yes",
        },
    )
    entry = AuditEntry.objects.deleted(type(landmark)).get(subject=str(landmark.pk))

    two[0].post(f"/admin/catalogue/landmark/deleted/{entry.pk}/restore/")

    assert {name.text for name in type(landmark).objects.get().names.all()} == {
        *("첨성대", "Observatory"),
    }
    assert type(made).objects.get().pk == made.pk
    assert type(article).objects.get().body == article.body
    assert two[0].get(landmark.get_absolute_url()).status_code == 200


def test_what_cannot_come_back_is_said(two):
    category = CategoryFactory(slug="gone")
    two[0].post(address(category, "delete"), {"post": "yes"})
    entry = AuditEntry.objects.deleted(type(category)).get()
    restore = f"/admin/catalogue/category/deleted/{entry.pk}/restore/"
    CategoryFactory(slug="gone")

    refused = two[0].post(restore, follow=True).content.decode()

    assert "already exists" in refused
    type(category).objects.all().delete()
    two[0].post(restore)
    again = two[0].post(restore, follow=True).content.decode()
    assert "is there again" in again
    assert type(category).objects.count() == 1
