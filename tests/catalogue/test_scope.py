"""Editors who are limited to regions see everything and change only what lies within."""

import re

import pytest
from django.utils import timezone

from apps.accounts.models import EditorRegion, User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.catalogue.history import change_many, revert_landmark, undo_batch
from apps.catalogue.merging import merge_landmarks
from apps.catalogue.models import Landmark, License, Photo, Region
from apps.catalogue.scope import OutsideRegions, may_edit, regions_of
from apps.guide.models import Article
from apps.operations.models import AuditEntry
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory
from tests.operations.test_audit import form_of

pytestmark = pytest.mark.django_db
LIST = "/admin/catalogue/landmark/"


@pytest.fixture
def jongno() -> Region:
    return Region.objects.create(code="KR-11-jongno", parent=Region.objects.get(code="KR-11"))


@pytest.fixture
def limited() -> User:
    """A publisher of Seoul and what lies in it."""
    user = create_user(name="seoul", roles=[Role.PUBLISHER]).user
    EditorRegion.objects.create(user=user, region=Region.objects.get(code="KR-11"))
    return user


@pytest.fixture
def browser(client, limited):
    client.force_login(limited)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def inside(jongno) -> Landmark:
    return LandmarkFactory(names={"ko": "창덕궁"}, region=jongno)


@pytest.fixture
def outside() -> Landmark:
    return LandmarkFactory(names={"ko": "첨성대"}, region=Region.objects.get(code="KR-47"))


def again(user: User) -> User:
    """Return the person as the next request sees them."""
    return User.objects.get(pk=user.pk)


def test_a_limit_holds_for_what_lies_within_a_region(limited, inside, outside):
    photos = PhotoFactory(landmark=inside), PhotoFactory(landmark=outside)
    ArticleFactory(landmark=inside), ArticleFactory(landmark=outside)
    nowhere = PhotoFactory(landmark=None, shows_no_landmark=True)

    assert may_edit(limited, inside) and not may_edit(limited, outside)
    assert [may_edit(limited, photo) for photo in (*photos, nowhere)] == [True, False, False]
    assert not may_edit(limited, inside.region) and not may_edit(limited, inside.category)
    assert Landmark.objects.editable_by(limited).get() == inside
    assert Photo.objects.editable_by(limited).get() == photos[0]
    assert Article.objects.editable_by(limited).get().landmark == inside


def test_without_regions_and_as_administrator_one_edits_everywhere(limited, inside, outside):
    free = create_user(name="free", roles=[Role.CONTENT_EDITOR]).user
    administrator = create_user(name="root", roles=[Role.ADMINISTRATOR]).user
    EditorRegion.objects.create(user=administrator, region=inside.region)

    for user in (free, administrator):
        assert regions_of(user) is None
        assert may_edit(user, outside)
        assert Landmark.objects.editable_by(user).count() == 2
    assert regions_of(limited) >= {inside.region_id}


def test_a_region_that_limits_somebody_is_not_deleted(client, limited):
    region = Region.objects.create(code="KR-x")
    EditorRegion.objects.create(user=limited, region=region)
    client.force_login(User.objects.create_superuser("root"))

    page = client.post(f"/admin/catalogue/region/{region.pk}/delete/", {"post": "yes"})

    assert page.status_code == 200
    assert Region.objects.filter(pk=region.pk).exists()


def test_entries_elsewhere_are_shown_and_their_forms_refused(browser, inside, outside):
    assert browser.get(f"{LIST}{outside.pk}/change/").status_code == 200
    assert 'name="_save"' not in browser.get(f"{LIST}{outside.pk}/change/").content.decode()
    assert 'name="_save"' in browser.get(f"{LIST}{inside.pk}/change/").content.decode()

    refused = browser.post(f"{LIST}{outside.pk}/change/", form_of(outside, address="x"))
    taken = browser.post(f"{LIST}{inside.pk}/change/", form_of(inside, address="x"))

    assert (refused.status_code, taken.status_code) == (403, 302)
    assert Landmark.objects.get(address="x") == inside


def test_an_entry_is_not_moved_out_of_ones_regions(browser, inside, outside):
    form = form_of(inside, region=outside.region_id, address="kept in the form")

    page = browser.post(f"{LIST}{inside.pk}/change/", form).content.decode()

    assert "This lies outside the regions that you may edit." in page
    assert "kept in the form" in page and 'name="_save"' in page
    assert Landmark.objects.get(pk=inside.pk).region == inside.region


def test_nothing_new_is_put_elsewhere(browser, inside, outside):
    new = {
        "slug": "new",
        "state": "draft",
        "category": CategoryFactory().pk,
        "external_ids": "{}",
        "source": "test",
        "names-TOTAL_FORMS": 1,
        "notes-TOTAL_FORMS": 0,
        "notes-INITIAL_FORMS": 0,
        "names-INITIAL_FORMS": 0,
        "names-0-language": "ko",
        "names-0-kind": "official",
        "names-0-text": "새 곳",
    }
    text = {"language": "ko", "title": "제목", "body": "글."}

    refused = browser.post(f"{LIST}add/", new | {"region": outside.region_id})
    assert "outside the regions" in refused.content.decode()
    assert browser.post(f"{LIST}add/", new | {"region": inside.region_id}).status_code == 302
    refused = browser.post("/admin/guide/article/add/", text | {"landmark": outside.pk})
    assert "outside the regions" in refused.content.decode()
    browser.post("/admin/guide/article/add/", text | {"landmark": inside.pk})
    assert Article.objects.get().landmark == inside


def test_nothing_elsewhere_is_deleted(browser, inside, outside):
    both = {"action": "delete_selected", "_selected_action": [inside.pk, outside.pk]}

    browser.post(LIST, both | {"post": "yes"})
    assert browser.post(f"{LIST}{outside.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Landmark.objects.count() == 2
    browser.post(LIST, both | {"_selected_action": [inside.pk], "post": "yes"})
    assert Landmark.objects.get() == outside


def test_photos_elsewhere_are_not_changed_or_taken(browser, inside, outside):
    theirs, ours = PhotoFactory(landmark=outside), PhotoFactory(landmark=inside)
    address = "/admin/catalogue/photo/{}/change/".format
    form = {"landmark": inside.pk, "license": theirs.license_id, "source": "x", "credit": "x"}

    assert browser.post(address(theirs.pk), form).status_code == 403
    moved = browser.post(address(ours.pk), form | {"landmark": outside.pk})
    assert "outside the regions" in moved.content.decode()
    assert browser.post(address(ours.pk), form).status_code == 302
    assert set(Photo.objects.filter(source="x")) == {ours}


def test_texts_elsewhere_pass_no_step(browser, inside, outside):
    theirs = ArticleFactory(landmark=outside, state="draft", published_at=None)
    ours = ArticleFactory(landmark=inside, state="draft", published_at=None)
    step = "/admin/guide/article/{}/workflow/".format

    assert browser.post(step(theirs.pk), {"step": "publish"}).status_code == 403
    page = browser.post(
        "/admin/guide/article/",
        {"action": "publish", "_selected_action": [theirs.pk, ours.pk]},
        follow=True,
    ).content.decode()

    assert "stays as it was: it lies outside the regions" in page
    assert list(Article.objects.filter(state="published")) == [ours]


def test_many_at_once_leaves_rows_elsewhere_and_says_how_many(browser, limited, inside, outside):
    values = {"keys": f"{inside.pk},{outside.pk}", "source": "new"}

    preview = browser.post(f"{LIST}bulk/", values).content.decode()
    assert "it lies outside the regions that you may edit" in preview
    page = browser.post(f"{LIST}bulk/", values | {"apply": "1"}, follow=True).content.decode()

    assert "1 entry changed." in page and "1 entry stayed as it was." in page
    assert Landmark.objects.get(source="new") == inside


def test_many_at_once_move_nothing_out_of_ones_regions(limited, inside, outside):
    rows = Landmark.objects.order_by("pk")

    done = change_many(rows, {"region": outside.region}, by=limited, at=timezone.now())

    assert not done.changes
    assert Landmark.objects.get(pk=inside.pk).region == inside.region


def test_undo_leaves_rows_elsewhere(limited, inside, outside):
    root = User.objects.create_superuser("root")
    done = change_many(Landmark.objects.all(), {"source": "new"}, by=root, at=timezone.now())

    restored = undo_batch(done.batch, by=limited, at=timezone.now())

    assert restored == (1, 1)
    assert Landmark.objects.get(source="new") == outside


def test_changes_elsewhere_are_not_taken_back(browser, limited, outside):
    root = User.objects.create_superuser("root")
    change_many(Landmark.objects.all(), {"source": "new"}, by=root, at=timezone.now())
    entry = AuditEntry.objects.about(outside).get()

    answer = browser.post(f"{LIST}{outside.pk}/revert/{entry.pk}/")

    assert answer.status_code == 403
    with pytest.raises(OutsideRegions):
        revert_landmark(outside, entry, by=limited, at=timezone.now())
    assert Landmark.objects.get().source == "new"


def test_both_of_two_merged_entries_must_be_ones_own(browser, limited, inside, outside):
    for gone, kept in ((inside, outside), (outside, inside)):
        page = browser.post(f"{LIST}merge/{gone.pk}/{kept.pk}/")
        assert page.status_code == 403
        assert "outside the regions that you may edit" in page.content.decode()
        with pytest.raises(OutsideRegions):
            merge_landmarks(gone, into=kept, by=again(limited), at=timezone.now())
    assert Landmark.objects.published().count() == 2


def test_what_counts_everywhere_is_closed_to_those_who_are_limited(browser, inside):
    license = License.objects.order_by("pk").first()
    addresses = [
        f"/admin/catalogue/license/{license.pk}/change/",
        f"/admin/catalogue/category/{inside.category_id}/change/",
        f"/admin/catalogue/region/{inside.region_id}/change/",
    ]

    for address in addresses:
        assert browser.get(address).status_code == 200
        assert browser.post(address, {}).status_code == 403
    for kind in ("license", "category", "region"):
        assert browser.get(f"/admin/catalogue/{kind}/add/").status_code == 403
        page = browser.get(f"/admin/catalogue/{kind}/").content.decode()
        assert not re.search(r'href="[^"]*/add/"', page)


def test_pictures_are_not_added_elsewhere(browser, outside):
    address = f"{LIST}{outside.pk}/photos/"

    assert browser.get(address).status_code == 200
    assert browser.post(address, {}).status_code == 403


def test_only_publishers_publish_and_withdraw_landmarks(client):
    client.force_login(create_user(name="editor", roles=[Role.CONTENT_EDITOR]).user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    district = Region.objects.create(code="KR-11-x", parent=Region.objects.get(code="KR-11"))
    draft = LandmarkFactory(names={"ko": "가"}, state="draft", region=district)
    shown = LandmarkFactory(names={"ko": "나"}, region=district)

    for landmark, state in ((draft, "published"), (shown, "withdrawn")):
        page = client.post(f"{LIST}{landmark.pk}/change/", form_of(landmark, state=state))
        assert "only reviewers and publishers publish" in page.content.decode()
        client.post(f"{LIST}bulk/", {"keys": landmark.pk, "state": state, "apply": "1"})
    client.post(f"{LIST}{draft.pk}/change/", form_of(draft, address="changed"))

    states = dict(Landmark.objects.values_list("pk", "state"))
    assert states == {draft.pk: "draft", shown.pk: "published"}
    assert Landmark.objects.get(pk=draft.pk).address == "changed"
