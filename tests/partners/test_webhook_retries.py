"""Messages tried again later, given up in the end, and sent again by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from apps.accounts.models import User
from apps.operations.audit import AuditEntry
from apps.partners.delivering import DELAYS, forget_old
from apps.partners.models import Delivery, Webhook
from tests.partners.conftest import program
from tests.partners.telling import ADDRESS, happen, made, post, work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


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


def test_old_messages_are_removed(make_key, server, clock):
    made(make_key(), server)
    happen()
    work()
    clock.advance(timedelta(days=29))
    assert forget_old() == 0
    clock.advance(timedelta(days=2))

    assert forget_old() == 1
