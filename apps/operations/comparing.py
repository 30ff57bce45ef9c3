"""Two snapshots of a row, side by side, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import models

from apps.operations.audit import BOOKKEEPING, Snapshot


class Compared(NamedTuple):
    """One field in a change, as a person reads it."""

    label: str
    before: str
    after: str


def changed_labels(
    model: type[models.Model], before: Snapshot | None, after: Snapshot | None
) -> list[str]:
    """Return what differs between two snapshots, as a person calls it."""
    before, after = before or {}, after or {}
    names = sorted({*before, *after} - BOOKKEEPING)
    return [_label(model, name) for name in names if before.get(name) != after.get(name)]


def compare_values(
    model: type[models.Model], before: Snapshot | None, after: Snapshot | None
) -> list[Compared]:
    """Return where two snapshots differ, field by field, with names instead of keys."""
    before, after = before or {}, after or {}
    return [
        Compared(
            _label(model, name),
            _readable(model, name, before.get(name)),
            _readable(model, name, after.get(name)),
        )
        for name in sorted({*before, *after} - BOOKKEEPING)
        if before.get(name) != after.get(name)
    ]


def _label(model: type[models.Model], name: str) -> str:
    for field in model._meta.get_fields():
        if name in (field.name, getattr(field, "attname", "")):
            related = field.related_model
            if field.auto_created and related:
                return str(related._meta.verbose_name_plural)
            return str(field.verbose_name)
    return name


def _readable(model: type[models.Model], name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(_part(each) for each in value)
    field = next((each for each in model._meta.concrete_fields if each.attname == name), None)
    if field is not None and field.is_relation:
        row = field.related_model._base_manager.filter(pk=value).first()
        return str(row) if row else str(value)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return str(value)


def _part(part: object) -> str:
    """Return one row that belongs to another, such as "ko official: 첨성대"."""
    if not isinstance(part, dict):
        return str(part)
    if {"language", "kind", "text"} <= set(part):
        dates = [str(part[name]) for name in ("valid_from", "valid_until") if part.get(name)]
        return " ".join([f"{part['language']} {part['kind']}: {part['text']}", *dates])
    return ", ".join(f"{name}: {value}" for name, value in part.items() if value is not None)
