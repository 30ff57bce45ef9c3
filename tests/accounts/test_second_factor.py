"""Staff with a second factor: set up, asked for, required, lost, reset."""

import re
import threading
from datetime import timedelta

import pyotp
import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts import second_factor
from apps.accounts.models import BackupCode, SecondFactor, User
from apps.accounts.one_time_codes import new_secret, unseal
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.operations.models import AuditEntry

PASSWORD = "a long password for tests"
LOGIN, STEP, PAGE = "/accounts/login/", "/accounts/code/", "/accounts/second-factor/"

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Phone:
    """Makes codes as the app on a phone does."""

    def __init__(self, secret: str):
        self.codes = pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        return self.codes.at(timezone.now() + timedelta(seconds=30 * steps))

    def wrong_code(self) -> str:
        return f"{(int(self.code()) + 1) % 1_000_000:06d}"


@pytest.fixture
def phone(editor) -> Phone:
    """The phone of an editor who set up a second factor a minute ago."""
    secret = new_secret()
    then = timezone.now() - timedelta(minutes=2)
    second_factor.set_up(editor, secret=secret, code=pyotp.TOTP(secret).at(then), at=then)
    return Phone(secret)


@pytest.fixture
def required(settings) -> None:
    settings.STAFF_MFA = "required"


def is_in(client) -> bool:
    return "_auth_user_id" in client.session


def password(client, **more):
    return client.post(LOGIN, {"username": "kim", "password": PASSWORD, "next": "/admin/"} | more)


def sign_in(client, code: str):
    password(client)
    return client.post(STEP, {"otp_token": code})


def test_a_phone_is_set_up_from_the_picture_or_the_key(browser, editor):
    browser.force_login(editor)
    page = browser.get(PAGE).content.decode()
    secret = re.search(r'class="key">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert "<svg" in page and not re.search(r'(src|href)="(https?:)?//', page)

    refused = browser.post(PAGE, {"otp_token": Phone(secret).wrong_code()})
    done = browser.post(PAGE, {"otp_token": Phone(secret).code()})

    assert "This code is not right" in refused.content.decode()
    assert secret in refused.content.decode().replace(" ", "")
    codes = re.findall(r"<code>([A-Z2-9-]{14})</code>", done.content.decode())
    assert len(set(codes)) == 10
    assert "no-store" in done["Cache-Control"]
    assert browser.get("/admin/").status_code == 200
    assert unseal(SecondFactor.objects.get().sealed_secret) == secret


def test_neither_database_nor_log_holds_secret_or_codes(browser, editor):
    secret = new_secret()
    codes = second_factor.set_up(
        editor, secret=secret, code=Phone(secret).code(), at=timezone.now()
    )
    User.objects.create_superuser("root")
    browser.force_login(User.objects.get(username="root"))
    browser.post(f"/admin/accounts/user/{editor.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=editor.pk).exists()

    held = [*SecondFactor.objects.values_list("sealed_secret", flat=True)]
    held += BackupCode.objects.values_list("code_hash", flat=True)
    held += [str((entry.before, entry.after)) for entry in AuditEntry.objects.all()]

    log = "".join(held)
    assert "secondfactor" in "".join(AuditEntry.objects.values_list("subject_type", flat=True))
    for hidden in (secret, *codes, *(code.replace("-", "") for code in codes)):
        assert hidden not in log
    assert not re.search(r"gAAAA|[0-9a-f]{64}", log)


@pytest.mark.S14
def test_password_alone_opens_nothing(browser, editor, phone):
    answer = password(browser)

    assert (answer.status_code, answer["Location"]) == (302, STEP)
    assert not is_in(browser)
    assert browser.get("/admin/").status_code == 302
    done = browser.post(STEP, {"otp_token": phone.code()})
    assert (done.status_code, done["Location"]) == (302, "/admin/")
    assert browser.get("/admin/").status_code == 200


def test_programs_send_the_code_along(browser, editor, phone):
    assert password(browser, otp_token=phone.wrong_code()).status_code == 200
    assert not is_in(browser)

    assert password(browser, otp_token=phone.code())["Location"] == "/admin/"
    assert is_in(browser)


def test_a_code_is_good_for_once(editor, phone):
    code = phone.code()
    sign_in(Client(), code)

    again, before, after = Client(), Client(), Client()
    sign_in(again, code)
    sign_in(before, phone.code(-1))
    sign_in(after, phone.code(1))

    assert [is_in(client) for client in (again, before, after)] == [False, False, True]


@pytest.mark.parametrize("steps", [-3, 3])
def test_codes_of_other_times_are_worthless(browser, editor, phone, steps):
    sign_in(browser, phone.code(steps))

    assert not is_in(browser)


@pytest.mark.parametrize("code", ["", "12345", "١٢٣٤٥٦", "\x00", "1" * 41, "' OR 1=1"])
def test_what_is_no_code_is_refused_quietly(browser, editor, phone, code):
    answer = sign_in(browser, code)

    assert answer.status_code == 200
    assert not is_in(browser)


def test_the_step_is_over_after_ten_minutes_and_with_another_password(
    browser, editor, phone, monkeypatch
):
    other = Client()
    password(other)
    editor.set_password("another long password")
    editor.save()
    assert other.post(STEP, {"otp_token": phone.code()})["Location"] == LOGIN

    browser.post(LOGIN, {"username": "kim", "password": "another long password"})
    then = timezone.now() + timedelta(minutes=11)
    monkeypatch.setattr(timezone, "now", lambda: then)
    assert browser.post(STEP, {"otp_token": phone.code()})["Location"] == LOGIN
    assert not is_in(browser)


def test_the_step_without_a_password_leads_to_the_sign_in(browser):
    assert browser.get(STEP)["Location"] == LOGIN
    assert browser.post(STEP, {"otp_token": "123456"})["Location"] == LOGIN


@pytest.mark.S14
def test_a_backup_code_opens_once_however_it_is_typed(editor):
    secret = new_secret()
    codes = second_factor.set_up(
        editor, secret=secret, code=Phone(secret).code(), at=timezone.now()
    )
    first, again = Client(), Client()

    sign_in(first, f" {codes[0].lower().replace('-', ' ')} ")
    sign_in(again, codes[0])

    assert is_in(first) and not is_in(again)
    entry = AuditEntry.objects.about(editor).first()
    assert (entry.before, entry.after) == ({"backup_codes": 10}, {"backup_codes": 9})


def test_wrong_codes_end_like_wrong_passwords(browser, editor, phone):
    password(browser)
    for _ in range(5):
        assert browser.post(STEP, {"otp_token": phone.wrong_code()}).status_code == 200

    closed = browser.post(STEP, {"otp_token": phone.code()})

    assert closed.status_code == 429 and int(closed["Retry-After"]) > 0
    assert "Too many wrong tries" in closed.content.decode()
    assert not is_in(browser)
    assert AuditEntry.objects.about(editor).first().after == {"sign_in": "locked"}


@pytest.mark.django_db(transaction=True)
def test_of_many_codes_at_once_no_more_are_compared_than_the_limit():
    user = create_user(name="kim", roles=[Role.CONTENT_EDITOR], password=PASSWORD).user
    secret = new_secret()
    then = timezone.now() - timedelta(minutes=2)
    second_factor.set_up(user, secret=secret, code=pyotp.TOTP(secret).at(then), at=then)
    answers = []
    clients = [Client() for _ in range(6)]
    for client in clients:
        password(client)

    def guess(client) -> None:
        try:
            code = Phone(secret).wrong_code()
            answers.extend(client.post(STEP, {"otp_token": code}).status_code for _ in range(3))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (answers.count(200), answers.count(429)) == (5, 13)


@pytest.mark.django_db(transaction=True)
def test_one_code_from_two_browsers_at_once_opens_one_of_them():
    user = create_user(name="kim", roles=[Role.CONTENT_EDITOR], password=PASSWORD).user
    secret = new_secret()
    then = timezone.now() - timedelta(minutes=2)
    second_factor.set_up(user, secret=secret, code=pyotp.TOTP(secret).at(then), at=then)
    clients = [Client() for _ in range(4)]
    for client in clients:
        password(client)
    code = Phone(secret).code()

    def enter(client) -> None:
        try:
            client.post(STEP, {"otp_token": code})
        finally:
            connection.close()

    threads = [threading.Thread(target=enter, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(is_in(client) for client in clients) == 1


def staff_addresses() -> list[str]:
    models = [model._meta for model in admin.site._registry]
    lists = [reverse(f"admin:{each.app_label}_{each.model_name}_changelist") for each in models]
    names = ["index", "password_change", "search", "autocomplete"]
    return [*lists, *(reverse(f"admin:{name}") for name in names), "/annotate/numbers/"]


@pytest.mark.S14
def test_where_it_is_required_staff_set_it_up_before_anything_else(browser, required):
    create_user(name="kim", roles=[Role.ADMINISTRATOR], password=PASSWORD)
    browser.post(LOGIN, {"username": "kim", "password": PASSWORD}, follow=True)

    for address in staff_addresses():
        answer = browser.get(address)
        assert (answer.status_code, answer["Location"]) == (302, PAGE), address
    answer = browser.post("/annotate/api/claim", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
    assert browser.get("/").status_code == 200
    page = browser.get(PAGE).content.decode()
    assert "Please set yours up first" in page
    secret = re.search(r'class="key">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    browser.post(PAGE, {"otp_token": Phone(secret).code()})
    assert browser.get("/admin/").status_code == 200
    assert browser.post("/accounts/logout/").status_code == 302


def test_annotators_need_none_where_it_is_required_for_staff(browser, required):
    browser.force_login(create_user(name="mina", roles=[Role.ANNOTATOR]).user)

    assert browser.get("/annotate/").status_code == 200


def test_sessions_without_the_second_factor_end_when_one_is_set_up(editor):
    elsewhere = Client()
    elsewhere.force_login(editor)
    assert elsewhere.get("/admin/").status_code == 200

    secret = new_secret()
    second_factor.set_up(editor, secret=secret, code=Phone(secret).code(), at=timezone.now())

    assert elsewhere.get("/admin/").status_code == 302
    assert not is_in(elsewhere)


def test_new_backup_codes_and_removal_ask_for_the_code(browser, editor, phone):
    sign_in(browser, phone.code(-1))
    old = set(BackupCode.objects.values_list("code_hash", flat=True))
    assert "10 backup codes are left" in browser.get(PAGE).content.decode()

    browser.post(PAGE, {"otp_token": phone.wrong_code(), "remove": "1"})
    assert SecondFactor.objects.exists()
    page = browser.post(PAGE, {"otp_token": phone.code(), "renew": "1"}).content.decode()
    assert len(re.findall(r"<code>([A-Z2-9-]{14})</code>", page)) == 10
    assert not old & set(BackupCode.objects.values_list("code_hash", flat=True))
    browser.post(PAGE, {"otp_token": phone.code(1), "remove": "1"})
    assert not SecondFactor.objects.exists() and not BackupCode.objects.exists()
    assert browser.get("/admin/").status_code == 200


def test_an_administrator_resets_a_lost_phone_and_sessions_end(browser, editor, phone):
    sign_in(browser, phone.code())
    root, admin_browser = User.objects.create_superuser("root"), Client()
    admin_browser.force_login(root)

    admin_browser.post(f"/admin/accounts/user/{editor.pk}/reset-second-factor/")

    assert browser.get("/admin/").status_code == 302
    assert password(browser)["Location"] == "/admin/"
    entry = AuditEntry.objects.about(editor).first()
    assert (entry.by_name, entry.before) == ("root", {"second_factor": True})


def test_a_secret_sealed_with_another_key_lets_nobody_in(browser, editor, phone, settings):
    sealed_with_this = settings.SECRET_KEY
    password(browser)
    settings.SECRET_KEY = "another key of the portal, long enough"
    editor.refresh_from_db()
    other = Client()
    password(other)
    assert other.post(STEP, {"otp_token": phone.code()}).status_code == 200
    assert not is_in(other)

    settings.SECRET_KEY_FALLBACKS = [sealed_with_this]
    password(other)
    other.post(STEP, {"otp_token": phone.code()})
    assert is_in(other)
