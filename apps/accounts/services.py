"""What is done to accounts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role, ensure_roles, works_in_the_admin
from apps.operations.audit import Change, Snapshot, record, snapshot
from apps.operations.models import AuditEntry


class MadeUser(NamedTuple):
    user: User
    password: str | None  # None where the person had one already


@transaction.atomic
def create_user(
    *, name: str, roles: Sequence[Role], password: str | None = None, by: User | None = None
) -> MadeUser:
    """Make a person with roles; for a known name, set exactly these roles.

    Without a password a new person gets a random one, a known one keeps theirs.
    Raises ValidationError for a name or password that cannot be used.
    """
    groups = ensure_roles()
    user = User.objects.select_for_update().filter(username=name).first()
    before = describe(user) if user else None
    if user is None:
        password = password or secrets.token_urlsafe(12)
        user = User(username=name)
    new_password = password is not None and not (before and user.check_password(password))
    if new_password:
        validate_password(password, user)
        user.set_password(password)
    user.is_active = True
    apply_roles(user, roles)
    user.full_clean(validate_unique=False)
    user.save()
    user.groups.set([groups[role] for role in roles])
    at = timezone.now()
    action = AuditEntry.Action.CHANGED if before else AuditEntry.Action.CREATED
    record([Change(user, before, describe(user))], by=by, at=at, action=action)
    if before and new_password:
        record_password_change(user, by=by, at=at)
    return MadeUser(user, password)


def apply_roles(user: User, roles: Sequence[Role]) -> None:
    """Set the flags that follow from roles; saving is the caller's."""
    user.is_superuser = Role.ADMINISTRATOR in roles
    user.is_staff = works_in_the_admin(roles)


def describe(user: User) -> Snapshot:
    """Return what the log says of a person: their values, roles and regions."""
    values = snapshot(user)
    values["roles"] = sorted(user.groups.values_list("name", flat=True))
    codes = user.regions.values_list("region__code", flat=True)
    values["regions"] = sorted(codes)
    return values


def record_password_change(user: User, *, by: User | None, at: datetime) -> None:
    """Note that somebody's password was changed, and by whom; never the password."""
    change = Change(user, {"password": "…"}, {"password": "… …"})
    record([change], by=by, at=at, action=AuditEntry.Action.CHANGED)
