"""What is done to accounts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import Role, ensure_roles, works_in_the_admin


class MadeUser(NamedTuple):
    user: User
    password: str | None  # None where the person had one already


@transaction.atomic
def create_user(*, name: str, roles: Sequence[Role], password: str | None = None) -> MadeUser:
    """Make a person with roles; for a known name, set exactly these roles.

    Without a password a new person gets a random one, a known one keeps theirs.
    Raises ValidationError for a name or password that cannot be used.
    """
    groups = ensure_roles()
    user = User.objects.select_for_update().filter(username=name).first()
    if user is None:
        password = password or secrets.token_urlsafe(12)
        user = User(username=name)
    if password is not None:
        validate_password(password, user)
        user.set_password(password)
    user.is_active = True
    user.is_superuser = Role.ADMINISTRATOR in roles
    user.is_staff = works_in_the_admin(roles)
    user.full_clean(validate_unique=False)
    user.save()
    user.groups.set([groups[role] for role in roles])
    return MadeUser(user, password)
