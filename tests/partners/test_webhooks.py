"""Webhooks made, changed and removed through the API."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.operations.audit import AuditEntry
from apps.partners.models import Scope, Webhook
from tests.partners.conftest import program
from tests.partners.telling import ADDRESS, KINDS, made, post

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_a_webhook_is_made_read_changed_and_removed(make_key, server):
    key = make_key()
    client = program(key)
    reply = post(client, {"url": server.url, "kinds": ["landmark.changed", "export.ready"]})

    answer = reply.json()
    secret = answer.pop("secret")
    assert (reply.status_code, reply["Cache-Control"]) == (201, "no-store")
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    address = reply["Location"].removeprefix("http://testserver")
    assert client.get(address).json() == answer
    listed = client.get(ADDRESS).json()
    assert listed == {"next": None, "previous": None, "results": [answer]}
    changed = client.patch(
        address, {"kinds": ["landmark.changed"], "active": False}, content_type="application/json"
    ).json()
    assert (changed["kinds"], changed["active"]) == (["landmark.changed"], False)
    assert changed["url"] == server.url
    row = Webhook.objects.get()
    assert secret not in str(vars(row)) and secret not in client.get(address).content.decode()
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    log = AuditEntry.objects.filter(subject_type="partners.webhook").order_by("pk")
    assert [entry.action for entry in log] == ["created", "changed", "deleted"]
    assert {entry.by_name for entry in log} == {f"key {key.row.prefix}"}
    assert secret not in str([(entry.before, entry.after) for entry in log])


def test_who_read_an_older_webhook_changes_and_removes_nothing(make_key, server):
    client = program(make_key())
    reply = post(client, {"url": server.url, "kinds": KINDS})
    address = reply["Location"].removeprefix("http://testserver")
    read = client.get(address)["ETag"]
    assert read == reply["ETag"]

    def change(etag, **values):
        return client.patch(
            address, values, content_type="application/json", headers={"If-Match": etag}
        )

    first = change(read, active=False)
    late = change(read, kinds=["landmark.changed"])
    removed_late = client.delete(address, headers={"If-Match": read})

    assert first.status_code == 200 and first["ETag"] != read
    for answer in (late, removed_late):
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert client.get(address)["ETag"] == first["ETag"]
    assert Webhook.objects.get().kinds == sorted(KINDS)
    assert change("*", active=True).status_code == 200
    present = client.get(address)["ETag"]
    assert client.delete(address, headers={"If-Match": present}).status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://127.0.0.1/", "kinds": KINDS}, "url"),
        ({"url": "http://example.org/", "kinds": KINDS}, "url"),
        ({"url": "example.org", "kinds": KINDS}, "url"),
        ({"kinds": KINDS}, "url"),
        ({"url": "https://example.org/", "kinds": []}, "kinds"),
        ({"url": "https://example.org/", "kinds": ["everything"]}, "kinds"),
        ({"url": "https://example.org/"}, "kinds"),
        ([], "non_field_errors"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_named(make_key, body, field):
    reply = post(program(make_key()), body)

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    assert field in reply.json()["errors"]
    assert not Webhook.objects.exists()


def test_a_key_hears_only_of_what_its_scopes_allow(make_key):
    client = program(make_key(Scope.READ))

    refused = post(client, {"url": "https://example.org/", "kinds": ["export.ready"]})

    assert refused.status_code == 422
    assert "export.ready" in refused.json()["errors"]["kinds"][0]


def test_webhooks_belong_to_the_partner_of_the_key(make_key, partner, server):
    first = made(make_key(owner=partner), server)
    address = f"{ADDRESS}{first['id']}/"

    assert program(make_key(owner=partner)).get(address).status_code == 200
    stranger = program(make_key())
    assert stranger.get(ADDRESS).json()["results"] == []
    assert stranger.get(address).status_code == 404
    assert stranger.delete(address).status_code == 404
    assert stranger.get(f"{address}deliveries/").status_code == 404
    assert Client().get(ADDRESS).status_code == 401


def test_a_partner_has_at_most_ten(make_key, server):
    key = make_key()
    for _ in range(10):
        made(key, server)

    assert post(program(key), {"url": server.url, "kinds": KINDS}).status_code == 422
