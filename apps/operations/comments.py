"""What colleagues say to each other about a row: asked, answered, settled, sent by mail."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.mail import send_mail
from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry, Comment

logger = logging.getLogger(__name__)


@transaction.atomic
def write_comment(
    row: models.Model,
    text: str,
    *,
    by: AbstractBaseUser,
    at: datetime,
    asked: AbstractBaseUser | None = None,
    address: str = "",
) -> Comment:
    """Begin a thread about a row. Without somebody asked it waits for the reviewers.

    address: where the conversation is read, for the mail.
    """
    comment = Comment.objects.create(
        subject_type=row._meta.label_lower,
        subject=str(row.pk),
        subject_name=str(row)[:300],
        by=by,
        by_name=by.get_username(),
        asked=asked,
        text=text,
        at=at,
    )
    _log(comment, None, by=by, at=at)
    _tell(comment, comment, address)
    return comment


@transaction.atomic
def answer_comment(
    thread: Comment, text: str, *, by: AbstractBaseUser, at: datetime, address: str = ""
) -> Comment:
    """Answer a thread; one that was settled is open again."""
    held = Comment.objects.threads().select_for_update().get(pk=thread.pk)
    if held.resolved_at:
        reopen_thread(held, by=by, at=at)
    comment = Comment.objects.create(
        subject_type=held.subject_type,
        subject=held.subject,
        subject_name=held.subject_name,
        answers=held,
        by=by,
        by_name=by.get_username(),
        text=text,
        at=at,
    )
    _log(comment, None, by=by, at=at)
    _tell(held, comment, address)
    return comment


@transaction.atomic
def settle_thread(thread: Comment, *, by: AbstractBaseUser, at: datetime) -> None:
    """Note that nothing is left to do; again changes nothing."""
    _set(thread, at, by.get_username(), by=by, at=at)


@transaction.atomic
def reopen_thread(thread: Comment, *, by: AbstractBaseUser, at: datetime) -> None:
    """Take a thread up again; again changes nothing."""
    _set(thread, None, "", by=by, at=at)


def _set(thread: Comment, since: datetime | None, name: str, *, by, at: datetime) -> None:
    held = Comment.objects.threads().select_for_update().get(pk=thread.pk)
    if bool(held.resolved_at) == bool(since):
        return
    before = snapshot(held)
    held.resolved_at, held.resolved_by = since, name
    held.save(update_fields=["resolved_at", "resolved_by"])
    _log(held, before, by=by, at=at)


def _log(comment: Comment, before: dict | None, *, by: AbstractBaseUser, at: datetime) -> None:
    action = AuditEntry.Action.CHANGED if before else AuditEntry.Action.CREATED
    record([Change(comment, before, snapshot(comment))], by=by, at=at, action=action)


def people_in(thread: Comment) -> Iterable[AbstractBaseUser]:
    """Return whom a new comment of a thread concerns."""
    people = get_user_model().objects.filter(is_active=True)
    part = people.filter(
        models.Q(comments=thread)
        | models.Q(comments__answers=thread)
        | models.Q(comments_asked=thread)
    ).distinct()
    alone = thread.asked_id is None and not thread.replies.exclude(by=thread.by_id).exists()
    if not alone:
        return part
    reviewers = get_user_model().objects.with_perm(
        "guide.publish_article", include_superusers=False
    )
    return part.union(reviewers)


def _tell(thread: Comment, comment: Comment, address: str) -> None:
    if not settings.MAIL_IS_SET_UP:
        return
    others = [each for each in people_in(thread) if each.pk != comment.by_id and each.email]
    for person in others:
        transaction.on_commit(partial(_send, person.email, comment, address))


def _send(email: str, comment: Comment, address: str) -> None:
    """Send a courtesy: what waits for whom also stands on the first page of the admin."""
    subject = _("%(who)s on %(what)s") % {"who": comment.by_name, "what": comment.subject_name}
    try:
        send_mail(" ".join(subject.split()), f"{comment.text}\n\n{address}\n", None, [email])
    except OSError as error:
        logger.warning("Mail about comment %s was not sent: %s", comment.pk, error)
