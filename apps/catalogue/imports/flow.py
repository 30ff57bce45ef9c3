"""The way of a list into the catalogue: uploaded → checked → confirmed → imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import BinaryIO

from django.contrib.auth.models import AbstractBaseUser
from django.core.files import File
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.catalogue.importing.columns import match_columns
from apps.catalogue.importing.files import open_table
from apps.catalogue.importing.problems import UnreadableFile
from apps.catalogue.imports.importer import importer_of
from apps.catalogue.imports.reporting import write_report
from apps.catalogue.imports.staging import COUNTS, check_slice, import_slice
from apps.catalogue.models import CatalogueImport, CatalogueImportRow
from apps.operations.audit import Change, record, snapshot
from apps.operations.jobs import Effect, TryLater, add_job
from apps.operations.models import AuditEntry

State = CatalogueImport.State
CHECK_TASK = "apps.catalogue.tasks.check_import"
IMPORT_TASK = "apps.catalogue.tasks.run_import"
EXAMPLES = 3
# So long a job works before others get their turn; well within the lease of a job.
SLICE_SECONDS = 10.0
TURN = timedelta(seconds=2)
# After this the workers go on with an import that a command began and did not end.
LEFT_OVER = timedelta(minutes=2)
SAID_SECONDS = 3.0
Said = Callable[[CatalogueImport], None]


class NotPossible(Exception):
    """The import is in a state in which this cannot be done; the message says so."""


def open_import(
    file: BinaryIO,
    *,
    kind: str,
    name: str,
    size: int,
    by: AbstractBaseUser | None,
    at: datetime,
    by_name: str = "",
    publish: bool = False,
    swap: bool = False,
    new_categories: bool = False,
) -> CatalogueImport:
    """Keep a file, with its columns mapped as far as their headings tell.

    Raises UnreadableFile.
    """
    table = open_table(file)
    examples = [each.cells for each in islice(table.records, EXAMPLES) if not each.refused]
    held = CatalogueImport(
        kind=kind,
        file_name=name[-200:],
        bytes=size,
        format=table.format,
        headings=table.headings,
        examples=examples,
        mapping=match_columns(table.headings, importer_of(kind).columns),
        publish=publish,
        swap=swap,
        new_categories=new_categories,
        language=translation.get_language(),
        by=by,
        by_name=by.get_username() if by else by_name,
        created_at=at,
    )
    file.seek(0)
    held.file.save(name, File(file), save=False)
    try:
        with transaction.atomic():
            held.save()
            _log(held, None, by=by, at=at, action=AuditEntry.Action.CREATED)
    except BaseException:
        held.file.delete(save=False)
        raise
    return held


@transaction.atomic
def start_check(
    held: CatalogueImport, *, mapping: Sequence[str], swap: bool, publish: bool, at: datetime
) -> CatalogueImport:
    """Have all rows checked in the background. Raises NotPossible."""
    held = _locked(held, State.UPLOADED, State.CHECKED)
    known = [name for name in mapping if name]
    if missing := importer_of(held.kind).missing_columns(known):
        text = _("Please choose the columns of: %(names)s.")
        raise NotPossible(text % {"names": ", ".join(missing)})
    if len(known) != len(set(known)):
        raise NotPossible(_("Two columns are set to the same value. Please choose one of them."))
    held.mapping, held.swap, held.publish = list(mapping), swap, publish
    held.language = translation.get_language()
    _begin_check(held)
    add_job(task=CHECK_TASK, subject=held.pk, at=at)
    return held


def _begin_check(held: CatalogueImport) -> None:
    CatalogueImportRow.objects.filter(held=held).delete()
    held.state = State.CHECKING
    held.rows = held.handled = held.warned = 0
    for name in COUNTS:
        setattr(held, name, 0)
    held.save()


@transaction.atomic
def confirm(held: CatalogueImport, *, by: AbstractBaseUser | None, at: datetime) -> CatalogueImport:
    """Have the checked rows imported in the background. Raises NotPossible."""
    held = _begin_import(held, by=by, at=at)
    add_job(task=IMPORT_TASK, subject=held.pk, at=at)
    return held


def _begin_import(
    held: CatalogueImport, *, by: AbstractBaseUser | None, at: datetime
) -> CatalogueImport:
    held = _locked(held, State.CHECKED)
    before = snapshot(held)
    held.state = State.IMPORTING
    held.confirmed_at = at
    held.handled = held.warned = 0
    for name in COUNTS:
        setattr(held, name, 0)
    held.save()
    _log(held, before, by=by, at=at)
    return held


@transaction.atomic
def stop(held: CatalogueImport, *, by: AbstractBaseUser | None, at: datetime) -> CatalogueImport:
    """End an import; rows that are in the catalogue by now stay there. Raises NotPossible."""
    held = _locked(held, State.UPLOADED, State.CHECKING, State.CHECKED, State.IMPORTING)
    _finish(held, State.STOPPED, by=by, at=at)
    return held


@transaction.atomic
def resume(held: CatalogueImport, *, by: AbstractBaseUser | None, at: datetime) -> CatalogueImport:
    """Try again what failed, from where it stopped. Raises NotPossible."""
    held = _locked(held, State.FAILED)
    before = snapshot(held)
    held.state = State.IMPORTING if held.confirmed_at else State.UPLOADED
    held.finished_at = None
    held.error = ""
    held.save()
    _log(held, before, by=by, at=at)
    if held.confirmed_at:
        add_job(task=IMPORT_TASK, subject=held.pk, at=at)
    return held


def fail(held: CatalogueImport, reason: str, *, at: datetime) -> None:
    """Note that an import cannot go on."""
    with transaction.atomic():
        try:
            held = _locked(held, State.CHECKING, State.IMPORTING)
        except NotPossible:
            return
        held.error = reason
        _finish(held, State.FAILED, by=None, at=at)


def _locked(held: CatalogueImport, *states: str) -> CatalogueImport:
    locked = CatalogueImport.objects.select_for_update().get(pk=held.pk)
    if locked.state not in states:
        raise NotPossible(
            _("This import is %(state)s by now.") % {"state": locked.get_state_display()}
        )
    return locked


def _end_check(held: CatalogueImport) -> None:
    moved = CatalogueImport.objects.filter(pk=held.pk, state=State.CHECKING)
    moved.update(state=State.CHECKED)


@transaction.atomic
def _end_import(held: CatalogueImport, *, at: datetime) -> CatalogueImport:
    """Write the report of an import whose rows are all written."""
    held = CatalogueImport.objects.select_for_update().get(pk=held.pk)
    if held.state == State.IMPORTING:
        _finish(held, State.DONE, by=held.by, at=at)
    return held


def _finish(held: CatalogueImport, state: str, *, by, at: datetime) -> None:
    before = snapshot(held)
    held.state = state
    held.finished_at = at
    staged = CatalogueImportRow.objects.filter(held=held)
    if state == State.FAILED:
        # It may be resumed.
        pass
    elif held.confirmed_at:
        with translation.override(held.language):
            write_report(held)
        # The good rows are in the catalogue and its history.
        staged.filter(written=True, problems=[]).delete()
    else:
        staged.delete()
    held.save()
    _log(held, before, by=by, at=at)


def _log(held: CatalogueImport, before, *, by, at, action=AuditEntry.Action.CHANGED) -> None:
    change = Change(held, before, snapshot(held))
    record([change], by=by, by_name=held.by_name, at=at, action=action, batch=held.batch)


# jobs


def check_in_background(subject: str) -> Effect | None:
    """Check a list for a while; the job goes on later. Raises TryLater."""
    held = CatalogueImport.objects.filter(pk=subject, state=State.CHECKING).first()
    if held is None:
        return None
    try:
        done = check_slice(held, seconds=SLICE_SECONDS)
    except UnreadableFile as reason:
        return partial(fail, held, str(reason), at=timezone.now())
    if not done:
        raise TryLater("", timedelta(0))
    return partial(_end_check, held)


def import_in_background(subject: str) -> Effect | None:
    """Write a list for a while; the job goes on later, and other lists after it.

    Raises TryLater.
    """
    held = CatalogueImport.objects.filter(pk=subject, state=State.IMPORTING).first()
    if held is None:
        return None
    if CatalogueImport.objects.running().first() != held:
        raise TryLater("another import comes first", TURN)
    if not import_slice(held, seconds=SLICE_SECONDS):
        raise TryLater("", timedelta(0))
    return partial(_end_import, held, at=timezone.now())


def fail_import(subject: str, reason: str) -> None:
    """End an import whose job failed for good."""
    held = CatalogueImport.objects.filter(pk=subject).first()
    if held is not None:
        fail(held, reason, at=timezone.now())


def import_now(
    held: CatalogueImport, *, at: datetime, said: Said = lambda held: None
) -> CatalogueImport:
    """Check and import a list in this process; `said` hears how far it is.

    Raises NotPossible and UnreadableFile.
    """
    check_now(held, said=said)
    with transaction.atomic():
        held = _begin_import(held, by=held.by, at=at)
        add_job(task=IMPORT_TASK, subject=held.pk, at=at + LEFT_OVER)
    while not import_slice(held, seconds=SAID_SECONDS):
        said(held)
    return _end_import(held, at=timezone.now())


def check_now(held: CatalogueImport, *, said: Said = lambda held: None) -> CatalogueImport:
    """Check a list in this process; `said` hears how far it is. Raises UnreadableFile."""
    if missing := importer_of(held.kind).missing_columns(list(filter(None, held.mapping))):
        text = _("The first line must name the columns %(names)s.")
        raise UnreadableFile(text % {"names": ", ".join(missing)})
    _begin_check(held)
    while not check_slice(held, seconds=SAID_SECONDS):
        said(held)
    _end_check(held)
    held.refresh_from_db()
    return held


def forget(held: CatalogueImport) -> None:
    """Remove an import that only tried, with its file."""
    CatalogueImportRow.objects.filter(held=held).delete()
    held.delete()
    held.file.delete(save=False)
