"""Imports of uploaded archives, done by workers in turns."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.annotation.models import Dataset, ImageImport
from apps.annotation.services.import_runs import finish_import
from apps.annotation.services.import_sources import ARCHIVE, import_further
from apps.annotation.sources.entries import SourceRefused
from apps.annotation.sources.files import ArchiveFiles
from apps.operations.jobs import TryLater, add_job

TASK = "apps.annotation.tasks.import_pictures"
# Other jobs wait meanwhile, a visitor's photo among them.
TURN_SECONDS = 5.0


def start_archive_import(
    *, dataset: Dataset, archive: File, options: dict, by: User, at: datetime
) -> ImageImport:
    """Keep an uploaded ZIP and let a worker import it. Raises SourceRefused."""
    ArchiveFiles(archive)
    archive.seek(0)
    name = default_storage.save(f"{ImageImport.other_files}{uuid.uuid4().hex}.zip", archive)
    with transaction.atomic():
        run = ImageImport.objects.create(
            kind=ImageImport.Kind.ARCHIVE,
            dataset=dataset,
            source=str(archive.name)[-300:],
            uploads={ARCHIVE: name},
            options=options,
            by=by,
            created_at=at,
        )
        add_job(task=TASK, subject=run.pk, at=at)
    return run


def import_in_background(subject: str) -> Callable[[], None] | None:
    """Import for a moment. Raises TryLater where more is left; returns how to end it."""
    run = ImageImport.objects.select_related("dataset").filter(pk=subject).first()
    if run is None or run.finished_at is not None:
        return None
    until = time.monotonic() + TURN_SECONDS
    try:
        for _ in import_further(run, at=timezone.now()):
            if time.monotonic() > until:
                raise TryLater("more pictures wait", timedelta(0))
    except SourceRefused as reason:
        return partial(_end, run, error=str(reason))
    return partial(_end, run, error="")


def _end(run: ImageImport, *, error: str) -> None:
    finish_import(run, at=timezone.now(), error=error)
    for name in run.uploads.values():
        transaction.on_commit(partial(default_storage.delete, name))


def fail_import(subject: str, reason: str) -> None:
    """Note why an import was given up; a retry of its job goes on with it."""
    ImageImport.objects.filter(pk=subject).update(error=reason)
