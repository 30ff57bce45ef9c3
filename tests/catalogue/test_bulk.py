import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.catalogue.history import change_many, undo_batch
from apps.catalogue.models import Landmark, License, Photo, Region
from apps.operations.models import AuditEntry
from tests.catalogue.places import many_landmarks
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory
from tests.operations.test_audit import form_of

pytestmark = pytest.mark.django_db
LIST = "/admin/catalogue/landmark/"


def jongno() -> Region:
    return Region.objects.create(code="KR-11-jongno", parent=Region.objects.get(code="KR-11"))


def chosen_keys(response) -> str:
    return re.search(r'name="keys" value="([^"]*)"', response.content.decode())[1]


def test_editors_look_before_they_change_many_and_can_undo_it(staff):
    ours = LandmarkFactory.create_batch(3, names={"ko": "첨성대"})
    other = LandmarkFactory()
    nature = CategoryFactory(slug="nature", name="자연")

    page = staff.post(
        LIST, {"action": "change_selected", "_selected_action": [each.pk for each in ours]}
    )
    values = {"keys": chosen_keys(page), "category": nature.pk}
    preview = staff.post(f"{LIST}bulk/", values)
    assert "Change 3 entries" in preview.content.decode()
    assert "<td>자연</td>" in preview.content.decode()
    assert not Landmark.objects.filter(category=nature).exists()

    done = staff.post(f"{LIST}bulk/", values | {"apply": "1"}, follow=True)
    assert set(Landmark.objects.filter(category=nature)) == set(ours)
    undo = re.search(rf'href="({LIST}undo/[^"]+)"', done.content.decode())[1]
    assert "editor changed 3 entries" in staff.get(undo).content.decode()

    staff.post(undo)
    assert not Landmark.objects.filter(category=nature).exists()
    assert Landmark.objects.get(pk=other.pk).version == 1


def test_undo_leaves_alone_what_changed_again_since(staff, editor):
    _first, second = LandmarkFactory.create_batch(2, source="old")
    rows = Landmark.objects.order_by("pk")
    done = change_many(rows, {"source": "new"}, by=editor, at=timezone.now())
    Landmark.objects.filter(pk=second.pk).update(source="newest")

    page = staff.post(f"{LIST}undo/{done.batch}/", follow=True).content.decode()

    assert "1 entry put back" in page and "1 entry was changed again since" in page
    assert sorted(rows.values_list("source", flat=True)) == ["newest", "old"]


def test_publishing_many_leaves_out_what_is_not_ready(staff):
    ready = LandmarkFactory(state="draft", region=jongno())
    nowhere = LandmarkFactory(state="draft", region=ready.region, latitude=None, longitude=None)
    values = {"keys": f"{ready.pk},{nowhere.pk}", "state": "published"}

    preview = staff.post(f"{LIST}bulk/", values).content.decode()
    staff.post(f"{LIST}bulk/", values | {"apply": "1"})

    assert "1 entry stays as it is: no coordinates" in preview
    assert Landmark.objects.get(state="published") == ready


def test_license_and_credit_of_many_photos_are_set_at_once(staff):
    photos = PhotoFactory.create_batch(3)
    license = License.objects.get(code="CC-BY-4.0")
    values = {
        "keys": ",".join(str(photo.pk) for photo in photos),
        "license": license.pk,
        "credit": "A person",
        "reference": "yes",
        "apply": "1",
    }

    staff.post("/admin/catalogue/photo/bulk/", values)

    changed = Photo.objects.filter(license=license, credit="A person", reference=True)
    assert changed.count() == 3
    batch = AuditEntry.objects.first().batch
    staff.post(f"/admin/catalogue/photo/undo/{batch}/")
    assert not Photo.objects.filter(credit="A person").exists()


@pytest.mark.parametrize("values", [{}, {"category": "0"}, {"state": "burnt"}])
def test_a_change_of_many_without_a_usable_value_changes_nothing(staff, values):
    landmark = LandmarkFactory()

    answer = staff.post(f"{LIST}bulk/", {"keys": landmark.pk, "apply": "1"} | values)

    assert answer.status_code == 200
    assert "admin-error" in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_changes_of_many_need_a_person_who_may_change(client, django_user_model):
    viewer = django_user_model.objects.create_user("viewer", is_staff=True)
    client.force_login(viewer)

    assert client.post(f"{LIST}bulk/", {"keys": "1"}).status_code == 403


@pytest.mark.slow
def test_many_rows_change_and_change_back_in_as_few_queries_as_few(editor):
    """`bench/bulk.py` does it with 10,000."""
    nature = CategoryFactory(slug="nature", name="자연")

    def queries() -> tuple[int, int]:
        rows = Landmark.objects.order_by("pk")
        with CaptureQueriesContext(connection) as changing:
            done = change_many(rows, {"category": nature}, by=editor, at=timezone.now())
        with CaptureQueriesContext(connection) as undoing:
            restored = undo_batch(done.batch, by=editor, at=timezone.now())
        assert len(done.changes) == restored.done == rows.count()
        assert not rows.filter(category=nature).exists()
        return len(changing), len(undoing)

    many_landmarks(300)
    few = queries()
    many_landmarks(1700, start=300)

    assert queries() == few
    assert max(few) <= 50


def test_the_form_publishes_only_what_is_ready(staff):
    landmark = LandmarkFactory(state="draft", latitude=None, longitude=None)
    address = f"{LIST}{landmark.pk}/change/"

    refused = staff.post(
        address, form_of(landmark, state="published", latitude="", longitude="")
    ).content.decode()
    assert "no coordinates" in refused and "whole province" in refused
    assert Landmark.objects.get().state == "draft"

    ready = form_of(landmark, state="published", latitude=37.5, longitude=127, region=jongno().pk)
    staff.post(address, ready)
    assert Landmark.objects.get().state == "published"


def choose_all(staff, action: str, query: str):
    """Press "select all that the filter finds" and start an action."""
    first = re.search(
        r'name="_selected_action" value="([^"]+)"', staff.get(f"{LIST}?{query}").content.decode()
    )[1]
    chosen = {"action": action, "_selected_action": first, "select_across": "1"}
    return staff.post(f"{LIST}?{query}", chosen)


def test_everything_that_a_search_and_filter_find_is_chosen_at_once(staff):
    many_landmarks(120)
    other = LandmarkFactory(state="draft", names={"ko": "숭례문"})

    page = choose_all(staff, "change_selected", "q=첨성&state__exact=draft")

    keys = set(chosen_keys(page).split(","))
    assert len(keys) == 120 and str(other.pk) not in keys


def test_a_person_becomes_responsible_and_finds_their_landmarks(staff, editor):
    ours = LandmarkFactory.create_batch(2)
    LandmarkFactory()
    keys = ",".join(str(each.pk) for each in ours)

    staff.post(f"{LIST}bulk/", {"keys": keys, "owner": editor.pk, "apply": "1"})

    mine = staff.get(LIST, {"owner": "me"}).context["cl"]
    assert {each.pk for each in mine.result_list} == {each.pk for each in ours}
    assert staff.get(LIST, {"owner": "nobody"}).context["cl"].result_count == 1
    staff.post(f"{LIST}bulk/", {"keys": keys, "empty": ["owner"], "apply": "1"})
    assert not Landmark.objects.exclude(owner=None).exists()
    staff.post(f"{LIST}undo/{AuditEntry.objects.latest('pk').batch}/")
    assert Landmark.objects.filter(owner=editor).count() == 2


def test_only_staff_can_become_responsible(staff, django_user_model):
    landmark = LandmarkFactory()
    visitor = django_user_model.objects.create_user("visitor")

    answer = staff.post(f"{LIST}bulk/", {"keys": landmark.pk, "owner": visitor.pk, "apply": "1"})

    assert "admin-error" in answer.content.decode()
    assert Landmark.objects.get().owner is None


def test_facts_are_checked_as_in_the_form(staff):
    landmark = LandmarkFactory(phone="02-1")
    values = {"keys": landmark.pk, "apply": "1"}

    wrong = staff.post(f"{LIST}bulk/", values | {"opening_hours": "always", "website": "no where"})
    assert wrong.content.decode().count("admin-error") == 2
    staff.post(
        f"{LIST}bulk/", values | {"opening_hours": "24/7", "adult_fee": "0", "empty": "phone"}
    )

    landmark.refresh_from_db()
    assert (landmark.opening_hours, landmark.adult_fee, landmark.phone) == ("24/7", 0, "")


def test_nothing_becomes_a_part_of_itself(staff):
    whole = LandmarkFactory()
    gate = LandmarkFactory(parent=whole)
    stone = LandmarkFactory()
    keys = f"{whole.pk},{gate.pk},{stone.pk}"

    preview = staff.post(f"{LIST}bulk/", {"keys": keys, "parent": gate.pk}).content.decode()
    staff.post(f"{LIST}bulk/", {"keys": keys, "parent": gate.pk, "apply": "1"})

    assert "2 entries stay as they are: it cannot be a part of itself" in preview
    assert set(Landmark.objects.filter(parent=gate)) == {stone}


def test_the_photos_of_selected_landmarks_get_license_and_credit(staff):
    ours = LandmarkFactory.create_batch(2, names={"ko": "첨성대"})
    photos = [PhotoFactory(landmark=landmark) for landmark in [*ours, ours[0]]]
    other = PhotoFactory()
    license = License.objects.get(code="CC-BY-4.0")

    page = choose_all(staff, "change_photos", "q=첨성대")
    keys = chosen_keys(page)
    address = re.search(r'<form method="post" action="([^"]+bulk/)"', page.content.decode())[1]
    staff.post(address, {"keys": keys, "license": license.pk, "credit": "A person", "apply": "1"})

    assert set(keys.split(",")) == {str(photo.pk) for photo in photos}
    assert set(Photo.objects.filter(license=license, credit="A person")) == set(photos)
    other.refresh_from_db()
    assert other.credit == ""
