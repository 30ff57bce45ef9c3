"""Webhooks on the partner's page and in the admin."""

from __future__ import annotations

import re

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.operations.audit import AuditEntry
from apps.partners.models import Delivery, Scope, Webhook
from tests.partners.telling import happen, made, work

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


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
