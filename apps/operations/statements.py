"""Written statements for the few places where every millisecond counts.

There the ORM spends more time on making up a statement than the database on answering it.
These are written once; the database keeps their plan for as long as a connection lives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models, router

Row = TypeVar("Row", bound=models.Model)


def fetch_all(
    statement: str, values: Mapping[str, Any] | Sequence[Any], *, using: str | None = None
) -> list[tuple]:
    """Run a statement in the present transaction; return its rows.

    On a page that reads from a replica it runs there, as what the ORM asks does; unless `using`
    names the connection.
    """
    held = connections[using or router.db_for_read(None)]
    held.ensure_connection()
    # Django's own cursors write the values into the text, and such a text has no plan to keep.
    prepared = psycopg.Cursor(held.connection)
    with held._prepare_cursor(prepared) as cursor:
        cursor.execute(statement, values)
        # `description` would make an object of every column.
        return cursor.fetchall() if prepared.pgresult.nfields else []


def fetch_one(
    statement: str, values: Mapping[str, Any] | Sequence[Any], *, using: str | None = None
) -> tuple | None:
    """Run a statement as `fetch_all` does; return its first row, if it has one."""
    rows = fetch_all(statement, values, using=using)
    return rows[0] if rows else None


def insert(*rows: models.Model) -> None:
    """Store new rows of one table by one statement, in the present transaction.

    As bulk_create: they get their keys, and no signal is sent. A file must be stored before.
    """
    source = connections[DEFAULT_DB_ALIAS]
    fields = _stored_fields(type(rows[0]))
    values = [
        field.get_db_prep_save(getattr(row, field.attname), source)
        for row in rows
        for field in fields
    ]
    stored = fetch_all(_insertion_of(type(rows[0]), len(rows)), values, using=DEFAULT_DB_ALIAS)
    for row, (row.pk,) in zip(rows, stored, strict=True):
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS


def columns(model: type[models.Model], alias: str, *, without: frozenset[str] = frozenset()) -> str:
    """Return the columns of a table, in the order in which `instance` takes the values.

    without: names of fields that are read only when somebody asks for them.
    """
    return ", ".join(f'{alias}."{field.column}"' for field in _fields(model, without))


def instance(
    model: type[Row], values: Sequence[Any], *, without: frozenset[str] = frozenset()
) -> Row:
    """Make the instance of a row that was read by `columns`."""
    values = list(values)
    for place, field in _converted(model, without):
        values[place] = field.from_db_value(values[place], None, connection)
    names = [field.attname for field in _fields(model, without)]
    return model.from_db(connection.alias, names, values)


def instances(
    row: Sequence[Any], *joined: type[models.Model], without: frozenset[str] = frozenset()
) -> list[models.Model]:
    """Make the instances of a row that was read by `columns` of several tables, in their order."""
    made = []
    for model in joined:
        width = len(_fields(model, without))
        made.append(instance(model, row[:width], without=without))
        row = row[width:]
    return made


def insertion(model: type[models.Model]) -> str:
    """Return the insertion of a row whose values are named as `values_of` names them."""
    names = [field.column for field in _stored_fields(model)]
    places = ", ".join(f"%({name})s" for name in names)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({places})"  # nosec B608


def values_of(row: models.Model) -> dict[str, Any]:
    """Return what a row holds, by the names of its columns."""
    return {field.column: getattr(row, field.attname) for field in _fields(type(row))}


@cache
def _insertion_of(model: type[models.Model], rows: int) -> str:
    names = [f'"{field.column}"' for field in _stored_fields(model)]
    places = f"({', '.join(['%s'] * len(names))})"
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)})"  # nosec B608
        f" VALUES {', '.join([places] * rows)} RETURNING {model._meta.pk.column}"
    )


@cache
def _stored_fields(model: type[models.Model]) -> list[models.Field]:
    """Return the fields of a new row: all but the key, which the database gives."""
    return [field for field in _fields(model) if not field.primary_key]


@cache
def _fields(model: type[models.Model], without: frozenset[str] = frozenset()) -> list[models.Field]:
    return [field for field in model._meta.concrete_fields if field.name not in without]


@cache
def _converted(
    model: type[models.Model], without: frozenset[str] = frozenset()
) -> list[tuple[int, models.Field]]:
    fields = enumerate(_fields(model, without))
    return [(place, field) for place, field in fields if hasattr(field, "from_db_value")]
