"""Guessing passwords and codes ends soon, for everybody alike, and the owner gets in."""

import json
import random
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.accounts.signing_in import is_locked
from apps.operations.models import AuditEntry, Limit

PASSWORD = "a long password for tests"
LOGIN = "/accounts/login/"

pytestmark = pytest.mark.django_db


def try_in(client, password: str, name: str = "kim", **more):
    return client.post(LOGIN, {"username": name, "password": password}, **more)


def is_in(client) -> bool:
    return "_auth_user_id" in client.session


def later(monkeypatch, **ahead) -> None:
    then = timezone.now() + timedelta(**ahead)
    monkeypatch.setattr(timezone, "now", lambda: then)


@pytest.mark.slow
def test_after_some_wrong_passwords_even_the_right_one_waits(browser, editor, monkeypatch):
    for _ in range(5):
        assert try_in(browser, "wrong").status_code == 200

    closed = try_in(browser, PASSWORD)

    assert closed.status_code == 429
    assert 0 < int(closed["Retry-After"]) <= 15 * 60
    assert "Too many wrong tries. Please wait" in closed.content.decode()
    assert 'value="kim"' in closed.content.decode()
    assert not is_in(browser)
    later(monkeypatch, minutes=15)
    assert try_in(browser, PASSWORD).status_code == 302
    assert is_in(browser)


@pytest.mark.slow
def test_the_wait_is_said_in_korean_too(client, editor):
    for _ in range(5):
        try_in(client, "wrong")

    page = try_in(client, "wrong", headers={"Accept-Language": "ko"}).content.decode()

    assert "분 뒤에 다시 해 보시거나" in page


@pytest.mark.S7
@pytest.mark.slow
def test_nobody_learns_which_accounts_exist(browser, editor):
    """What is said of a known and an unknown name, wrong and then locked, is the same."""
    answers = []
    for name in ("kim", "nobody"):
        client = Client(headers={"Accept-Language": "en"})
        pages = [try_in(client, "wrong", name=name) for _ in range(6)]
        answers.append(
            [(page.status_code, len(page.content.decode()) - len(name)) for page in pages]
        )

    assert answers[0] == answers[1]
    assert answers[0][-1][0] == 429


@pytest.mark.S7
@pytest.mark.slow
def test_guessing_elsewhere_does_not_keep_the_owner_out(editor):
    own, stranger = Client(), Client()
    assert try_in(own, PASSWORD).status_code == 302
    own.post("/accounts/logout/")
    for _ in range(6):
        try_in(stranger, "wrong")
    assert try_in(stranger, PASSWORD).status_code == 429

    assert try_in(own, PASSWORD).status_code == 302

    own.post("/accounts/logout/")
    for _ in range(5):
        try_in(own, "wrong")
    assert try_in(own, PASSWORD).status_code == 429


@pytest.mark.slow
def test_the_mark_of_a_browser_serves_its_person_only(editor):
    create_user(name="lee", roles=[Role.CONTENT_EDITOR], password=PASSWORD)
    browser = Client()
    try_in(browser, PASSWORD)
    for _ in range(5):
        try_in(Client(), "wrong", name="lee")

    assert try_in(browser, PASSWORD, name="lee").status_code == 429


@pytest.mark.S7
@pytest.mark.slow
def test_an_address_that_tries_many_accounts_is_stopped(settings, editor):
    settings.SIGN_IN_TRIES_PER_ADDRESS = 3
    for number in range(3):
        assert try_in(Client(), "wrong", name=f"name-{number}").status_code == 200

    assert try_in(Client(), PASSWORD).status_code == 429
    assert try_in(Client(REMOTE_ADDR="192.0.2.7"), PASSWORD).status_code == 302


@pytest.mark.slow
def test_an_operator_lets_an_address_try_again_and_the_log_says_so(settings, editor, capsys):
    settings.SIGN_IN_TRIES_PER_ADDRESS = 1
    try_in(Client(), "wrong", name="somebody")
    assert try_in(Client(), PASSWORD).status_code == 429

    call_command("unlock_address", "127.0.0.1")

    assert json.loads(capsys.readouterr().out) == {"address": "127.0.0.1", "unlocked": True}
    assert try_in(Client(), PASSWORD).status_code == 302
    entry = AuditEntry.objects.get(by_name="unlock_address")
    assert (entry.before, entry.after, entry.note) == ({"used": 1}, {"used": 0}, "127.0.0.1")
    with pytest.raises(CommandError, match="no network address"):
        call_command("unlock_address", "the office")


@pytest.mark.slow
def test_right_passwords_use_nothing_up(settings, editor):
    settings.SIGN_IN_TRIES = settings.SIGN_IN_TRIES_PER_ADDRESS = 1

    assert [try_in(Client(), PASSWORD).status_code for _ in range(3)] == [302] * 3


@pytest.mark.slow
def test_an_administrator_unlocks_and_the_log_says_so(editor):
    root = User.objects.create_superuser("root")
    for _ in range(5):
        try_in(Client(), "wrong")
    assert is_locked(editor, at=timezone.now())
    locked = AuditEntry.objects.about(editor).first()
    assert locked.after == {"sign_in": "locked"} and "127.0.0.1" in locked.note
    admin = Client()
    admin.force_login(root)

    admin.post(f"/admin/accounts/user/{editor.pk}/unlock/")

    assert try_in(Client(), PASSWORD).status_code == 302
    entry = AuditEntry.objects.about(editor).first()
    assert (entry.by_name, entry.after) == ("root", {"sign_in": "open"})


@pytest.mark.slow
def test_people_who_left_are_told_what_strangers_are_told(browser, editor):
    User.objects.update(is_active=False)

    page = try_in(browser, PASSWORD)

    assert "do not match" in page.content.decode()
    assert not is_in(browser)


@pytest.mark.S7
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_many_tries_at_once_no_more_pass_than_the_limit(monkeypatch):
    """Thirty browsers guess at the same moment: the password is compared five times."""
    create_user(name="kim", roles=[Role.CONTENT_EDITOR], password=PASSWORD)
    compared = []
    check = User.check_password
    monkeypatch.setattr(
        User, "check_password", lambda self, raw: compared.append(1) or check(self, raw)
    )
    answers = []

    def guess() -> None:
        try:
            client = Client()
            answers.extend(try_in(client, "wrong").status_code for _ in range(3))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (answers.count(200), answers.count(429)) == (5, 25)
    assert len(compared) == 5


def test_the_admins_own_sign_in_page_is_the_same_one(browser, editor):
    page = browser.get("/admin/login/?next=/admin/").content.decode()
    for _ in range(6):
        last = browser.post("/admin/login/", {"username": "kim", "password": "wrong"})

    assert 'name="username"' in page and 'value="/admin/"' in page
    assert last.status_code == 429
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.CONTENT_EDITOR, "/admin/"),
        (Role.ADMINISTRATOR, "/admin/"),
        (Role.ANNOTATOR, "/annotate/"),
        (Role.ANNOTATION_REVIEWER, "/annotate/review/"),
    ],
)
def test_everybody_begins_where_they_work(client, role, page):
    create_user(name="mina", roles=[role], password=PASSWORD)

    answer = try_in(client, PASSWORD, name="mina")

    assert answer["Location"] == page
    assert client.get(page).status_code == 200


def test_who_may_not_use_the_admin_hears_so_and_is_not_asked_again(browser):
    user = create_user(name="mina", roles=[Role.ANNOTATOR]).user
    browser.force_login(user)

    page = browser.get("/admin/", follow=True)

    assert page.status_code == 403
    assert "Your account does not have this right." in page.content.decode()


@pytest.mark.S7
def test_windows_are_short_enough_that_no_quarter_of_an_hour_sees_ten_tries(browser, editor):
    """Windows start at fixed times; two of them touch any quarter of an hour."""
    for _ in range(6):
        try_in(browser, "wrong")

    start = Limit.objects.get(name="sign_in_password").window_start
    assert start.minute % 15 == 0 and Limit.objects.get(name="sign_in_password").used == 5
    assert datetime.now(UTC) - start < timedelta(minutes=15)


def address_of(pattern: str, number: int, chance: random.Random) -> str:
    """Return where a guess comes from: one address, those of a network, any."""
    return {
        "one address": "192.0.2.1",
        "one network": f"192.0.2.{number % 250 + 1}",
        "anywhere": f"{chance.randint(11, 99)}.{chance.randint(0, 255)}.0.{number % 250 + 1}",
    }[pattern]


@pytest.mark.S7
@pytest.mark.slow
def test_of_a_thousand_guesses_few_are_compared_wherever_they_come_from(
    editor, monkeypatch, is_long, seen
):
    guesses = 1000 if is_long else 60
    own = Client()
    try_in(own, PASSWORD)
    own.post("/accounts/logout/")
    chance, compared = random.Random(7), []
    check = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: bool(compared.append(raw)))

    for number in range(guesses):
        for pattern in ("one address", "one network", "anywhere"):
            try_in(Client(REMOTE_ADDR=address_of(pattern, number, chance)), f"guess {number}")

    seen("S7", guesses=3 * guesses, compared=len(compared))
    # A window may end meanwhile.
    assert 0 < len(compared) <= 10
    monkeypatch.setattr(User, "check_password", check)
    assert try_in(own, PASSWORD).status_code == 302


@pytest.mark.S7
@pytest.mark.slow
def test_a_name_that_nobody_has_costs_what_a_known_one_costs(
    editor, settings, monkeypatch, is_long, seen
):
    settings.SIGN_IN_TRIES = 1000
    hashed = []
    encode = Argon2PasswordHasher.encode
    monkeypatch.setattr(
        Argon2PasswordHasher,
        "encode",
        lambda self, password, salt: hashed.append(salt) or encode(self, password, salt),
    )
    verify = Argon2PasswordHasher.verify
    monkeypatch.setattr(
        Argon2PasswordHasher,
        "verify",
        lambda self, password, encoded: hashed.append(encoded) or verify(self, password, encoded),
    )
    times: dict[str, list[float]] = {"kim": [], "nobody": []}
    counts = {}
    for _ in range(40 if is_long else 1):
        for name, seconds in times.items():
            hashed.clear()
            started = time.perf_counter()
            try_in(Client(), "wrong", name=name)
            seconds.append(time.perf_counter() - started)
            counts[name] = len(hashed)

    known, unknown = (1000 * statistics.median(seconds) for seconds in times.values())
    seen("S7", known_ms=round(known), unknown_ms=round(unknown))
    assert counts["kim"] == counts["nobody"] == 1
    assert abs(known - unknown) <= 10 or not is_long
