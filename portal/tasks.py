"""Work in the background that no app owns."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db import connections
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.annotation.integrity import Checked
from apps.operations.jobs import work_on_long
from portal.backup_folder import BackupRefused, read_manifest
from portal.backups import make_backup
from portal.operators import tell_operators

KEEP_EVERY_SECONDS = 15


@shared_task(soft_time_limit=24 * 3600 - 60, time_limit=24 * 3600)
def back_up(*, job: int, **_) -> None:
    work_on_long(job, do=back_up_by_night, give_up=tell_of_failure)


def back_up_by_night(night: str, keep: Callable[[], None]) -> None:
    """Write tonight's backup beside the others, and remove the oldest that are too many."""
    folder = Path(settings.BACKUP_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _is_whole(folder / night):
        with ThreadPoolExecutor(max_workers=1) as background:
            writing = background.submit(_write, folder / night)
            while not writing.done():
                try:
                    writing.result(timeout=KEEP_EVERY_SECONDS)
                except TimeoutError:
                    keep()
            writing.result()
    whole = sorted(path for path in folder.iterdir() if _is_whole(path))
    for path in whole[: -settings.BACKUPS_KEPT]:
        shutil.rmtree(path)


@shared_task(soft_time_limit=24 * 3600 - 60, time_limit=24 * 3600)
def check_pictures(*, job: int, **_) -> None:
    work_on_long(job, do=check_by_night, give_up=tell_of_unchecked)


def check_by_night(night: str, keep: Callable[[], None]) -> None:
    """Read a share of the stored pictures, drawn by the night, and tell operators of faults."""
    check = Checked(
        settings.DATA_DIR / "check_by_night.json",
        percent=settings.INTEGRITY_PERCENT,
        seed=night,
        at=timezone.now(),
    )
    for _progress in check.go_on():
        keep()
    found = check.progress
    if found.faults or found.away:
        with translation.override(settings.LANGUAGE_CODE):
            first = found.problems[0] if found.problems else {"file": "", "reason": ""}
            text = _(
                "Of %(checked)d pictures read %(faults)d are broken or gone and %(away)d could"
                " not be reached; the first: %(file)s (%(reason)s). check_integrity lists all."
            )
            facts = {"checked": found.checked, "faults": found.faults, "away": found.away, **first}
            tell_operators("integrity", _("Stored pictures are broken"), text % facts)


def tell_of_unchecked(night: str, reason: str) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        text = _("The pictures were not checked in the night %(night)s: %(reason)s")
        facts = {"night": night, "reason": reason}
        tell_operators("integrity", _("The check of the pictures failed"), text % facts)


def _write(folder: Path) -> None:
    try:
        make_backup(folder, at=timezone.now())
    finally:
        connections.close_all()


def _is_whole(folder: Path) -> bool:
    try:
        read_manifest(folder)
    except BackupRefused:
        return False
    return True


def tell_of_failure(night: str, reason: str) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        text = _("The backup of %(night)s was not written: %(reason)s")
        tell_operators("backup", _("The backup failed"), text % {"night": night, "reason": reason})
