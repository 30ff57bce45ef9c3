from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from apps.accounts.models import User
from tests.factories.annotation import UserFactory


@pytest.fixture
def person() -> Callable[..., User]:
    """Make a person with roles."""

    def make(*roles: str, **fields) -> User:
        user = UserFactory(**fields)
        user.groups.set([Group.objects.get_or_create(name=role)[0] for role in roles])
        return user

    return make


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """Return a client in which a person is signed in."""

    def client_of(user: User, **options) -> Client:
        client = Client(**options)
        client.force_login(user)
        return client

    return client_of
