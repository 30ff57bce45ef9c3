"""The picture of an image: opened, taken over when it is first shown, set aside when broken."""

from __future__ import annotations

import os
from datetime import datetime
from typing import BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.annotation.models import AnnotationImage, AnnotationTask
from apps.annotation.pictures import Picture, PictureRefused, prepare_picture
from apps.annotation.services.holding import release
from apps.annotation.services.preparing import store_file
from apps.annotation.workflow import TaskState, move
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry

FILE_MISSING = "file_missing"
SIZE_DIFFERS = "size_differs"
UNFINISHED = (TaskState.OPEN, TaskState.LEASED, TaskState.RETURNED, TaskState.SKIPPED)


class PictureBroken(Exception):
    """The picture is gone or damaged; the text is a code."""


class NoPicture(Exception):
    """The image was imported without its picture."""


class PictureAway(Exception):
    """The place where pictures lie does not answer; it may later."""


def open_picture(image: AnnotationImage, *, at: datetime) -> BinaryIO:
    """Open an image's picture; one that was only noted so far is checked and taken over.

    A broken one is set aside with its tasks. Raises PictureBroken, NoPicture and PictureAway.
    """
    if not image.file and not image.original:
        raise NoPicture(str(image.pk))
    try:
        if not image.file:
            take_over(image)
        content = image.file.open("rb")
    except FileNotFoundError:
        reason = FILE_MISSING
    except OSError as fault:
        raise PictureAway(str(fault)) from fault
    except PictureBroken as broken:
        reason = str(broken)
    else:
        if image.broken:
            use_again(image, at=at)
        return content
    set_aside(image, reason=reason, at=at)
    raise PictureBroken(reason)


def take_over(image: AnnotationImage) -> None:
    """Store the picture that an import noted. Raises PictureBroken, PictureAway and OSError."""
    picture = read_original(image)
    store_file(image, picture)
    rows = AnnotationImage.objects.filter(pk=image.pk, file="")
    values = {"file": image.file.name, "file_sha256": image.file_sha256}
    try:
        with transaction.atomic():
            rows.update(**values, sha256=picture.sha256)
    except IntegrityError:
        # The data set has the same picture under two numbers; both are shown.
        rows.update(**values)


def read_original(image: AnnotationImage) -> Picture:
    """Return the noted picture when it is as stated. Raises PictureBroken, PictureAway, OSError."""
    if not os.path.isdir(os.path.dirname(image.original)):
        # A disk that is not there today must not set thousands of tasks aside.
        raise PictureAway(image.original)
    with open(image.original, "rb") as file:
        content = file.read(settings.PHOTO_MAX_BYTES + 1)
    try:
        if len(content) > settings.PHOTO_MAX_BYTES:
            raise PictureRefused("too_large")
        picture = prepare_picture(
            content,
            max_pixels=settings.PHOTO_MAX_PIXELS,
            min_side=settings.PHOTO_MIN_SIDE,
        )
    except PictureRefused as reason:
        raise PictureBroken(str(reason)) from reason
    if (picture.width, picture.height) != (image.width, image.height):
        raise PictureBroken(SIZE_DIFFERS)
    return picture


@transaction.atomic
def set_aside(image: AnnotationImage, *, reason: str, at: datetime) -> None:
    """Mark a picture as broken and close its unfinished tasks for the supervisor.

    Whoever holds one loses it; what they drew stays as their draft. Finished work stays.
    """
    AnnotationImage.objects.filter(pk=image.pk).update(broken=reason)
    image.broken = reason
    changes = []
    tasks = AnnotationTask.objects.select_for_update().filter(image=image, state__in=UNFINISHED)
    for task in tasks.order_by("pk"):
        before = snapshot(task)
        _close(task, reason)
        task.save()
        changes.append(Change(task, before, snapshot(task)))
    _log(changes, at=at, note=reason)


def _close(task: AnnotationTask, reason: str) -> None:
    if task.check_of_id is not None:
        # A check is one person's: they pass over it, and there is nothing to keep.
        task.state = move(task.state, TaskState.SKIPPED)
    else:
        task.state = move(task.state, TaskState.UNUSABLE)
        task.closed_reason = _closed_reason(reason)
    release(task)


@transaction.atomic
def use_again(image: AnnotationImage, *, at: datetime) -> None:
    """Take the mark from a picture that can be shown again, and open what was closed for it."""
    reason, image.broken = image.broken, ""
    AnnotationImage.objects.filter(pk=image.pk).update(broken="")
    changes = []
    tasks = AnnotationTask.objects.select_for_update().filter(
        image=image, state=TaskState.UNUSABLE, closed_reason=_closed_reason(reason)
    )
    for task in tasks.order_by("pk"):
        before = snapshot(task)
        task.state = move(task.state, TaskState.OPEN)
        task.closed_reason = ""
        task.save()
        changes.append(Change(task, before, snapshot(task)))
    _log(changes, at=at, note="the picture is there again")


def _closed_reason(reason: str) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        return f"{_('The picture cannot be shown.')} ({reason})"


def _log(changes: list[Change], *, at: datetime, note: str) -> None:
    record(
        changes,
        by=None,
        at=at,
        action=AuditEntry.Action.CHANGED,
        note=note,
        by_name="gilnun",
    )
