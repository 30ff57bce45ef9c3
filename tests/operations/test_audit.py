import os
import subprocess
import sys

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from apps.accounts.models import User
from apps.catalogue.models import Category, Landmark
from apps.operations.models import AuditEntry
from portal.database_cluster import APPLICATION
from tests.environment import CLUSTER, ROOT, TEST_DATA
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("editor", password="long enough to be one"))
    return client


def form_of(landmark: Landmark, **changes) -> dict:
    """Return what the form of a landmark sends."""
    names = list(landmark.names.order_by("pk"))
    form = {
        "state": landmark.state,
        "parent": "",
        "category": landmark.category_id,
        "region": landmark.region_id,
        "latitude": landmark.latitude,
        "longitude": landmark.longitude,
        "address": landmark.address,
        "external_ids": "{}",
        "source": landmark.source,
        "version": landmark.version,
        "opening_hours": landmark.opening_hours,
        "adult_fee": "" if landmark.adult_fee is None else landmark.adult_fee,
        "wheelchair": landmark.wheelchair,
        "website": landmark.website,
        "phone": landmark.phone,
        "notes-TOTAL_FORMS": 0,
        "notes-INITIAL_FORMS": 0,
        "names-TOTAL_FORMS": len(names),
        "names-INITIAL_FORMS": len(names),
    }
    for number, name in enumerate(names):
        form |= {
            f"names-{number}-id": name.pk,
            f"names-{number}-landmark": landmark.pk,
            f"names-{number}-language": name.language,
            f"names-{number}-kind": name.kind,
            f"names-{number}-text": name.text,
        }
    return form | changes


def test_saving_a_form_writes_who_changed_what_from_what(staff):
    landmark = LandmarkFactory(names={"ko": "첨성대"})

    staff.post(
        f"/admin/catalogue/landmark/{landmark.pk}/change/",
        form_of(landmark, address="경주", **{"names-0-text": "첨성대와 뜰"}),
    )

    entry = AuditEntry.objects.about(landmark).get()
    assert (entry.by_name, entry.action) == ("editor", "changed")
    assert (entry.before["address"], entry.after["address"]) == ("서울특별시 종로구", "경주")
    assert entry.before["names"] == [{"language": "ko", "kind": "official", "text": "첨성대"}]
    assert entry.after["names"][0]["text"] == "첨성대와 뜰"
    assert entry.changed_fields == ["address", "names", "updated_at", "version"]


def test_a_form_saved_without_a_change_is_not_in_the_log(staff):
    landmark = LandmarkFactory()

    staff.post(f"/admin/catalogue/landmark/{landmark.pk}/change/", form_of(landmark))

    assert not AuditEntry.objects.exists()


def test_a_new_row_and_a_deleted_one_are_in_the_log(staff):
    staff.post(
        "/admin/catalogue/license/add/",
        {"code": "new", "name": "New", "may_show": "on"},
    )
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before, entry.after["may_show"]) == ("created", None, True)

    staff.post(f"/admin/catalogue/license/{entry.subject}/delete/", {"post": "yes"})

    gone = AuditEntry.objects.latest("pk")
    assert (gone.action, gone.after, gone.before["code"]) == ("deleted", None, "new")


def test_what_goes_with_a_deleted_row_is_in_the_log_too(staff):
    landmark = LandmarkFactory(names={"ko": "첨성대"})
    PhotoFactory(landmark=landmark, credit="a person")
    ArticleFactory(landmark=landmark, body="한 글.")

    staff.post(
        "/admin/catalogue/landmark/",
        {"action": "delete_selected", "_selected_action": [landmark.pk], "post": "yes"},
    )

    assert not Landmark.objects.exists()
    gone = {entry.subject_type: entry.before for entry in AuditEntry.objects.all()}
    assert gone["catalogue.landmarkname"]["text"] == "첨성대"
    assert gone["catalogue.photo"]["credit"] == "a person"
    assert gone["guide.article"]["body"] == "한 글."


def test_the_list_of_changes_calls_fields_as_the_forms_do(staff):
    landmark = LandmarkFactory()
    staff.post(f"/admin/catalogue/landmark/{landmark.pk}/change/", form_of(landmark, phone="1"))

    page = staff.get("/admin/operations/auditentry/", headers={"Accept-Language": "ko"})

    assert ">전화<" in page.content.decode()
    AuditEntry.objects.create(
        at=AuditEntry.objects.first().at,
        action="changed",
        subject_type="gone.model",
        subject="1",
        before={"a": 1},
        after={"a": 2},
    )
    assert staff.get("/admin/operations/auditentry/").status_code == 200


def test_the_log_has_no_page_that_changes_it(staff):
    staff.post("/admin/catalogue/license/add/", {"code": "new", "name": "New"})
    page = f"/admin/operations/auditentry/{AuditEntry.objects.get().pk}/"

    assert staff.get("/admin/operations/auditentry/").status_code == 200
    assert staff.get(f"{page}change/").status_code == 200
    assert staff.post(f"{page}change/", {"note": "x"}).status_code == 403
    assert staff.post(f"{page}delete/", {"post": "yes"}).status_code == 403


@pytest.mark.S15
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operations_auditentry SET by_name = 'nobody'",
        "DELETE FROM operations_auditentry",
    ],
)
def test_even_the_owner_of_the_database_cannot_rewrite_the_log(staff, statement):
    staff.post("/admin/catalogue/license/add/", {"code": "new", "name": "New"})

    with pytest.raises(ProgrammingError, match="written once"), transaction.atomic():
        connection.cursor().execute(statement)

    assert AuditEntry.objects.get().by_name == "editor"


@pytest.mark.S15
@pytest.mark.slow
def test_the_role_of_the_application_may_only_add_to_the_log():
    environment = {**os.environ, "GILNUN_DATA_DIR": str(TEST_DATA)}
    environment.pop("DATABASE_URL")
    for step in ("zero", ""):
        command = [sys.executable, "manage.py", "migrate", "operations", *step.split()]
        subprocess.run(
            [*command, "--database", "owner", "-v", "0"], check=True, cwd=ROOT, env=environment
        )

    with psycopg.connect(CLUSTER.dsn(APPLICATION), autocommit=True) as application:
        application.execute(
            "INSERT INTO operations_auditentry (at, by_name, action, subject_type, subject,"
            " subject_name, note) VALUES (now(), 'a', 'created', 'b', '1', 'c', '')"
        )
        for statement in (
            "UPDATE operations_auditentry SET note = 'x'",
            "DELETE FROM operations_auditentry",
            "TRUNCATE operations_auditentry",
            "ALTER TABLE operations_auditentry DISABLE TRIGGER written_once",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement)
        assert application.execute("SELECT note FROM operations_auditentry").fetchall() == [("",)]


@pytest.mark.R14
def test_the_second_of_two_editors_sees_both_texts_and_nothing_is_lost(staff):
    landmark = LandmarkFactory(names={"ko": "첨성대"})
    address = f"/admin/catalogue/landmark/{landmark.pk}/change/"
    mine = form_of(landmark, address="my address")
    staff.post(address, form_of(landmark, address="their address"))

    answer = staff.post(address, mine, headers={"Accept-Language": "en"})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "my address" in page and "their address" in page and "editor" in page
    landmark.refresh_from_db()
    assert landmark.address == "their address"

    staff.post(address, mine | {"version": landmark.version})
    landmark.refresh_from_db()
    assert (landmark.address, landmark.version) == ("my address", 3)


@pytest.mark.R14
@pytest.mark.slow
def test_of_many_saves_of_two_editors_none_is_silently_overwritten(staff, is_long, seen):
    times = 500 if is_long else 5
    landmark = LandmarkFactory(names={"ko": "첨성대"})
    address = f"/admin/catalogue/landmark/{landmark.pk}/change/"
    conflicts = overwritten = 0
    for number in range(times):
        landmark.refresh_from_db()
        mine = form_of(landmark, address=f"mine {number}")
        assert staff.post(address, form_of(landmark, address=f"theirs {number}")).status_code == 302
        conflicts += staff.post(address, mine).status_code == 409
        overwritten += Landmark.objects.get().address != f"theirs {number}"

    seen("R14", saves=2 * times, conflicts=conflicts, overwritten=overwritten)
    assert (conflicts, overwritten) == (times, 0)


def test_a_conflict_names_what_the_keys_stand_for(staff):
    landmark = LandmarkFactory()
    other = CategoryFactory(slug="nature", name="자연")
    address = f"/admin/catalogue/landmark/{landmark.pk}/change/"
    staff.post(address, form_of(landmark, address="x"))

    page = staff.post(address, form_of(landmark, category=other.pk)).content.decode()

    assert "<td>자연</td>" in page and "<td>문화유산</td>" in page


def test_the_tree_and_license_forms_log_their_names(staff):
    category = CategoryFactory()
    name = category.names.get()
    staff.post(
        f"/admin/catalogue/category/{category.pk}/change/",
        {
            "slug": category.slug,
            "parent": "",
            "names-TOTAL_FORMS": 1,
            "names-INITIAL_FORMS": 1,
            "names-0-id": name.pk,
            "names-0-category": category.pk,
            "names-0-language": "ko",
            "names-0-text": "유산",
            "aliases-TOTAL_FORMS": 0,
            "aliases-INITIAL_FORMS": 0,
        },
    )

    assert Category.objects.get().name_in("ko") == "유산"
    assert AuditEntry.objects.get().after["names"][0]["text"] == "유산"


def test_people_and_their_rights_are_logged_without_passwords(staff):
    staff.post(
        "/admin/accounts/user/add/",
        {
            "username": "colleague",
            "usable_password": "true",
            "password1": "quite a long one",
            "password2": "quite a long one",
        },
    )
    person = User.objects.get(username="colleague")
    staff.post(
        f"/admin/accounts/user/{person.pk}/change/",
        {"username": "colleague", "roles": ["publisher"], "is_active": "on"}
        | {"regions-TOTAL_FORMS": 0, "regions-INITIAL_FORMS": 0},
    )

    made, changed = AuditEntry.objects.filter(subject_type="accounts.user").order_by("pk")
    assert made.after["password"] == "…"
    assert (changed.before["is_staff"], changed.after["is_staff"]) == (False, True)
    assert (changed.before["roles"], changed.after["roles"]) == ([], ["publisher"])


@pytest.mark.parametrize(
    "page",
    [
        "/admin/",
        "/admin/accounts/user/",
        "/admin/partners/apikey/",
        "/admin/recognition/recognitionrequest/",
        "/admin/recognition/servedmodel/",
        "/admin/recognition/referenceindex/",
        "/admin/operations/job/",
    ],
)
def test_every_list_of_the_admin_opens(staff, page):
    assert staff.get(page).status_code == 200
