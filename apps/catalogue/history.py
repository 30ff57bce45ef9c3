"""Changes of many rows at once, and taking changes back."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import connections, models, router, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from apps.accounts.permissions import Permission, may
from apps.catalogue.models import Landmark, Photo
from apps.catalogue.publication import gate
from apps.catalogue.scope import may_edit, may_edit_region, outside_regions, require_edit
from apps.operations.audit import Change, Snapshot, record, snapshot
from apps.operations.models import AuditEntry
from apps.operations.reverting import NotRestorable, revert_row

MOST_AT_ONCE = 20_000
# What a bulk change may set, and what may be put back.
CHANGEABLE: dict[type[models.Model], tuple[str, ...]] = {
    Landmark: (
        *("category", "region", "parent", "owner", "state", "address", "opening_hours"),
        *("adult_fee", "wheelchair", "website", "phone", "source"),
    ),
    Photo: ("license", "author", "credit", "alt_texts", "captions", "source", "reference"),
}
RESTORABLE: dict[type[models.Model], tuple[str, ...]] = {
    Landmark: (
        *("state", "parent_id", "category_id", "region_id", "owner_id", "latitude", "longitude"),
        *("address", "external_ids", "source"),
        *("opening_hours", "adult_fee", "wheelchair", "website", "phone"),
    ),
    Photo: (
        *("landmark_id", "license_id", "author", "credit", "source", "source_url"),
        *("reference", "shows_no_landmark", "focal_x", "focal_y", "alt_texts", "captions"),
    ),
}

# Rows that are edited, logged and put back together with a landmark.
LANDMARK_RELATIONS = ("names", "notes")


class Refusal(NamedTuple):
    row: models.Model
    reason: str


class BulkChange(NamedTuple):
    """What a change of many rows does, or did once it has a batch."""

    changes: list[Change]
    refused: list[Refusal]
    batch: uuid.UUID | None


class Restored(NamedTuple):
    """Rows put back, and rows left alone since somebody changed them again or they are gone."""

    done: int
    skipped: int


def preview_changes(
    rows: QuerySet, values: dict[str, object], *, by: AbstractBaseUser
) -> BulkChange:
    """Return what `change_many` would do."""
    raw = _raw(rows.model, values)
    held = list(_described(rows, raw))
    above = _and_above(values.get("parent"))
    changes, refused = [], []
    for row in held:
        before = snapshot(row)
        if all(before[name] == value for name, value in raw.items()):
            continue
        if reason := _refusal(row, raw, values, by, above):
            refused.append(Refusal(row, reason))
        else:
            changes.append(Change(row, before, before | raw))
    return BulkChange(changes, refused, None)


@transaction.atomic
def change_many(
    rows: QuerySet, values: dict[str, object], *, by: AbstractBaseUser, at: datetime
) -> BulkChange:
    """Set fields of many rows in a fixed number of queries; rows that may not have them stay."""
    planned = preview_changes(rows.select_for_update(of=("self",)), values, by=by)
    batch = uuid.uuid4()
    keys = [change.subject.pk for change in planned.changes]
    _update(rows.model._base_manager.filter(pk__in=keys), values, at=at)
    record(planned.changes, by=by, at=at, action=AuditEntry.Action.CHANGED, batch=batch)
    return planned._replace(batch=batch)


def _described(rows: QuerySet, raw: Snapshot) -> QuerySet:
    """Fetch what the log and the gate need to know of rows, in a fixed number of queries."""
    if rows.model is not Landmark:
        return rows.select_related("license").prefetch_related("landmark__names")
    if raw.get("state") != Landmark.State.PUBLISHED:
        return rows.with_korean_name()
    return rows.select_related("region").prefetch_related("names").with_facts()


def _raw(model: type[models.Model], values: dict[str, object]) -> Snapshot:
    raw = {}
    for name, value in values.items():
        if name not in CHANGEABLE[model]:
            raise ValueError(f"{name} is not changed in bulk")
        raw[model._meta.get_field(name).attname] = getattr(value, "pk", value)
    return raw


def _and_above(landmark: Landmark | None) -> set[int]:
    """Return the keys of a landmark and of what it is a part of."""
    keys: set[int] = set()
    while landmark is not None and landmark.pk not in keys:
        keys.add(landmark.pk)
        landmark = landmark.parent
    return keys


def _refusal(
    row: models.Model,
    raw: Snapshot,
    values: dict[str, object],
    by: AbstractBaseUser,
    above: set[int],
) -> str:
    if not may_edit(by, row) or ("region_id" in raw and not may_edit_region(by, raw["region_id"])):
        return outside_regions()
    if "state" in raw and (reason := state_refusal(row.state, raw["state"], by)):
        return reason
    if row.pk in above:
        return _("it cannot be a part of itself")
    if isinstance(row, Photo):
        return _against_the_license(row, values)
    if raw.get("state") != Landmark.State.PUBLISHED:
        return ""
    return ", ".join(gate(row).blockers)


def _against_the_license(photo: Photo, values: dict[str, object]) -> str:
    """Say what the license that a photo would have does not allow."""
    license = values.get("license", photo.license)
    credit = values.get("credit", photo.credit)
    if {"license", "credit"} & values.keys() and license.needs_credit and not credit:
        return _("its license asks for a credit")
    if values.get("reference") and not license.may_train:
        return _("its license does not allow training")
    return ""


def _update(rows: QuerySet, values: dict[str, object], *, at: datetime) -> None:
    if rows.model is Landmark:
        values = {**values, "version": F("version") + 1, "updated_at": at}
    rows.update(**values)


@transaction.atomic
def undo_batch(batch: uuid.UUID, *, by: AbstractBaseUser, at: datetime) -> Restored:
    """Take a change of many rows back. Rows that changed again since stay as they are."""
    entries = AuditEntry.objects.filter(batch=batch, action=AuditEntry.Action.CHANGED)
    entries = list(entries.exclude(before=None).exclude(after=None).order_by("pk"))
    by_model = {model._meta.label_lower: model for model in RESTORABLE}
    done = 0
    for label, model in by_model.items():
        done += _undo(model, [entry for entry in entries if entry.subject_type == label], by, at)
    return Restored(done, len(entries) - done)


def _undo(model: type[models.Model], entries: list[AuditEntry], by, at: datetime) -> int:
    rows = model.objects.select_for_update(of=("self",))
    rows = rows.filter(pk__in=[each.subject for each in entries])
    held = {str(row.pk): row for row in _described(rows, {})}
    still_there = _still_there(model, entries)
    changes = []
    touched: set[str] = set()
    for entry in entries:
        row = held.get(entry.subject)
        if row is None or not may_edit(by, row):
            continue
        before = _restorable(model, entry)
        now = snapshot(row)
        if "state" in before and state_refusal(now["state"], before["state"], by):
            continue
        if any(now[name] != entry.after[name] for name in before):
            continue
        if any(before[name] not in keys for name, keys in still_there.items() if name in before):
            continue
        touched.update(before)
        changes.append(Change(row, now, now | before))
    _restore(model, changes, touched, at)
    record(changes, by=by, at=at, action=AuditEntry.Action.REVERTED, batch=uuid.uuid4())
    return len(changes)


def _restorable(model: type[models.Model], entry: AuditEntry) -> Snapshot:
    """Return the values before a change, of what can be put back."""
    return {name: entry.before[name] for name in entry.changed_fields if name in RESTORABLE[model]}


def _still_there(model: type[models.Model], entries: list[AuditEntry]) -> dict[str, set]:
    """Return the keys that may still be pointed at: what was deleted since cannot come back."""
    wanted: dict[str, set] = {}
    for entry in entries:
        for name, value in _restorable(model, entry).items():
            if model._meta.get_field(name).is_relation:
                wanted.setdefault(name, set()).add(value)
    found = {}
    for name, keys in wanted.items():
        rows = model._meta.get_field(name).related_model._base_manager.filter(pk__in=keys - {None})
        found[name] = {None, *rows.values_list("pk", flat=True)}
    return found


def _restore(
    model: type[models.Model], changes: list[Change], touched: set[str], at: datetime
) -> None:
    """Give many rows back values of their own, in one statement."""
    if not touched:
        return
    key, table = model._meta.pk.column, model._meta.db_table
    columns = [model._meta.get_field(name).column for name in sorted(touched)]
    values = [f'"{column}" = was."{column}"' for column in columns]
    if model is Landmark:
        values += ["version = row.version + 1", "updated_at = %(at)s"]
    rows = [
        {key: change.before[key]} | {name: change.after[name] for name in touched}
        for change in changes
    ]
    with connections[router.db_for_write(model)].cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" AS row SET {", ".join(values)}'
            f' FROM jsonb_populate_recordset(NULL::"{table}", %(rows)s) AS was'
            f' WHERE row."{key}" = was."{key}"',  # nosec B608
            {"rows": Jsonb(rows), "at": at},
        )


def revert_landmark(
    landmark: Landmark, entry: AuditEntry, *, by: AbstractBaseUser, at: datetime
) -> Landmark:
    """Give a landmark back the values it had before one change; later ones stay.

    Raises NotRestorable, and OutsideRegions where the person may not edit.
    """

    def check(held: Landmark) -> None:
        require_edit(by, held)
        if reason := state_refusal(landmark.state, held.state, by):
            raise NotRestorable(reason)

    return revert_row(
        landmark,
        entry,
        fields=RESTORABLE[Landmark],
        relations=LANDMARK_RELATIONS,
        check=check,
        by=by,
        at=at,
    )


def state_refusal(was: str, becomes: str, by: AbstractBaseUser) -> str:
    """Say why somebody may not take a landmark from one state to another; "" where they may."""
    if was != becomes and "published" in (was, becomes) and not may(by, Permission.PUBLISH):
        return _("only reviewers and publishers publish and withdraw")
    return ""
