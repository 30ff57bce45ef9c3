"""What webhooks are told: signed, in order, and to whom it concerns only."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from apps.accounts.models import User
from apps.partners.models import Delivery, Webhook
from apps.partners.services import revoke_api_key
from apps.recognition.pipeline import tell_partner
from tests.factories.catalogue import LandmarkFactory
from tests.factories.recognition import RecognitionRequestFactory
from tests.partners.conftest import program
from tests.partners.telling import ADDRESS, KINDS, happen, made, work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


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
