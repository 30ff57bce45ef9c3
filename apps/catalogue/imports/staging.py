"""The rows of a list, staged in the database: checked, then written, batch by batch.

A batch of rows, their history and the note that they are done are one transaction. So an import
goes on where it stopped, two processes may work on the same one, and nothing is half-written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.catalogue.importing.files import open_table
from apps.catalogue.importing.problems import Level, Outcome, Problem, RowRefused
from apps.catalogue.importing.tables import Record
from apps.catalogue.imports.importer import (
    Difference,
    Importer,
    Options,
    Planned,
    importer_of,
    refusal,
    warning,
)
from apps.catalogue.models import CatalogueImport, CatalogueImportRow

State = CatalogueImport.State
ROWS_AT_ONCE = 1000
# Batches of two imports follow one another: neither meets rows that the other half wrote.
BATCH_LOCK = 7306014
COUNTS = ("created", "updated", "unchanged", "refused")

# checking


def check_slice(held: CatalogueImport, *, seconds: float) -> bool:
    """Check rows for so long; return whether all are checked. Repeating goes on.

    Raises UnreadableFile where the file is none that was opened before.
    """
    ends = time.monotonic() + seconds
    importer = _importer(held)
    importer.announced = lambda keys: _keys_so_far(held, keys)
    with held.file.open("rb") as file, translation.override(held.language):
        records = open_table(file).records
        for _record in islice(records, held.handled):
            pass
        while batch := list(islice(records, ROWS_AT_ONCE)):
            if not _check_batch(held, importer, batch):
                return True
            if time.monotonic() > ends:
                return False
    return True


def _check_batch(held: CatalogueImport, importer: Importer, records: list[Record]) -> bool:
    """Stage some rows with what would become of them; False where somebody stopped it."""
    planned = _plan(held, importer, records, lock=False)
    rows = [
        CatalogueImportRow(
            held=held,
            position=held.handled + number,
            line=each.line,
            cells=each.cells,
            keys=plan.keys,
            outcome=plan.outcome,
            problems=problems_of(plan),
        )
        for number, (each, plan) in enumerate(zip(records, planned, strict=True), start=1)
    ]
    with transaction.atomic():
        locked = CatalogueImport.objects.select_for_update().get(pk=held.pk)
        if locked.state != State.CHECKING or locked.handled != held.handled:
            return False
        CatalogueImportRow.objects.bulk_create(rows)
        _count(held, planned)
        held.rows = held.handled
        held.save(update_fields=["rows", "handled", "warned", *COUNTS])
    return True


def _plan(
    held: CatalogueImport, importer: Importer, records: Sequence[Record], *, lock: bool
) -> list[Planned]:
    """Return what becomes of some rows, those that repeat an earlier one refused."""
    planned: list[Planned | None] = []
    rows = []
    for each in records:
        try:
            if each.refused:
                raise RowRefused(each.refused)
            rows.append(importer.check(_values(held, each)))
            planned.append(None)
        except RowRefused as reason:
            planned.append(refusal(reason.reason, reason.column))
    good = iter(importer.plan(rows, lock=lock))
    planned = [next(good) if plan is None else plan for plan in planned]
    return _without_repeated(held, records, planned, lock)


def _values(held: CatalogueImport, each: Record) -> dict[str, str]:
    values = {}
    for place, name in enumerate(held.mapping):
        if not name:
            continue
        if place in each.faults:
            raise RowRefused(each.faults[place], name)
        values[name] = each.cells[place]
    return values


def _without_repeated(
    held: CatalogueImport, records: Sequence[Record], planned: list[Planned], written: bool
) -> list[Planned]:
    """Refuse rows about something that an earlier row of the file is about."""
    wanted = {key for plan in planned for key in plan.clashes}
    lines = {} if written else _lines_so_far(held, wanted)
    for number, (each, plan) in enumerate(zip(records, planned, strict=True)):
        first = next((lines[key] for key in plan.clashes if key in lines), None)
        if first is not None:
            text = _("the same as line %(line)d")
            plan = planned[number] = refusal(text % {"line": first})
        if plan.outcome != Outcome.REFUSED:
            for key in plan.keys:
                lines.setdefault(key, each.line)
        if each.warning and plan.outcome != Outcome.REFUSED:
            planned[number] = plan._replace(problems=[warning(each.warning), *plan.problems])
    return planned


def _lines_so_far(held: CatalogueImport, keys: set[str]) -> dict[str, int]:
    """Return where some keys were met further up."""
    if not keys:
        return {}
    # Compared one by one, arrays of this length take as long as all the rest of the import.
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT key, min(line) FROM {CatalogueImportRow._meta.db_table}, unnest(keys) AS key
            WHERE held_id = %s AND outcome <> %s AND key = ANY(%s::text[]) GROUP BY key
            """,  # nosec B608
            [held.pk, Outcome.REFUSED, list(keys)],
        )
        return dict(cursor.fetchall())


def _keys_so_far(held: CatalogueImport, keys: Iterable[str]) -> set[str]:
    wanted = set(keys)
    return wanted & _lines_so_far(held, wanted).keys()


def preview(
    held: CatalogueImport, rows: Sequence[CatalogueImportRow]
) -> dict[int, list[Difference]]:
    """Return what some checked rows would change, by their keys, as things are now."""
    changing = [row for row in rows if row.outcome == Outcome.UPDATED]
    importer = _importer(held)
    checked = [importer.check(_values(held, _as_record(row))) for row in changing]
    planned = importer.plan(checked, lock=False)
    return {row.pk: importer.differences(plan) for row, plan in zip(changing, planned, strict=True)}


# importing


def import_slice(held: CatalogueImport, *, seconds: float) -> bool:
    """Write checked rows for so long; return whether all are written. Repeating goes on."""
    ends = time.monotonic() + seconds
    importer = _importer(held)
    more = True
    with translation.override(held.language):
        while more and time.monotonic() < ends:
            try:
                more = _write(held, importer, ROWS_AT_ONCE)
            except (IntegrityError, DataError, RowRefused):
                # One row does not fit what is there by now: the others must not suffer from it.
                more = _write_singly(held)
                # What the importer remembers may have been rolled back.
                importer = _importer(held)
    return not more


def _write_singly(held: CatalogueImport) -> bool:
    """Write the next batch row by row; False where none are left, or it was stopped."""
    return all(_write_one(held) for _row in range(ROWS_AT_ONCE))


def _write_one(held: CatalogueImport) -> bool:
    try:
        return _write(held, _importer(held), 1)
    except RowRefused as reason:
        refused = reason
    except (IntegrityError, DataError) as error:
        refused = RowRefused(str(error).splitlines()[0])
    return _write(held, _importer(held), 1, refused=refused)


def _write(
    held: CatalogueImport, importer: Importer, most: int, refused: RowRefused | None = None
) -> bool:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BATCH_LOCK])
        locked = CatalogueImport.objects.select_for_update().get(pk=held.pk)
        if locked.state != State.IMPORTING:
            return False
        held.handled = locked.handled
        for name in ("warned", *COUNTS):
            setattr(held, name, getattr(locked, name))
        staged = CatalogueImportRow.objects.filter(held=held, written=False)
        rows = list(staged.order_by("position")[:most])
        if not rows:
            return False
        good = [row for row in rows if row.outcome != Outcome.REFUSED]
        if refused:
            planned = [refusal(refused.reason, refused.column) for _row in good]
        else:
            planned = _plan(held, importer, [_as_record(row) for row in good], lock=True)
            importer.save(planned, at=timezone.now(), batch=held.batch)
        _note(held, rows, good, planned)
    return True


def _as_record(row: CatalogueImportRow) -> Record:
    # What is said of the line itself, such as its letters, is known from reading it.
    said = [text for level, text, column in row.problems if level == Level.WARNING and not column]
    return Record(row.line, row.cells, warning="; ".join(said))


def _note(
    held: CatalogueImport,
    rows: list[CatalogueImportRow],
    good: list[CatalogueImportRow],
    planned: list[Planned],
) -> None:
    """Note what became of rows, in the transaction that did it."""
    by_row = dict(zip([row.pk for row in good], planned, strict=True))
    told = [
        by_row.get(row.pk) or Planned(Outcome.REFUSED, [Problem(*each) for each in row.problems])
        for row in rows
    ]
    # A statement with a case for each row, as bulk_update writes it, takes as long as the import.
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {CatalogueImportRow._meta.db_table} AS staged
            SET written = true, outcome = told.outcome, problems = told.problems::jsonb
            FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS told(id, outcome, problems)
            WHERE staged.id = told.id
            """,  # nosec B608
            [
                [row.pk for row in rows],
                [str(plan.outcome) for plan in told],
                [json.dumps(problems_of(plan)) for plan in told],
            ],
        )
    _count(held, told)
    held.save(update_fields=["handled", "warned", *COUNTS])


def problems_of(plan: Planned) -> list[list[str]]:
    """Return the problems of a row as they are staged."""
    return [[str(each.level), each.reason, each.column] for each in plan.problems]


def _count(held: CatalogueImport, planned: Sequence[Planned]) -> None:
    held.handled += len(planned)
    for plan in planned:
        setattr(held, plan.outcome, getattr(held, plan.outcome) + 1)
        if plan.problems and plan.outcome != Outcome.REFUSED:
            held.warned += 1


def _importer(held: CatalogueImport) -> Importer:
    options = Options(held.publish, held.swap, held.new_categories)
    return importer_of(held.kind)(by=held.by, by_name=held.by_name, options=options)
