"""Written statements for the few places where every millisecond counts.

There the ORM spends more time on making up a statement than the database on answering it.
These are written once; the database keeps their plan for as long as a connection lives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import connection, connections, models, router

Row = TypeVar("Row", bound=models.Model)


def fetch_all(statement: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple]:
    """Run a statement in the present transaction; return its rows.

    On a page that reads from a replica it runs there, as what the ORM asks does.
    """
    held = connections[router.db_for_read(None)]
    held.ensure_connection()
    # Django's own cursors write the values into the text, and such a text has no plan to keep.
    prepared = psycopg.Cursor(held.connection)
    with held._prepare_cursor(prepared) as cursor:
        cursor.execute(statement, values)
        # `description` would make an object of every column.
        return cursor.fetchall() if prepared.pgresult.nfields else []


def fetch_one(statement: str, values: Mapping[str, Any] | Sequence[Any]) -> tuple | None:
    """Run a statement in the present transaction; return its first row, if it has one."""
    rows = fetch_all(statement, values)
    return rows[0] if rows else None


def columns(model: type[models.Model], alias: str) -> str:
    """Return every column of a table, in the order in which `instance` takes the values."""
    return ", ".join(f'{alias}."{field.column}"' for field in _fields(model))


def instance(model: type[Row], values: Sequence[Any]) -> Row:
    """Make the instance of a row that was read by `columns`."""
    values = list(values)
    for place, field in _converted(model):
        values[place] = field.from_db_value(values[place], None, connection)
    return model.from_db(connection.alias, [field.attname for field in _fields(model)], values)


def instances(row: Sequence[Any], *joined: type[models.Model]) -> list[models.Model]:
    """Make the instances of a row that was read by `columns` of several tables, in their order."""
    made = []
    for model in joined:
        width = len(_fields(model))
        made.append(instance(model, row[:width]))
        row = row[width:]
    return made


def insertion(model: type[models.Model]) -> str:
    """Return the insertion of a row whose values are named as `values_of` names them."""
    names = [field.column for field in _fields(model) if not field.primary_key]
    places = ", ".join(f"%({name})s" for name in names)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) VALUES ({places})"  # nosec B608


def values_of(row: models.Model) -> dict[str, Any]:
    """Return what a row holds, by the names of its columns."""
    return {field.column: getattr(row, field.attname) for field in _fields(type(row))}


@cache
def _fields(model: type[models.Model]) -> list[models.Field]:
    return list(model._meta.concrete_fields)


@cache
def _converted(model: type[models.Model]) -> list[tuple[int, models.Field]]:
    fields = enumerate(_fields(model))
    return [(place, field) for place, field in fields if hasattr(field, "from_db_value")]
