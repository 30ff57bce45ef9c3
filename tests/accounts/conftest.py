import pytest

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user

PASSWORD = "a long password for tests"


@pytest.fixture
def editor(db) -> User:
    return create_user(name="kim", roles=[Role.CONTENT_EDITOR], password=PASSWORD).user


@pytest.fixture
def browser(client):
    """A browser that speaks English."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client
