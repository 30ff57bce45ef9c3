"""Every address of the portal × every role: who is let in is declared, and nobody else is.

The addresses come from the URL configuration. A new one that nothing declares fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.core.files.base import ContentFile
from django.db import models
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import (
    ADDRESSES,
    ADMIN,
    ANYBODY,
    SIGNED_IN,
    STAFF,
    Role,
    admin_permissions,
    ensure_roles,
    may,
    works_in_the_admin,
)
from apps.accounts.services import create_user
from apps.annotation.models import ImageImport
from apps.operations.models import AuditEntry, Job
from tests.factories.annotation import AnnotationFactory, TaskFactory
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
# What a page of a model asks for; a form that is only looked at asks for less.
OF_A_MODEL = {
    "changelist": ("view", "view"),
    "add": ("add", "add"),
    "change": ("view", "change"),
    "delete": ("delete", "delete"),
    "history": ("view", "view"),
    "comments": ("view", "view"),
    "revert": ("change", "change"),
    "deleted": ("delete", "delete"),
    "restore": ("delete", "delete"),
}
# Nobody signs in for these, and each checks for itself whom it answers.
PUBLIC = ("guide:", "api:", "tourapi:", "vision:")
UNNAMED_AND_PUBLIC = ("healthz", "readyz", "metrics")


class Address(NamedTuple):
    """One pattern of the URL configuration."""

    name: str  # with its namespace; "" without a name
    pattern: str
    callback: object
    parameters: dict


def addresses(patterns=None, before: str = "", space: str = "") -> Iterator[Address]:
    for each in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(each, URLPattern):
            name = f"{space}{each.name}" if each.name else ""
            converters = dict(each.pattern.converters)
            yield Address(name, before + str(each.pattern), each.callback, converters)
        else:
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from addresses(each.url_patterns, before + str(each.pattern), inner)


def page_of_a_model(name: str) -> tuple[type[models.Model], str] | None:
    """Return the model and the kind of page of a standard address of the admin."""
    for model in admin.site._registry:
        for kind in OF_A_MODEL:
            if name == f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}":
                return model, kind
    return None


def required(address: Address, method: str) -> str | None:
    """Return what an address asks of people; None where nothing declares it."""
    if known := page_of_a_model(address.name):
        model, kind = known
        action = OF_A_MODEL[kind][method == "post"]
        return f"{model._meta.app_label}.{action}_{model._meta.model_name}"
    return ADDRESSES.get(address.name)


def is_public(address: Address) -> bool:
    return address.name.startswith(PUBLIC) or address.pattern.startswith(
        (*UNNAMED_AND_PUBLIC, "api/")
    )


def of_the_admin() -> list[Address]:
    found = [each for each in addresses() if each.pattern.startswith("admin/") and each.name]
    return [each for each in found if each.name not in ("admin:login", "admin:logout")]


@pytest.mark.S4
def test_every_address_is_declared():
    undeclared = [
        each
        for each in addresses()
        if not is_public(each)
        and required(each, "get") is None
        and not hasattr(each.callback, "permission")
        # Patterns of the admin without a name only redirect, or say 404.
        and (each.name or not each.pattern.startswith("admin/"))
    ]

    assert not undeclared


@pytest.mark.S4
def test_every_model_of_the_admin_is_declared_and_no_other():
    shown = {model._meta.label_lower for model in admin.site._registry}
    shown |= {
        inline.model._meta.label_lower
        for page in admin.site._registry.values()
        for inline in page.inlines
    }

    assert shown <= set(ADMIN)
    assert not [label for label in ADMIN if not _exists(label)]


def _exists(label: str) -> bool:
    from django.apps import apps

    try:
        apps.get_model(label)
    except LookupError:
        return False
    return True


def test_everything_declared_exists():
    names = {each.name for each in addresses()}

    assert not set(ADDRESSES) - names


@pytest.mark.S4
def test_groups_have_exactly_what_is_declared():
    groups = ensure_roles()
    groups[Role.PHOTO_EDITOR].permissions.set(groups[Role.PUBLISHER].permissions.all())

    groups = ensure_roles()

    for role, group in groups.items():
        held = {
            f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all()
        }
        assert held == set(admin_permissions(role)), role


@pytest.fixture
def rows() -> dict[type[models.Model], models.Model]:
    """One row of each model that a page could show."""
    landmark = LandmarkFactory()
    photo = PhotoFactory(landmark=landmark)
    photo.file.save("a.jpg", ContentFile(b"picture"))
    annotation = AnnotationFactory(task=TaskFactory())
    now = timezone.now()
    made = [
        landmark,
        LandmarkFactory(),
        photo,
        landmark.category,
        landmark.region,
        photo.license,
        ArticleFactory(landmark=landmark),
        annotation,
        annotation.task,
        annotation.task.image,
        annotation.task.dataset,
        User.objects.create_user("somebody"),
        Job.objects.create(task="x", subject="1", available_at=now, created_at=now),
        ImageImport.objects.create(kind="folder", source="x", created_at=now),
        AuditEntry.objects.create(at=now, action="created", subject_type="x", batch=uuid4()),
    ]
    return {type(row): row for row in reversed(made)}


def path_of(address: Address, rows) -> str:
    """Return an address with the keys of rows that exist, where some do."""
    given = {}
    known = page_of_a_model(address.name)
    model = known[0] if known else None
    for label in ADMIN:
        app, name = label.split(".")
        if model is None and address.pattern.startswith(f"admin/{app}/{name}/"):
            model = next((each for each in rows if each._meta.label_lower == label), None)
    row = rows.get(model)
    for name, converter in address.parameters.items():
        kind = type(converter).__name__
        if name == "app_label":
            given[name] = "catalogue"
        elif kind == "UUIDConverter":
            given[name] = row.pk if row and isinstance(row.pk, UUID) else uuid4()
        elif kind == "IntConverter":
            given[name] = row.pk if row and isinstance(row.pk, int) else 1
        else:
            given[name] = row.pk if row else 1
    if address.name == "admin:app_list":
        return "/admin/catalogue/"
    return reverse(address.name, kwargs=given)


def is_refused(response) -> bool:
    """Say whether an answer is that of a closed door."""
    to_sign_in = response.status_code == 302 and "/login/" in response["Location"]
    return response.status_code in (401, 403) or to_sign_in


def send(client: Client, method: str, path: str):
    response = getattr(client, method)(path)
    if response.streaming:
        b"".join(response.streaming_content)
    return response


def is_not_there(response) -> bool:
    """Say whether an answer is that of a row that does not exist."""
    home = response.status_code == 302 and response["Location"] == "/admin/"
    return response.status_code == 404 or home


@pytest.mark.S4
@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_admin_opens_to_whom_it_is_declared_and_to_nobody_else(role, method, rows):
    client, root = Client(), Client()
    root.force_login(User.objects.create_superuser("root"))
    user = None
    if role is not None:
        user = create_user(name="mina", roles=[role]).user
        client.force_login(user)
    wrong = []
    for address in of_the_admin():
        wanted = required(address, method)
        path = path_of(address, rows)
        allowed = user is not None and (
            wanted == SIGNED_IN
            or (wanted == STAFF and user.is_staff)
            or (user.is_staff and user.has_perm(wanted))
        )
        answer = send(client, method, path)
        if not allowed:
            # A row that somebody may not know of may also be "not there".
            if not is_refused(answer) and not is_not_there(answer):
                wrong.append((address.name, path, answer.status_code, "let in"))
        elif is_refused(answer) and not is_refused(send(root, method, path)):
            wrong.append((address.name, path, answer.status_code, "kept out"))

    assert not wrong


@pytest.mark.S4
@pytest.mark.parametrize("role", [None, *Role])
def test_the_workbench_opens_to_whom_it_is_declared_and_to_nobody_else(role):
    client, user = Client(), None
    if role is not None:
        user = create_user(name="mina", roles=[role]).user
        client.force_login(user)
    wrong = []
    for address in addresses():
        if not address.name.startswith("annotation:") or address.name in ADDRESSES:
            continue
        parameters = {name: "people" if name == "table" else 1 for name in address.parameters}
        path = reverse(address.name, kwargs=parameters)
        allowed = user is not None and may(user, address.callback.permission)
        answers = [client.get(path), client.post(path, {}, content_type="application/json")]
        # A page may also say 404 or 405 to people who are let in, never "not allowed".
        refused = [is_refused(answer) or answer.status_code in (404, 405) for answer in answers]
        closed = [is_refused(answer) for answer in answers]
        if (allowed and all(closed)) or (not allowed and not all(refused)):
            wrong.append((address.name, [answer.status_code for answer in answers]))

    assert not wrong


@pytest.mark.S4
@pytest.mark.parametrize("role", [None, *Role])
def test_the_pages_of_partners_open_to_whom_it_is_declared_and_to_nobody_else(role):
    client, user = Client(), None
    if role is not None:
        user = create_user(name="mina", roles=[role]).user
        client.force_login(user)
    ours = [each for each in addresses() if each.name.startswith("partners:")]

    assert ours
    for address in ours:
        values = {
            name: uuid4() if type(converter).__name__ == "UUIDConverter" else 1
            for name, converter in address.parameters.items()
        }
        path = reverse(address.name, kwargs=values)
        allowed = user is not None and may(user, address.callback.permission)
        for answer in (client.get(path), client.post(path)):
            # What is not theirs does not exist for people who are let in.
            assert is_refused(answer) != allowed or answer.status_code == 405, address.name


def test_the_pictures_of_tasks_are_not_for_strangers(client):
    """They hear 404: which pictures exist is nobody's business."""
    image = AnnotationFactory().task.image
    image.file.save("a.jpg", ContentFile(b"picture"))
    path = reverse("annotation:image", args=[image.pk])

    assert client.get(path).status_code == 404
    client.force_login(create_user(name="mina", roles=[Role.CONTENT_EDITOR]).user)
    assert client.get(path).status_code == 404


@pytest.mark.S4
@pytest.mark.parametrize("role", [None, *Role])
def test_public_pages_are_open_whoever_looks(client, role):
    if role is not None:
        client.force_login(create_user(name="mina", roles=[role]).user)
    plain = [each for each in addresses() if is_public(each) and not each.parameters and each.name]

    assert plain
    for address in plain:
        answer = client.get(reverse(address.name))
        assert not is_refused(answer) or address.name.startswith("api:"), address.name


def test_only_roles_with_work_in_the_admin_enter_it():
    assert {role for role in Role if works_in_the_admin([role])} == {
        Role.CONTENT_EDITOR,
        Role.PUBLISHER,
        Role.PHOTO_EDITOR,
        Role.PARTNER_MANAGER,
        Role.ML_ENGINEER,
        Role.ADMINISTRATOR,
    }


def test_anybody_means_that_the_page_asks_nothing_itself():
    assert {name for name, who in ADDRESSES.items() if who == ANYBODY} == {
        "admin:login",
        "admin:logout",
        "login",
        "logout",
        "accounts:second_step",
    }
