import pytest
from django.utils import timezone

from apps.catalogue.history import NotRestorable, change_many, revert_landmark
from apps.catalogue.models import Landmark, Region
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory
from tests.operations.test_audit import form_of

pytestmark = pytest.mark.django_db


def save(staff, landmark, **changes):
    landmark.refresh_from_db()
    return staff.post(
        f"/admin/catalogue/landmark/{landmark.pk}/change/", form_of(landmark, **changes)
    )


def history_of(landmark) -> str:
    return f"/admin/catalogue/landmark/{landmark.pk}/history/"


def test_the_history_compares_each_change_in_words(staff):
    landmark = LandmarkFactory(names={"ko": "첨성대"})
    busan = Region.objects.get(code="KR-26")
    save(staff, landmark, region=busan.pk, **{"names-0-text": "첨성대와 뜰"})

    page = staff.get(history_of(landmark)).content.decode()

    assert "서울특별시" in page and "부산광역시" in page
    assert "ko official: 첨성대와 뜰" in page


def test_one_change_is_taken_back_and_later_ones_stay(staff):
    landmark = LandmarkFactory(names={"ko": "첨성대"})
    save(staff, landmark, address="wrong", **{"names-0-text": "틀린 이름"})
    wrong = AuditEntry.objects.get()
    save(staff, landmark, source="later")

    staff.post(f"/admin/catalogue/landmark/{landmark.pk}/revert/{wrong.pk}/")

    landmark = Landmark.objects.get()
    assert (str(landmark), landmark.address) == ("첨성대", "서울특별시 종로구")
    assert (landmark.source, landmark.version) == ("later", 4)
    latest = AuditEntry.objects.latest("pk")
    assert (latest.action, latest.after["address"]) == ("reverted", "서울특별시 종로구")


def test_a_bulk_change_stands_in_the_history_of_each_row(staff, editor):
    landmark = LandmarkFactory(source="old")
    change_many(Landmark.objects.all(), {"source": "new"}, by=editor, at=timezone.now())

    assert "<td>old</td><td>new</td>" in staff.get(history_of(landmark)).content.decode()


def test_what_a_change_needs_and_no_longer_exists_is_said(staff, editor):
    region = Region.objects.create(code="KR-x", parent=Region.objects.get(code="KR-11"))
    landmark = LandmarkFactory(region=region)
    save(staff, landmark, region=Region.objects.get(code="KR-26").pk)
    region.delete()

    with pytest.raises(NotRestorable):
        revert_landmark(landmark, AuditEntry.objects.get(), by=editor, at=timezone.now())


def test_the_making_of_an_entry_is_not_taken_back(editor, in_english):
    landmark = LandmarkFactory()
    made = AuditEntry.objects.create(at=timezone.now(), before=None, after={}, action="created")

    with pytest.raises(NotRestorable, match="whole"):
        revert_landmark(landmark, made, by=editor, at=timezone.now())


def test_a_change_is_not_taken_back_by_opening_an_address(staff):
    landmark = LandmarkFactory()
    save(staff, landmark, source="new")
    entry = AuditEntry.objects.get()

    answer = staff.get(f"/admin/catalogue/landmark/{landmark.pk}/revert/{entry.pk}/")

    assert answer.status_code == 403
    assert Landmark.objects.get().source == "new"


def test_a_note_for_visitors_is_logged_and_put_back(staff, in_english):
    landmark = LandmarkFactory()
    note = landmark.notes.create(language="en", kind="access", text="Take bus 10.")
    sent = {
        "notes-TOTAL_FORMS": 1,
        "notes-INITIAL_FORMS": 1,
        "notes-0-id": note.pk,
        "notes-0-landmark": landmark.pk,
        "notes-0-language": "en",
        "notes-0-kind": "access",
        "notes-0-text": "Take bus 11.",
    }
    save(staff, landmark, adult_fee=3000, **sent)
    entry = AuditEntry.objects.get()

    assert "en access: Take bus 11." in staff.get(history_of(landmark)).content.decode()
    staff.post(f"/admin/catalogue/landmark/{landmark.pk}/revert/{entry.pk}/")

    landmark.refresh_from_db()
    assert landmark.adult_fee is None
    assert [each.text for each in landmark.notes.all()] == ["Take bus 10."]


@pytest.mark.parametrize("hours", ["always", "Mo-Fr 9-18", "Mo 25:00-26:00"])
def test_opening_hours_that_are_not_understood_are_refused_with_an_example(
    staff, hours, in_english
):
    landmark = LandmarkFactory()

    page = save(staff, landmark, opening_hours=hours)

    assert "Write it like “Tu-Su 09:00-18:00; Mo off”" in page.content.decode()
    assert Landmark.objects.get().opening_hours == ""
