"""Who may try to sign in, how often, and with what besides the password.

Wrong passwords are counted per account and per address, wrong codes per account, in windows of a
quarter of an hour. An account that does not exist is counted, and answered, like one that does.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.contrib.auth import authenticate
from django.core import signing
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from apps.accounts.models import BackupCode, SecondFactor, User
from apps.accounts.one_time_codes import (
    hash_of_backup_code,
    matching_step,
    unseal,
)
from apps.operations import limits
from apps.operations.audit import Change, record
from apps.operations.models import AuditEntry, Limit
from apps.operations.sealing import UnreadableSecret
from apps.operations.visitors import truncated_address, visitor_address

WINDOW = timedelta(minutes=15)
PASSWORD, CODE, ADDRESS = "sign_in_password", "sign_in_code", "sign_in_address"
DEVICE_COOKIE = "gilnun_device"
DEVICE_SALT = "gilnun known device"
DEVICE_SECONDS = 180 * 24 * 3600


class TooManyTries(Exception):
    """Nobody may try this account, or from this address, before some seconds have passed."""

    def __init__(self, seconds: int):
        super().__init__(f"{seconds} s")
        self.seconds = seconds
        self.minutes = ceil(seconds / 60)


class WrongCode(Exception):
    """Neither the code of the moment nor an unused backup code."""


def check_password(request: HttpRequest, *, name: str, password: str, at: datetime) -> User | None:
    """Return the person whose name and password these are; None: they do not match.

    Raises TooManyTries. From a browser in which this person signed in before, their tries are
    counted apart, so that somebody else's wrong guesses do not keep them out.
    """
    device = known_device(request, name)
    address = visitor_address(request)
    if not device:
        _take(ADDRESS, address, settings.SIGN_IN_TRIES_PER_ADDRESS, at)
    key = _account_key(name, device)
    with transaction.atomic():
        # One try of an account at a time: of many at once none passes beside the count.
        _one_at_a_time(key)
        _refuse_when_used_up(PASSWORD, key, at)
        user = authenticate(request, username=name, password=password)
        if user is None:
            _count(PASSWORD, key, at)
            if _is_used_up(PASSWORD, key, at):
                _tell_of_lock(User.objects.filter(username=name).first(), address, at)
    if user is not None and not device:
        limits.give_back(ADDRESS, address, window=WINDOW, at=at)
    return user


def check_code(user: User, code: str, *, at: datetime, address: str = "") -> None:
    """Take a one-time code, or a backup code, of a person. Raises WrongCode, TooManyTries.

    Each is good for once; so is each half minute, and what came before it.
    """
    key = str(user.pk)
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().get(user=user)
        _refuse_when_used_up(CODE, key, at)
        right = _takes_code(factor, code, at)
        if not right:
            _count(CODE, key, at)
            if _is_used_up(CODE, key, at):
                _tell_of_lock(user, address, at)
    if not right:
        raise WrongCode


def _takes_code(factor: SecondFactor, code: str, at: datetime) -> bool:
    digits = "".join(letter for letter in code if letter in "0123456789")
    if len(digits) == 6 and len(code.strip()) <= 8:
        try:
            step = matching_step(
                unseal(factor.sealed_secret), digits, at=at, after=factor.last_step
            )
        except UnreadableSecret:
            return False
        if step is None:
            return False
        factor.last_step = step
        factor.save(update_fields=["last_step"])
        return True
    unused = BackupCode.objects.filter(user_id=factor.user_id, used_at=None)
    if not unused.filter(code_hash=hash_of_backup_code(code)).update(used_at=at):
        return False
    left = unused.count()
    change = Change(factor.user, {"backup_codes": left + 1}, {"backup_codes": left})
    record([change], by=factor.user, at=at, action=AuditEntry.Action.CHANGED)
    return True


def _take(name: str, key: str, limit: int, at: datetime) -> None:
    try:
        limits.take(name, key, limit=limit, window=WINDOW, at=at)
    except limits.LimitReached as reached:
        raise TooManyTries(reached.retry_after_seconds) from reached


def _count(name: str, key: str, at: datetime) -> None:
    limits.take(name, key, limit=settings.SIGN_IN_TRIES, window=WINDOW, at=at)


def _refuse_when_used_up(name: str, key: str, at: datetime) -> None:
    try:
        limits.check(name, key, limit=settings.SIGN_IN_TRIES, window=WINDOW, at=at)
    except limits.LimitReached as reached:
        raise TooManyTries(reached.retry_after_seconds) from reached


def _is_used_up(name: str, key: str, at: datetime) -> bool:
    try:
        _refuse_when_used_up(name, key, at)
    except TooManyTries:
        return True
    return False


def _one_at_a_time(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _tell_of_lock(user: User | None, address: str, at: datetime) -> None:
    """Note in the log that an account was closed for a while, so that administrators see it."""
    if user is None:
        return
    change = Change(user, {"sign_in": "open"}, {"sign_in": "locked"})
    note = f"{settings.SIGN_IN_TRIES} × {truncated_address(address)}" if address else ""
    record([change], by=None, at=at, action=AuditEntry.Action.CHANGED, note=note)


def is_locked(user: User, *, at: datetime) -> bool:
    """Say whether a person cannot try to sign in now, from a browser that nobody knows."""
    return _is_used_up(PASSWORD, _account_key(user.get_username(), ""), at) or _is_used_up(
        CODE, str(user.pk), at
    )


def unlock(user: User, *, by: User, at: datetime) -> None:
    """Let a person try again at once."""
    forgotten = limits.forget(PASSWORD, _account_key(user.get_username(), ""))
    if forgotten + limits.forget(CODE, str(user.pk)):
        change = Change(user, {"sign_in": "locked"}, {"sign_in": "open"})
        record([change], by=by, at=at, action=AuditEntry.Action.CHANGED)


def unlock_address(address: str, *, by_name: str, at: datetime) -> int:
    """Let everybody behind a network address try again at once; return how many counts went.

    by_name: which program it was; the log of changes keeps it with the network of the address.
    """
    held = Limit.objects.filter(name=ADDRESS, key=address).first()
    forgotten = limits.forget(ADDRESS, address)
    if held is not None:
        change = Change(held, {"used": held.used}, {"used": 0})
        action, note = AuditEntry.Action.CHANGED, truncated_address(address)
        record([change], by=None, by_name=by_name, at=at, action=action, note=note)
    return forgotten


def _account_key(name: str, device: str) -> str:
    return hashlib.sha256(f"{name}\n{device}".encode()).hexdigest()


def known_device(request: HttpRequest, name: str) -> str:
    """Return the mark of a browser in which this person signed in before, else ""."""
    try:
        mark = signing.loads(
            request.COOKIES.get(_cookie_name(), ""), salt=DEVICE_SALT, max_age=DEVICE_SECONDS
        )
    except signing.BadSignature:
        return ""
    return mark["device"] if mark["account"] == _account_key(name, "") else ""


def remember_device(response: HttpResponse, user: User, *, device: str) -> None:
    """Mark the browser as one of this person's; it opens nothing by itself."""
    mark = {"account": _account_key(user.get_username(), ""), "device": device}
    response.set_cookie(
        _cookie_name(),
        signing.dumps(mark, salt=DEVICE_SALT),
        max_age=DEVICE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie_name() -> str:
    return f"__Host-{DEVICE_COOKIE}" if settings.SESSION_COOKIE_SECURE else DEVICE_COOKIE
