"""Every address of the API × every kind of key × every verb: who is let in is declared here.

The addresses come from the URL configuration. A new one that nothing declares fails.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.api.v1 import urls
from apps.partners.models import Scope, Webhook
from tests.factories.catalogue import LandmarkFactory
from tests.factories.recognition import RecognitionRequestFactory
from tests.partners.conftest import make_key  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.S4]
VERBS = ("get", "head", "post", "put", "patch", "delete")
# Without a key, with one of any scope, or only with one of this scope.
NO_KEY, ANY_KEY = "no key", "any key"
READ = {NO_KEY, Scope.READ}
KEYS = {ANY_KEY, *Scope}
NEEDED = {
    **{
        name: {"get": READ}
        for name in (
            *("landmarks", "landmark", "categories", "regions", "licenses", "routes", "changes"),
        )
    },
    **{name: {"get": {Scope.EXPORT}} for name in ("exports", "export")},
    "recognitions": {"post": {Scope.RECOGNIZE}},
    "recognition": {"get": {Scope.RECOGNIZE}, "delete": {Scope.RECOGNIZE}},
    "recognition_feedback": {"post": {Scope.RECOGNIZE}},
    "similar": {"post": {Scope.RECOGNIZE}},
    "usage": {"get": KEYS},
    "webhooks": {"get": KEYS, "post": KEYS},
    "webhook": {"get": KEYS, "patch": KEYS, "delete": KEYS},
    "webhook_deliveries": {"get": KEYS},
    "webhook_resend": {"post": KEYS},
    "docs": {"get": {NO_KEY, *KEYS}},
    "openapi": {"get": {NO_KEY, *KEYS}},
}
NAMED = {each.name: each.pattern.converters for each in urls.urlpatterns if each.name}


def test_every_address_is_declared():
    assert set(NEEDED) == set(NAMED)


@pytest.fixture
def foreign(make_key):  # noqa: F811
    """What belongs to another partner, by its name in addresses."""
    other = make_key()
    hook = Webhook.objects.create(
        key=other.row, url="https://example.org/", kinds=[], created_at=other.row.created_at
    )
    asked = RecognitionRequestFactory(requester=other.row.prefix)
    return {
        "landmark": LandmarkFactory().pk,
        "export": 1,
        "receipt": asked.receipt,
        "webhook": hook.pk,
        "delivery": uuid4(),
    }


@pytest.mark.parametrize("holder", [NO_KEY, "unknown key", *Scope], ids=str)
def test_each_kind_of_key_opens_what_is_declared_and_nothing_else(
    settings,
    make_key,  # noqa: F811
    foreign,
    holder,
):
    settings.ANONYMOUS_PER_MINUTE = settings.KEY_PER_MINUTE = 1_000_000
    text = make_key(holder).text if holder in {*Scope} else "gilnun_00000000_guess"
    headers = {} if holder == NO_KEY else {"Authorization": f"Api-Key {text}"}
    client = Client(headers=headers)
    wrong = []
    for name, parameters in NAMED.items():
        path = reverse(f"api:{name}", kwargs={each: foreign[each] for each in parameters})
        for verb in VERBS:
            needed = NEEDED[name].get("get" if verb == "head" else verb)
            status = getattr(client, verb)(path, content_type="application/json").status_code
            if needed is None:
                expected = status in (401, 403, 405)
            elif holder == "unknown key" and name not in ("docs", "openapi"):
                expected = status == 401
            elif holder not in needed and name not in ("docs", "openapi"):
                expected = status == (401 if holder == NO_KEY else 403)
            elif {"receipt", "webhook"} & {*parameters}:
                expected = status == 404
            else:
                expected = status not in (401, 403, 405) and status < 500
            if not expected:
                wrong.append((name, verb, status))

    assert not wrong
