"""Taking one change back, and bringing back what was deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from apps.operations.audit import BOOKKEEPING, SECRETS, Change, record, snapshot
from apps.operations.models import AuditEntry

Check = Callable[[models.Model], None]


class NotRestorable(Exception):
    """The change cannot be taken back; the message says why."""


def restorable_fields(model: type[models.Model], *, but: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the fields of a model that may get earlier values back."""
    left_out = {*but, *BOOKKEEPING, *SECRETS}
    return tuple(
        field.attname
        for field in model._meta.concrete_fields
        if field.editable
        and not field.primary_key
        and not field.generated
        and not isinstance(field, models.FileField)
        and not {field.name, field.attname} & left_out
    )


@transaction.atomic
def revert_row(
    row: models.Model,
    entry: AuditEntry,
    *,
    fields: Sequence[str],
    relations: Sequence[str] = (),
    check: Check,
    by: AbstractBaseUser,
    at: datetime,
) -> models.Model:
    """Give a row back the values it had before one change; what others changed since stays.

    `check` is asked of the row before and after. Raises NotRestorable, and what `check` raises.
    """
    model = type(row)
    held = model._base_manager.select_for_update().get(pk=row.pk)
    check(held)
    if entry.before is None or entry.after is None:
        raise NotRestorable(_("This change made or removed the entry as a whole."))
    before = snapshot(held, related=relations)
    for name in entry.changed_fields:
        if name in fields and name in entry.before:
            setattr(held, name, entry.before[name])
    # A change from before a relation was logged says nothing of it.
    told = [name for name in relations if name in entry.changed_fields and name in entry.before]
    check(held)
    raise_version(held, at=at)
    try:
        held.full_clean()
        held.save()
        for relation in told:
            _put_rows_back(held, relation, entry.before[relation])
    except ValidationError as error:
        raise NotRestorable("; ".join(error.messages)) from error
    saved = model._base_manager.get(pk=held.pk)
    change = Change(saved, before, snapshot(saved, related=relations))
    record([change], by=by, at=at, action=AuditEntry.Action.REVERTED)
    return saved


def raise_version(row: models.Model, *, at: datetime) -> None:
    """Let forms that are open on a row see that it changed."""
    if has_version(type(row)):
        row.version += 1
    if any(field.attname == "updated_at" for field in row._meta.concrete_fields):
        row.updated_at = at


def has_version(model: type[models.Model]) -> bool:
    """Say whether a model counts its saves; a `version` may also be a text about something."""
    counters = (models.IntegerField,)
    fields = model._meta.concrete_fields
    return any(each.attname == "version" and isinstance(each, counters) for each in fields)


def _put_rows_back(row: models.Model, relation: str, parts: Iterable[dict]) -> None:
    held = getattr(row, relation)
    link = row._meta.get_field(relation).field.name
    held.all().delete()
    held.bulk_create([held.model(**{link: row}, **part) for part in parts])


@transaction.atomic
def restore_deleted(
    entry: AuditEntry, *, check: Check, by: AbstractBaseUser, at: datetime
) -> models.Model:
    """Bring a deleted row back, with what belonged to it and was deleted at the same time.

    Raises NotRestorable where it is there again, or needs what is gone; then nothing is done.
    """
    if entry.action != AuditEntry.Action.DELETED or not entry.before:
        raise NotRestorable(_("This entry of the log deleted nothing."))
    rows = []
    for each in [entry, *_belonging(entry)]:
        row = _made_again(each)
        if each is entry:
            check(row)
        try:
            row.full_clean()
        except ValidationError as error:
            raise NotRestorable(f"{each.subject_name}: {'; '.join(error.messages)}") from error
        row.save(force_insert=True)
        rows.append(row)
    changes = [Change(row, None, snapshot(row)) for row in rows]
    record(changes, by=by, at=at, action=AuditEntry.Action.REVERTED, batch=entry.batch)
    return rows[0]


def _belonging(entry: AuditEntry) -> list[AuditEntry]:
    """Return what was deleted since it belonged to a row, what others need first."""
    if entry.batch is None:
        return []
    deleted = AuditEntry.objects.filter(batch=entry.batch, action=AuditEntry.Action.DELETED)
    left = list(deleted.exclude(pk=entry.pk).order_by("pk"))
    known = {(entry.subject_type, entry.subject)}
    found = []
    while more := [each for each in left if _points_at(each) & known]:
        found += more
        known |= {(each.subject_type, each.subject) for each in more}
        left = [each for each in left if each not in more]
    return found


def _points_at(entry: AuditEntry) -> set[tuple[str, str]]:
    model = apps.get_model(entry.subject_type)
    return {
        (field.related_model._meta.label_lower, str(entry.before.get(field.attname)))
        for field in model._meta.concrete_fields
        if field.is_relation
    }


def _made_again(entry: AuditEntry) -> models.Model:
    model = apps.get_model(entry.subject_type)
    if model._base_manager.filter(pk=entry.subject).exists():
        raise NotRestorable(_("%(name)s is there again.") % {"name": entry.subject_name})
    row = model()
    for field in model._meta.concrete_fields:
        if field.generated or field.attname not in entry.before:
            continue
        value = entry.before[field.attname]
        if field.attname in SECRETS:
            raise NotRestorable(_("Secrets are not in the log, so this cannot come back."))
        if isinstance(field, models.FileField):
            if value and not field.storage.exists(value):
                text = _("The file of %(name)s is gone.")
                raise NotRestorable(text % {"name": entry.subject_name})
            setattr(row, field.attname, value)
            continue
        target = field.target_field if field.is_relation else field
        setattr(row, field.attname, None if value is None else target.to_python(value))
    return row
