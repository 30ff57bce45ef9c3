"""Webhooks: made through the API and the page, told of what happened, tried again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.operations.audit import AuditEntry
from apps.operations.events import record_event
from apps.operations.jobs import run_here
from apps.operations.models import Job
from apps.partners.announcing import pass_on
from apps.partners.delivering import DELAYS, forget_old
from apps.partners.models import Delivery, EventKind, Scope, Webhook
from apps.partners.services import revoke_api_key
from apps.recognition.pipeline import tell_partner
from tests.factories.annotation import DatasetFactory
from tests.factories.catalogue import LandmarkFactory
from tests.factories.recognition import RecognitionRequestFactory
from tests.partners.conftest import program
from tests.partners.receiving import Receiver, receiver

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ADDRESS = "/api/v1/webhooks/"
KINDS = EventKind.values


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


def post(client: Client, body: object, address: str = ADDRESS):
    return client.post(address, body, content_type="application/json")


def made(key, server: Receiver, kinds=KINDS) -> dict:
    reply = post(program(key), {"url": server.url, "kinds": list(kinds)})
    assert reply.status_code == 201, reply.content
    return reply.json()


def happen(kind: str = "annotation.submitted", **payload) -> None:
    record_event(kind=kind, subject=DatasetFactory(), payload=payload, at=timezone.now())


def work() -> None:
    """Do what sweeper and worker do in a moment."""
    pass_on()
    for job in list(Job.objects.due(timezone.now()).filter(task__startswith="apps.partners")):
        run_here(job)


# made and changed


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


# told


def test_a_message_is_signed_as_standard_webhooks_says(make_key, server):
    secret = made(make_key(), server)["secret"]
    happen(task=7, reason="흐림")

    work()

    message = server.messages[0]
    assert Verifier(secret).verify(message.body, message.headers) == {
        "type": "annotation.submitted",
        "timestamp": json.loads(message.body)["timestamp"],
        "data": {"task": 7, "reason": "흐림"},
    }
    assert datetime.fromisoformat(json.loads(message.body)["timestamp"]).tzinfo
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(message.body + b" ", message.headers)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 1)
    assert message.headers["webhook-id"] == str(delivery.pk)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("annotation.submitted", "annotation.submitted"),
        ("annotation.returned", "annotation.returned"),
        ("annotation.accepted", "annotation.accepted"),
        ("annotation.export_ready", "export.ready"),
        ("catalogue.full_files_ready", "export.ready"),
    ],
)
def test_each_kind_reaches_those_who_asked_for_it(make_key, server, raised, told):
    made(make_key(), server, kinds=[told])
    made(make_key(), server, kinds=[kind for kind in KINDS if kind != told])

    happen(raised)
    happen("article.published")
    work()

    first, second = Webhook.objects.order_by("pk")
    assert [delivery.kind for delivery in first.deliveries.all()] == [told]
    assert not second.deliveries.exists()
    assert len(server.messages) == 1


def test_a_recognition_is_told_to_its_partner_only(make_key, partner, server):
    asking, other = make_key(owner=partner), make_key()
    made(make_key(owner=partner), server, kinds=["recognition.finished"])
    made(other, server, kinds=["recognition.finished"])
    request = RecognitionRequestFactory(requester=asking.row.prefix)
    tell_partner(request, at=timezone.now())
    tell_partner(RecognitionRequestFactory(requester=""), at=timezone.now())

    work()

    assert [json.loads(message.body)["data"] for message in server.messages] == [
        {"id": str(request.receipt), "status": "done"}
    ]


def test_changes_of_landmarks_are_told_in_order_and_many_at_once(make_key, server):
    made(make_key(), server, kinds=["landmark.changed"])
    LandmarkFactory()
    work()
    assert not server.messages, "nobody hears of what was before"

    landmarks = [LandmarkFactory() for _ in range(3)]
    landmarks[0].state = "withdrawn"
    landmarks[0].save()
    work()
    work()

    data = json.loads(server.messages[0].body)["data"]
    assert len(server.messages) == 1
    told = {change["id"]: change["kind"] for change in data["changes"]}
    assert told == {landmarks[1].pk: "created", landmarks[2].pk: "created"}
    landmarks[1].delete()
    work()
    later = json.loads(server.messages[1].body)["data"]
    assert [change["kind"] for change in later["changes"]] == ["deleted"]
    assert later["cursor"] != data["cursor"]


@pytest.mark.parametrize("end", ["revoked", "left", "off"])
def test_whoever_may_not_hear_any_more_does_not(make_key, partner, server, end):
    key = make_key(owner=partner)
    answer = made(key, server)
    if end == "revoked":
        revoke_api_key(key.row, at=timezone.now())
    elif end == "left":
        User.objects.filter(pk=partner.pk).update(is_active=False)
    else:
        program(key).patch(
            f"{ADDRESS}{answer['id']}/", {"active": False}, content_type="application/json"
        )

    happen()
    work()

    assert not Delivery.objects.exists()


def test_a_webhook_outlives_the_key_it_was_made_with(make_key, partner, server):
    key = make_key(owner=partner)
    made(key, server)
    make_key(owner=partner)
    revoke_api_key(key.row, at=timezone.now())

    happen()
    work()

    assert len(server.messages) == 1


# tried again


def test_a_message_is_tried_again_later_and_later(make_key, server, clock):
    made(make_key(), server)
    server.answers = [500, 404, 204]
    happen()
    work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.error) == ("waiting", 500, "answered 500")

    for delay in DELAYS[:2]:
        clock.advance(max(delay, timedelta(minutes=1)) - timedelta(seconds=1))
        work()
        clock.advance(timedelta(seconds=1))
        work()

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 3)
    assert len({message.headers["webhook-id"] for message in server.messages}) == 1
    assert Webhook.objects.get().failing_since is None


def test_while_a_webhook_fails_one_message_finds_out(make_key, server, clock):
    made(make_key(), server)
    server.answers = [500]
    for _ in range(5):
        happen()
    work()
    assert len(server.messages) == 1

    server.answers = [204]
    clock.advance(timedelta(minutes=1))
    work()

    assert Delivery.objects.filter(state="delivered").count() == 5
    assert all(delivery.attempts <= 2 for delivery in Delivery.objects.all())


def test_a_webhook_that_fails_for_days_is_turned_off_and_its_owner_is_told(
    make_key, partner, server, clock, settings, django_capture_on_commit_callbacks
):
    settings.MAIL_IS_SET_UP = True
    User.objects.filter(pk=partner.pk).update(email="hana@example.org")
    key = make_key(owner=partner)
    answer = made(key, server)
    server.answers = [503]
    happen()
    for delay in [timedelta(0), *DELAYS]:
        clock.advance(delay)
        with django_capture_on_commit_callbacks(execute=True):
            work()

    webhook, delivery = Webhook.objects.get(), Delivery.objects.get()
    assert (webhook.active, delivery.state) == (False, "failed")
    assert len(server.messages) == len(DELAYS) + 1
    assert [letter.to for letter in mail.outbox] == [["hana@example.org"]]
    assert server.url in mail.outbox[0].body
    assert AuditEntry.objects.about(webhook).first().by_name == "webhooks"
    happen()
    work()
    assert Delivery.objects.count() == 1
    program(key).patch(
        f"{ADDRESS}{answer['id']}/", {"active": True}, content_type="application/json"
    )
    server.answers = [204]
    happen()
    work()
    assert Delivery.objects.filter(state="delivered").count() == 1


def test_an_address_that_says_gone_is_not_called_again(make_key, server):
    made(make_key(), server)
    server.answers = [410]
    happen()

    work()

    assert Delivery.objects.get().state == "failed"
    assert not Webhook.objects.get().active


def test_a_name_that_leads_inside_later_is_not_called(make_key, server, settings):
    made(make_key(), server)
    settings.WEBHOOK_HOSTS = []
    happen()

    work()

    assert not server.messages
    assert Delivery.objects.get().error == "not_https"


# sent again


def test_a_partner_sends_a_message_again(make_key, server):
    key = make_key()
    answer = made(key, server)
    happen()
    work()
    log = program(key).get(f"{ADDRESS}{answer['id']}/deliveries/").json()["results"]
    assert [(entry["state"], entry["status"]) for entry in log] == [("delivered", 204)]

    again = post(program(key), {}, f"{ADDRESS}{answer['id']}/deliveries/{log[0]['id']}/resend/")
    work()

    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert [message.headers["webhook-id"] for message in server.messages] == [log[0]["id"]] * 2
    assert Delivery.objects.get().state == "delivered"


def test_the_page_makes_turns_off_sends_again_and_removes(browser, partner, make_key, server):
    key = make_key(owner=partner)
    pages = "/accounts/partner/webhooks/"
    values = {"url": server.url, "key": key.row.pk, "kinds": ["annotation.submitted"]}

    page = browser.post(pages, values)

    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.content.decode())[0]
    webhook = Webhook.objects.get()
    assert AuditEntry.objects.about(webhook).get().by_name == "hana"
    happen(task=1)
    work()
    assert Verifier(secret).verify(server.messages[0].body, server.messages[0].headers)
    shown = browser.get(f"{pages}{webhook.pk}/").content.decode()
    assert "delivered" in shown and secret not in shown
    browser.post(f"{pages}{webhook.pk}/deliveries/{Delivery.objects.get().pk}/resend/")
    work()
    assert len(server.messages) == 2
    browser.post(f"{pages}{webhook.pk}/turn/", {"off": "1"})
    happen()
    work()
    assert len(server.messages) == 2
    assert "off" in browser.get(pages).content.decode()
    browser.post(f"{pages}{webhook.pk}/remove/")
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": "https://10.0.0.1/"}, "Only public addresses"),
        ({"kinds": ["export.ready"]}, "may not hear of export.ready"),
        ({"kinds": []}, "This field is required"),
    ],
)
def test_the_page_says_what_cannot_be_used(browser, partner, make_key, values, said):
    key = make_key(Scope.READ, owner=partner)
    usual = {
        "url": "https://example.org/",
        "key": key.row.pk,
        "kinds": ["landmark.changed"],
    }

    page = browser.post("/accounts/partner/webhooks/", usual | values).content.decode()

    assert said in page
    assert not Webhook.objects.exists()


def test_webhooks_of_others_are_not_there_on_the_page(browser, make_key, server):
    answer = made(make_key(), server)

    page = f"/accounts/partner/webhooks/{answer['id']}/"
    assert browser.get(page).status_code == 404
    assert browser.post(f"{page}remove/").status_code == 404
    assert browser.post(f"{page}turn/").status_code == 404


def test_the_admin_sends_again_and_turns_off(client, make_key, server):
    made(make_key(), server)
    happen()
    work()
    client.force_login(create_user(name="lee", roles=[Role.PARTNER_MANAGER]).user)
    delivery, webhook = Delivery.objects.get(), Webhook.objects.get()

    client.post(
        "/admin/partners/delivery/", {"action": "resend", "_selected_action": [delivery.pk]}
    )
    work()
    client.post(
        "/admin/partners/webhook/", {"action": "turn_off", "_selected_action": [webhook.pk]}
    )

    assert len(server.messages) == 2
    webhook.refresh_from_db()
    assert not webhook.active
    assert AuditEntry.objects.about(webhook).first().by_name == "lee"
    page = client.get(f"/admin/partners/webhook/{webhook.pk}/change/").content.decode()
    assert webhook.sealed_secret not in page


def test_old_messages_are_removed(make_key, server, clock):
    made(make_key(), server)
    happen()
    work()
    clock.advance(timedelta(days=29))
    assert forget_old() == 0
    clock.advance(timedelta(days=2))

    assert forget_old() == 1
