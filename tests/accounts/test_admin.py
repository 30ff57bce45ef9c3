"""Administrators keep people in the admin, and the log says what they did."""

import pytest

from apps.accounts.models import EditorRegion, User
from apps.accounts.permissions import Permission, Role, may, roles_of
from apps.accounts.services import create_user
from apps.catalogue.models import Region
from apps.operations.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PEOPLE = "/admin/accounts/user/"
NO_REGIONS = {"regions-TOTAL_FORMS": 0, "regions-INITIAL_FORMS": 0}


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password="the first of all passwords")


@pytest.fixture
def staff(browser, root):
    browser.force_login(root)
    return browser


def form(user: User, **changes) -> dict:
    return {"username": user.username, "is_active": "on", "roles": []} | NO_REGIONS | changes


def test_roles_are_ticked_and_the_rest_follows(staff):
    staff.post(
        f"{PEOPLE}add/",
        {
            "username": "mina",
            "roles": ["publisher", "annotator"],
            "usable_password": "true",
            "password1": "a long password for tests",
            "password2": "a long password for tests",
        },
    )

    mina = User.objects.get(username="mina")
    assert roles_of(mina) == {Role.PUBLISHER, Role.ANNOTATOR}
    assert mina.is_staff and not mina.is_superuser
    made = AuditEntry.objects.about(mina).get()
    assert made.after["roles"] == ["annotator", "publisher"]
    staff.post(f"{PEOPLE}{mina.pk}/change/", form(mina, roles=["administrator"]))
    mina = User.objects.get(username="mina")
    assert mina.is_superuser and may(mina, Permission.ADMINISTER)


def test_regions_of_a_person_are_kept_with_them_and_in_the_log(staff):
    mina = create_user(name="mina", roles=[Role.CONTENT_EDITOR]).user
    seoul = Region.objects.get(code="KR-11")
    regions = {
        "regions-TOTAL_FORMS": 1,
        "regions-INITIAL_FORMS": 0,
        "regions-0-user": mina.pk,
        "regions-0-region": seoul.pk,
    }

    staff.post(f"{PEOPLE}{mina.pk}/change/", form(mina, roles=["content_editor"], **regions))

    assert EditorRegion.objects.get(user=mina).region == seoul
    entry = AuditEntry.objects.about(mina).first()
    assert (entry.before["regions"], entry.after["regions"]) == ([], ["KR-11"])
    page = staff.get(PEOPLE).content.decode()
    assert "서울특별시" in page and "content editor" in page


def test_nobody_locks_themselves_out(staff, root):
    page = staff.post(
        f"{PEOPLE}{root.pk}/change/", form(root, roles=["publisher"], is_active="")
    ).content.decode()

    assert "Nobody takes the role of administrator from themselves." in page
    assert "Nobody deactivates themselves." in page
    assert User.objects.get(pk=root.pk).is_superuser
    staff.post(PEOPLE, {"action": "deactivate", "_selected_action": [root.pk]})
    assert User.objects.get(pk=root.pk).is_active
    assert staff.post(f"{PEOPLE}{root.pk}/delete/", {"post": "yes"}).status_code == 403


def test_who_leaves_is_deactivated_and_may_come_back(staff):
    mina = create_user(name="mina", roles=[Role.PUBLISHER]).user

    staff.post(PEOPLE, {"action": "deactivate", "_selected_action": [mina.pk]})
    assert not User.objects.get(pk=mina.pk).is_active
    entry = AuditEntry.objects.about(mina).first()
    assert (entry.by_name, entry.after) == ("root", {"is_active": False})
    staff.post(PEOPLE, {"action": "activate", "_selected_action": [mina.pk]})
    assert User.objects.get(pk=mina.pk).is_active


def test_a_password_set_by_an_administrator_is_in_the_log_and_not_readable(staff):
    mina = create_user(name="mina", roles=[Role.PUBLISHER]).user
    new = {"password1": "another long password", "password2": "another long password"}

    staff.post(f"{PEOPLE}{mina.pk}/password/", new | {"usable_password": "true"})

    assert User.objects.get(pk=mina.pk).check_password("another long password")
    entry = AuditEntry.objects.about(mina).first()
    assert (entry.by_name, entry.changed_fields) == ("root", ["password"])
    assert "another" not in str((entry.before, entry.after))


def test_ones_own_new_password_is_in_the_log(staff, root):
    fields = {
        "old_password": "the first of all passwords",
        "new_password1": "another long password",
        "new_password2": "another long password",
    }

    assert "Password change" in staff.get("/admin/password_change/").content.decode()
    staff.post("/admin/password_change/", fields)

    assert User.objects.get(pk=root.pk).check_password("another long password")
    assert AuditEntry.objects.about(root).get().changed_fields == ["password"]
    assert staff.get("/admin/").status_code == 200


def test_the_command_is_in_the_log_too():
    create_user(name="mina", roles=[Role.ANNOTATOR])
    mina = create_user(name="mina", roles=[Role.PUBLISHER], password="another long password").user

    newest, changed, made = AuditEntry.objects.about(mina)
    assert (made.action, made.after["roles"]) == ("created", ["annotator"])
    assert (changed.before["roles"], changed.after["roles"]) == (["annotator"], ["publisher"])
    assert newest.changed_fields == ["password"]


@pytest.mark.parametrize("action", ["unlock", "reset-second-factor"])
def test_pages_that_change_something_are_not_opened_by_a_link(staff, action):
    mina = create_user(name="mina", roles=[Role.PUBLISHER]).user

    assert staff.get(f"{PEOPLE}{mina.pk}/{action}/").status_code == 403


def test_the_list_of_people_needs_a_fixed_number_of_queries(staff, django_assert_max_num_queries):
    seoul = Region.objects.get(code="KR-11")
    for number in range(12):
        user = create_user(name=f"person-{number}", roles=[Role.CONTENT_EDITOR]).user
        EditorRegion.objects.create(user=user, region=seoul)

    with django_assert_max_num_queries(10):
        assert staff.get(PEOPLE).status_code == 200
