"""How far an import came: begun, gone on with, noted batch by batch, finished."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from django.db import connection
from django.db.models import F

from apps.annotation.models import Dataset, ImageImport, ImportRefusal

Refusal = tuple[str, str]  # name, reason
LISTED = 1000


class ImportRuns(Exception):
    """The same source is being imported by another process."""


def begin_or_resume(
    *, kind: str, source: str, dataset: Dataset | None, options: dict, at: datetime
) -> ImageImport:
    """Return the unfinished import of a source with these options, else a new one."""
    unfinished = ImageImport.objects.filter(
        kind=kind, source=source, dataset=dataset, options=options, finished_at=None
    )
    return unfinished.order_by("-pk").first() or ImageImport.objects.create(
        kind=kind, source=source, dataset=dataset, options=options, created_at=at
    )


class OnlyOne:
    """Holds a source for this process; the database lets go of it when the process dies.

    Raises ImportRuns where somebody else has it.
    """

    def __init__(self, name: str):
        self._name = f"import {name}"

    def __enter__(self) -> None:
        if not self._ask("pg_try_advisory_lock"):
            raise ImportRuns(self._name)

    def __exit__(self, *fault) -> None:
        self._ask("pg_advisory_unlock")

    def _ask(self, function: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [self._name])
            return cursor.fetchone()[0]


def note_progress(
    run: ImageImport, *, read: int, added: int, refused: Sequence[Refusal], last_name: str
) -> None:
    """Add to what an import counted, in the transaction that stored the rows."""
    ImportRefusal.objects.bulk_create(
        ImportRefusal(image_import=run, name=_shown(name), reason=_shown(reason))
        for name, reason in refused
    )
    ImageImport.objects.filter(pk=run.pk).update(
        position=F("position") + read,
        added=F("added") + added,
        unchanged=F("unchanged") + read - added - len(refused),
        refused=F("refused") + len(refused),
        last_name=last_name,
    )


def _shown(text: str) -> str:
    """Return a name as it can be stored: file systems know names that are no text."""
    return text.encode("utf-8", "replace").decode().replace("\0", "�")


def finish_import(run: ImageImport, *, at: datetime, error: str = "", **notes) -> ImageImport:
    """End an import, well or with an error that no retry mends; return it as it stands."""
    run.refresh_from_db()
    run.finished_at = at
    run.error = error
    run.notes = run.notes | notes
    run.save(update_fields=["finished_at", "error", "notes"])
    return run


def write_report(run: ImageImport, output: TextIO) -> None:
    """Write every refused file of an import as CSV, name and reason."""
    lines = csv.writer(output)
    lines.writerow(["file", "reason"])
    refusals = run.refusals.order_by("pk").values_list("name", "reason")
    for name, reason in refusals.iterator():
        lines.writerow([escaped_cell(name), escaped_cell(reason)])


def escaped_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def refusals_listed(run: ImageImport) -> dict:
    """Return the refused files of an import as a command prints them."""
    listed = run.refusals.order_by("pk").values_list("name", "reason")[:LISTED]
    report = {"refused": [{"file": name, "reason": reason} for name, reason in listed]}
    if run.refused > LISTED:
        report["refused_not_listed"] = run.refused - LISTED
    return report
