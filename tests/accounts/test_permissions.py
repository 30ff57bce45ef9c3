import json

import pytest
from django.core.management import call_command

from apps.accounts.models import User
from apps.accounts.permissions import PERMISSIONS, Permission, Role, may
from tests.factories.annotation import UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "a long password for tests"


def made(capsys, *arguments: str) -> dict:
    call_command("create_user", *arguments)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_create_user_answers_with_what_signs_in(capsys, client):
    answer = made(capsys, "mina", "--role", "annotator", "annotation_reviewer")

    assert answer["username"] == "mina"
    assert answer["roles"] == ["annotator", "annotation_reviewer"]
    assert client.login(username="mina", password=answer["password"])
    assert User.objects.get().pk == answer["id"]


def test_create_user_again_changes_the_roles_and_keeps_the_password(capsys, client):
    made(capsys, "mina", "--role", "annotator", "--password", PASSWORD)

    answer = made(capsys, "mina", "--role", "publisher")

    mina = User.objects.get()
    assert answer["password"] is None
    assert client.login(username="mina", password=PASSWORD)
    assert not may(mina, Permission.ANNOTATE)
    assert may(mina, Permission.PUBLISH)


@pytest.mark.parametrize("arguments", [("mina", "--password", "short"), ("no spaces",)])
def test_create_user_refuses_bad_names_and_passwords(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        made(capsys, *arguments, "--role", "annotator")

    assert ended.value.code == 2
    assert not User.objects.exists()


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_is_written_for_it_and_nothing_else(capsys, role):
    made(capsys, "mina", "--role", role.value, "--password", PASSWORD)
    mina = User.objects.get()

    allowed = {permission for permission in Permission if may(mina, permission)}

    assert allowed == PERMISSIONS[role]


def test_admin_roles_reach_the_admin_and_only_their_part(capsys):
    made(capsys, "editor", "--role", "content_editor")
    made(capsys, "worker", "--role", "annotator")
    editor, worker = User.objects.get(username="editor"), User.objects.get(username="worker")

    assert editor.is_staff
    assert editor.has_perm("catalogue.change_landmark")
    assert not editor.has_perm("catalogue.delete_landmark")
    assert not editor.has_perm("accounts.change_user")
    assert not worker.is_staff


def test_someone_who_left_may_nothing():
    gone = UserFactory(is_active=False, is_superuser=True)

    assert not any(may(gone, permission) for permission in Permission)
