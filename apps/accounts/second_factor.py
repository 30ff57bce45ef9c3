"""Setting up, renewing and taking away the second factor of a person."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import BackupCode, SecondFactor, User
from apps.accounts.one_time_codes import (
    hash_of_backup_code,
    matching_step,
    new_backup_codes,
    seal,
)
from apps.accounts.signing_in import WrongCode
from apps.operations.audit import Change, record
from apps.operations.models import AuditEntry

# What a session says of itself: when the second factor that it was opened with was set up.
SESSION_KEY = "second_factor"


class AlreadySetUp(Exception):
    """The person has a second factor; it must be taken away first."""


def needs_second_factor(user: User) -> bool:
    """Say whether a person must have a second factor to work here."""
    return settings.STAFF_MFA == "required" and (user.is_staff or user.is_superuser)


def session_mark(user: User) -> str | None:
    """Return what the session of a person says who signed in with all they have."""
    return user.second_factor_at.isoformat() if user.second_factor_at else None


def is_complete(request: HttpRequest) -> bool:
    """Say whether a session was opened with the second factor that its person has now, if any."""
    return request.session.get(SESSION_KEY) == session_mark(request.user)


@transaction.atomic
def set_up(user: User, *, secret: str, code: str, at: datetime) -> list[str]:
    """Give a person a second factor; return their backup codes, which are shown this once.

    Raises WrongCode where the phone does not yet make the right codes, and AlreadySetUp.
    """
    held = User.objects.select_for_update().get(pk=user.pk)
    if held.second_factor_at:
        raise AlreadySetUp
    step = matching_step(secret, "".join(code.split()), at=at, after=0)
    if step is None:
        raise WrongCode
    SecondFactor.objects.create(
        user=held, sealed_secret=seal(secret), last_step=step, created_at=at
    )
    _set_since(user, at)
    codes = _make_backup_codes(user)
    _log(user, {"second_factor": False}, {"second_factor": True}, by=user, at=at)
    return codes


@transaction.atomic
def renew_backup_codes(user: User, *, at: datetime) -> list[str]:
    """Make new backup codes and return them; the old ones are worthless."""
    before = user.backup_codes.filter(used_at=None).count()
    codes = _make_backup_codes(user)
    _log(user, {"backup_codes": before}, {"backup_codes": f"{len(codes)} new"}, by=user, at=at)
    return codes


@transaction.atomic
def take_away(user: User, *, by: User, at: datetime) -> bool:
    """Remove the second factor of a person, and with it their sessions; say whether they had one.

    For a lost phone. Where a second factor is required, the next sign-in leads to a new one.
    """
    held = User.objects.select_for_update().get(pk=user.pk)
    if held.second_factor_at is None:
        return False
    SecondFactor.objects.filter(user=held).delete()
    BackupCode.objects.filter(user=held).delete()
    _set_since(user, None)
    _log(user, {"second_factor": True}, {"second_factor": False}, by=by, at=at)
    return True


def _set_since(user: User, at: datetime | None) -> None:
    user.second_factor_at = at
    User.objects.filter(pk=user.pk).update(second_factor_at=at)


def _make_backup_codes(user: User) -> list[str]:
    BackupCode.objects.filter(user=user).delete()
    codes = new_backup_codes()
    BackupCode.objects.bulk_create(
        BackupCode(user=user, code_hash=hash_of_backup_code(code)) for code in codes
    )
    return codes


def _log(user: User, before: dict, after: dict, *, by: User, at: datetime) -> None:
    record([Change(user, before, after)], by=by, at=at, action=AuditEntry.Action.CHANGED)
