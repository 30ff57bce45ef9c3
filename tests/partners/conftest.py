from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.partners.models import Scope
from apps.partners.services import NewKey, create_api_key
from tests.partners.receiving import Receiver, receiver


@pytest.fixture
def partner(db) -> User:
    return create_user(name="hana", roles=[Role.PARTNER]).user


@pytest.fixture
def browser(partner, client) -> Client:
    """The partner's browser, in English."""
    client.force_login(partner)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def make_key(db) -> Callable[..., NewKey]:
    def make(*scopes: Scope, **options) -> NewKey:
        options = {"name": "partner", "at": timezone.now()} | options
        return create_api_key(scopes=list(scopes or Scope), **options)

    return make


def program(made: NewKey) -> Client:
    """A program that sends a key with every request."""
    return Client(
        headers={"Authorization": f"Api-Key {made.text}", "Accept-Language": "en"},
        raise_request_exception=False,
    )


@pytest.fixture
def server(settings) -> Iterator[Receiver]:
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    with receiver() as running:
        yield running


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""

    class Clock:
        at = timezone.now()

        def advance(self, by: timedelta) -> None:
            self.at += by

    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.at)
    return clock
