"""Writing the log of what staff changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models, router
from django.db.models.deletion import Collector

from apps.operations.models import AuditEntry

# They change with every save and say nothing by themselves.
BOOKKEEPING = frozenset({"updated_at", "version", "last_login", "second_factor_at", "announced_at"})
SECRETS = frozenset({"password", "secret_sha256", "sealed_secret", "code_hash"})
# From so many entries on they are copied into the table.
MANY = 200
Snapshot = dict[str, object]


class Change(NamedTuple):
    """One row before and after; None where there was or is no row."""

    subject: models.Model
    before: Snapshot | None
    after: Snapshot | None


def snapshot(row: models.Model, *, related: Sequence[str] = ()) -> Snapshot:
    """Return the values of a row, and of the rows that belong to it, as JSON knows them."""
    values = _values(row)
    for name in related:
        rows = [_values(part) for part in getattr(row, name).all()]
        owner = row._meta.get_field(name).field.attname
        for part in rows:
            del part[owner], part["id"]
        values[name] = sorted(rows, key=lambda part: json.dumps(part, sort_keys=True))
    return values


def _values(row: models.Model) -> Snapshot:
    values = {}
    # What the product works out by itself says nothing of what a person did.
    worked_out = getattr(row, "worked_out", ())
    for field in row._meta.concrete_fields:
        if field.generated or field.name in worked_out:
            continue
        value = field.value_from_object(row)
        if field.attname in SECRETS:
            value = "…"
        elif isinstance(value, datetime):
            # The encoder would cut microseconds off, and a row must come back as it was.
            value = value.isoformat()
        values[field.attname] = str(value) if isinstance(field, models.FileField) else value
    return json.loads(json.dumps(values, cls=DjangoJSONEncoder))


def differs(before: Snapshot, after: Snapshot) -> bool:
    return any(
        before.get(name) != after.get(name) for name in {*before, *after} if name not in BOOKKEEPING
    )


def record(
    changes: Iterable[Change],
    *,
    by: AbstractBaseUser | None,
    at: datetime,
    action: str,
    batch: UUID | None = None,
    note: str = "",
    by_name: str = "",
) -> int:
    """Write what was done to rows, a few thousand in one statement; return how many entries.

    A change that changed nothing is not written, unless it carries a note. `by_name` says who
    it was where it was no person but a command.
    """
    entries = [
        AuditEntry(
            at=at,
            by_id=by.pk if by else None,
            by_name=by.get_username() if by else by_name,
            action=action,
            subject_type=change.subject._meta.label_lower,
            subject=str(change.subject.pk),
            subject_name=str(change.subject)[:300],
            before=change.before,
            after=change.after,
            batch=batch,
            note=note,
        )
        for change in changes
        if note
        or change.before is None
        or change.after is None
        # A change of both tells what changed.
        or differs(change.before, change.after)
    ]
    if len(entries) < MANY:
        AuditEntry.objects.bulk_create(entries)
    else:
        _copy(entries)
    return len(entries)


def _copy(entries: Sequence[AuditEntry]) -> None:
    """Write thousands of entries; an INSERT of them would spend its time on quoting JSON."""
    table, fields = AuditEntry._meta.db_table, AuditEntry._meta.concrete_fields
    columns = [field for field in fields if not field.primary_key]
    named = ", ".join(f'"{field.column}"' for field in columns)
    connection = connections[router.db_for_write(AuditEntry)]
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy,
    ):
        for entry in entries:
            copy.write_row([_stored(getattr(entry, field.attname)) for field in columns])


def _stored(value: object) -> object:
    return json.dumps(value, cls=DjangoJSONEncoder) if isinstance(value, dict) else value


def record_deletion(
    rows: Sequence[models.Model],
    *,
    by: AbstractBaseUser | None,
    at: datetime,
    batch: UUID | None = None,
    by_name: str = "",
) -> None:
    """Write down rows that are about to be deleted, with everything that goes with them.

    Rows of a model that is `remade` are left out: the product makes them anew from others.
    """
    if not rows:
        return
    collector = Collector(using=router.db_for_write(type(rows[0])), origin=rows[0])
    collector.collect(rows)
    gone = [row for instances in collector.data.values() for row in instances]
    gone += [row for queryset in collector.fast_deletes for row in queryset]
    known = {(type(row), row.pk) for row in rows}
    also = [
        row
        for row in gone
        if (type(row), row.pk) not in known and not getattr(row, "remade", False)
    ]
    record(
        [Change(row, snapshot(row), None) for row in [*rows, *also]],
        by=by,
        at=at,
        action=AuditEntry.Action.DELETED,
        batch=batch,
        by_name=by_name,
    )
