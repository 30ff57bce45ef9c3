import pytest

from apps.accounts.models import User


@pytest.fixture
def editor(db) -> User:
    return User.objects.create_superuser("editor", password="long enough to be one")


@pytest.fixture
def staff(client, editor):
    """A browser with an editor signed in; pages speak English."""
    client.force_login(editor)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client
