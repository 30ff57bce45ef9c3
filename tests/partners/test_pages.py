"""The page on which partners make and revoke their keys and see how much they were used."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.operations.models import AuditEntry
from apps.partners.models import ApiKey, KeyUsage
from tests.partners.conftest import program

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PAGE = "/accounts/partner/"
NEW = {"name": "our site", "scopes": ["read", "recognize"], "expires": "", "allowed_origins": ""}


def made_key(browser, **values) -> str:
    page = browser.post(PAGE, NEW | values)
    assert "no-store" in page["Cache-Control"]
    return re.search(r"gilnun_\w{8}_[\w-]+", page.content.decode())[0]


def test_a_partner_makes_a_key_which_works_and_is_shown_once(browser, partner):
    text = made_key(browser)

    key = ApiKey.objects.get()
    assert (key.owner, key.scopes) == (partner, ["read", "recognize"])
    assert Client(headers={"Authorization": f"Api-Key {text}"}).get("/api/v1/usage/").json()
    listed = browser.get(PAGE).content.decode()
    assert key.prefix in listed
    assert text not in listed
    entry = AuditEntry.objects.about(key).get()
    assert (entry.by_name, entry.action) == ("hana", "created")
    assert text not in str(entry.after)


def test_a_partner_revokes_a_key_which_stops_at_once(browser):
    text = made_key(browser)
    client = Client(headers={"Authorization": f"Api-Key {text}"})
    assert client.get("/api/v1/usage/").status_code == 200

    browser.post(f"{PAGE}keys/{ApiKey.objects.get().prefix}/revoke/")

    assert client.get("/api/v1/usage/").status_code == 401
    assert "revoked" in browser.get(PAGE).content.decode()


def test_a_key_ends_after_its_last_day(browser):
    today = timezone.now().date()
    made_key(browser, expires=str(today + timedelta(days=1)))
    key = ApiKey.objects.get()
    assert timedelta(days=1) <= key.expires_at - timezone.now() <= timedelta(days=3)

    past = browser.post(PAGE, NEW | {"expires": "2020-01-01"})

    assert "This day has passed." in past.content.decode()
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"scopes": []}, "This field is required"),
        ({"scopes": ["root"]}, "root is not one of the available choices"),
        ({"allowed_origins": "https://*.example.org"}, "is not an origin"),
        ({"allowed_origins": "http://example.org"}, "is not an origin"),
        ({"allowed_origins": "https://example.org/page"}, "is not an origin"),
        ({"allowed_origins": "https://[::1"}, "is not an origin"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_made(browser, values, said):
    page = browser.post(PAGE, NEW | values).content.decode()

    assert said in page
    assert not ApiKey.objects.exists()
    assert "our site" in page or "name" in values


def test_a_partner_has_at_most_five_working_keys(browser):
    for _ in range(5):
        made_key(browser)

    refused = browser.post(PAGE, NEW)

    assert "You have 5 working keys." in refused.content.decode()
    browser.post(f"{PAGE}keys/{ApiKey.objects.first().prefix}/revoke/")
    assert made_key(browser)


def test_a_partner_sees_no_key_of_others_and_a_manager_sees_all(browser, make_key):
    foreign = make_key(name="somebody else's").row

    assert "somebody else" not in browser.get(PAGE).content.decode()
    for address in ("", "usage.csv"):
        assert browser.get(f"{PAGE}keys/{foreign.prefix}/{address}").status_code == 404
    assert browser.post(f"{PAGE}keys/{foreign.prefix}/revoke/").status_code == 404
    browser.force_login(create_user(name="lee", roles=[Role.PARTNER_MANAGER]).user)
    assert "somebody else" in browser.get(PAGE).content.decode()
    assert browser.get(f"{PAGE}keys/{foreign.prefix}/").status_code == 200


def test_usage_is_shown_as_a_chart_a_table_and_csv(browser, partner, make_key):
    key = make_key(owner=partner)
    today = timezone.now().date()
    before = today - timedelta(days=3)
    KeyUsage.objects.create(key=key.row, day=before, operation="GET landmarks", used=40)
    for _ in range(2):
        program(key).get("/api/v1/usage/")

    page = browser.get(f"{PAGE}keys/{key.row.prefix}/?days=7").content.decode()
    table = browser.get(f"{PAGE}keys/{key.row.prefix}/usage.csv?days=7")

    assert page.count('class="usage-bar"') == 7
    assert f"<title>{before}: 40</title>" in page
    assert "GET landmarks 40" in page
    assert table.content.decode().splitlines() == [
        "day,operation,requests",
        f"{before},GET landmarks,40",
        f"{today},GET usage,2",
    ]


def test_the_admin_makes_a_key_and_shows_it_once(client, partner):
    client.force_login(create_user(name="lee", roles=[Role.PARTNER_MANAGER]).user)
    values = {"name": "by hand", "owner": partner.pk, "scopes": ["read"], "per_day": "9"}

    page = client.post("/admin/partners/apikey/add/", values)

    text = re.search(r"gilnun_\w{8}_[\w-]+", page.content.decode())[0]
    assert "no-store" in page["Cache-Control"]
    assert Client(headers={"Authorization": f"Api-Key {text}"}).get("/api/v1/usage/").json()
    entry = AuditEntry.objects.about(ApiKey.objects.get()).get()
    assert (entry.by_name, entry.action, entry.after["per_day"]) == ("lee", "created", 9)
    assert text not in client.get("/admin/partners/apikey/").content.decode()


def test_the_key_of_somebody_who_left_is_refused(partner, make_key):
    client = program(make_key(owner=partner))
    assert client.get("/api/v1/usage/").status_code == 200
    partner.is_active = False
    partner.save()

    assert client.get("/api/v1/usage/").status_code == 401
