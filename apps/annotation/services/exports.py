"""Exports that a person asks for on a page: made by a worker, kept for a while, fetched."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.annotation.exporting import (
    PictureNotThere,
    Selection,
    Summary,
    build,
    expected,
)
from apps.annotation.formats import ONE_FILE
from apps.annotation.models import AnnotationImage, Dataset, Export
from apps.annotation.services.showing import (
    NoPicture,
    PictureAway,
    PictureBroken,
    open_picture,
)
from apps.operations.audit import Change, record, snapshot
from apps.operations.events import record_event
from apps.operations.jobs import add_job
from apps.operations.models import AuditEntry
from apps.operations.stored_files import discard_files

TASK = "apps.annotation.tasks.build_export"
# A build tells how far it is, and keeps its job, this often.
TELL_SECONDS = 2.0
# What was built and never noted is removed after this time.
UNNOTED = timedelta(hours=6)
LEAST_FREE_BYTES = 512 * 1024 * 1024


class DiskFull(Exception):
    """There is no room for an export."""


@transaction.atomic
def request_export(
    *,
    dataset: Dataset,
    format: str,
    with_images: bool,
    chosen: Selection,
    reason: str,
    by: User,
    at: datetime,
) -> Export:
    """Ask for an export; a worker makes it. One that is on its way already is not made twice.

    reason: what the data are for; the log of changes keeps it.
    """
    wanted = {
        "dataset": dataset,
        "format": format,
        "with_images": with_images,
        "chosen": _stored(chosen),
    }
    waiting = Export.objects.filter(state=Export.State.WAITING, requested_by=by, **wanted).first()
    if waiting is not None:
        return waiting
    export = Export.objects.create(
        **wanted, dataset_name=dataset.name, requested_by=by, requested_at=at
    )
    # Who took data out of the portal, and what for, stays known.
    change = Change(export, None, snapshot(export))
    record([change], by=by, at=at, action=AuditEntry.Action.CREATED, note=reason)
    add_job(task=TASK, subject=export.pk, at=at)
    return export


def _stored(chosen: Selection) -> dict:
    return {
        "landmark": chosen.landmark,
        "first": chosen.first.isoformat() if chosen.first else None,
        "last": chosen.last.isoformat() if chosen.last else None,
    }


def selection_of(export: Export) -> Selection:
    """Return the filter of an export."""
    days = {
        name: date.fromisoformat(export.chosen[name]) if export.chosen.get(name) else None
        for name in ("first", "last")
    }
    return Selection(landmark=export.chosen.get("landmark"), **days)


def build_export(subject: str, keep: Callable[[], None]) -> Callable[[], None] | None:
    """Make an export's file and store it; return how to note that it is ready."""
    export = Export.objects.select_related("dataset").filter(pk=subject).first()
    if export is None or export.state == Export.State.READY or export.dataset is None:
        return None
    chosen = selection_of(export)
    export.total = expected(export.dataset, chosen, with_images=export.with_images)
    export.written = 0
    export.save(update_fields=["total", "written"])
    place = _making_place(export)
    try:
        target = place / f"export{_suffix(export)}"
        summary = build(
            export.dataset,
            format=export.format,
            target=target,
            chosen=chosen,
            open_picture=picture_for_export if export.with_images else None,
            progress=_Teller(export, place, keep),
        )
        keep()
        return _store(export, target, summary)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _suffix(export: Export) -> str:
    if export.with_images or export.format not in ONE_FILE:
        return ".zip"
    return Path(ONE_FILE[export.format]).suffix


def _making_place(export: Export) -> Path:
    """Return a new folder to build in; what a killed worker left of this export goes."""
    root = settings.DATA_DIR / "exports"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in root.glob(f"{export.pk}-*"):
        shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{export.pk}-", dir=root))


class _Teller:
    """Notes how far an export is, now and then, and that somebody still works on it."""

    def __init__(self, export: Export, place: Path, keep: Callable[[], None]):
        self._export = export
        self._place = place
        self._keep = keep
        self._told = time.monotonic()

    def __call__(self, written: int) -> None:
        if time.monotonic() < self._told + TELL_SECONDS:
            return
        self._told = time.monotonic()
        if shutil.disk_usage(self._place).free < LEAST_FREE_BYTES:
            raise DiskFull("The disk is nearly full.")
        self._keep()
        Export.objects.filter(pk=self._export.pk).update(written=written)


def picture_for_export(image: AnnotationImage) -> BinaryIO:
    """Open the picture of an image. Raises PictureNotThere."""
    try:
        return open_picture(image, at=timezone.now())
    except (NoPicture, PictureBroken, PictureAway) as reason:
        raise PictureNotThere(str(reason)) from reason


def _store(export: Export, target: Path, summary: Summary) -> Callable[[], None]:
    name = f"{Export.other_files}{export.pk}-{uuid.uuid4().hex}{target.suffix}"
    # Should nobody note it, as when this process dies now, it is removed all the same.
    discard_files([name], after=timezone.now() + UNNOTED)
    with target.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    size = target.stat().st_size
    with _Built(target) as content:
        name = default_storage.save(name, content)
    return partial(_note, export, name=name, size=size, sha256=sha256, summary=summary)


class _Built(File):
    """A built file, which a local storage takes as it is instead of copying it."""

    def __init__(self, path: Path):
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)

    def close(self) -> None:
        with suppress(FileNotFoundError):
            super().close()


def _note(export: Export, *, name: str, size: int, sha256: str, summary: Summary) -> None:
    at = timezone.now()
    export.state = Export.State.READY
    export.written = export.total = summary.annotations + summary.pictures
    export.file_name = name
    export.size = size
    export.sha256 = sha256
    export.summary = summary._asdict()
    export.error = ""
    export.finished_at = at
    export.expires_at = at + timedelta(days=settings.EXPORTS_KEPT_DAYS)
    export.save()
    discard_files([name], after=export.expires_at)
    payload = {
        "export": export.pk,
        "dataset": export.dataset_id,
        "format": export.format,
        "with_images": export.with_images,
        "size": size,
        "sha256": sha256,
        "expires_at": export.expires_at.isoformat(),
        **export.summary,
    }
    record_event(kind="annotation.export_ready", subject=export, payload=payload, at=at)


def fail_export(subject: str, reason: str) -> None:
    """Note why an export was given up."""
    Export.objects.filter(pk=subject, state=Export.State.WAITING).update(
        state=Export.State.FAILED, error=reason[:2000], finished_at=timezone.now()
    )
