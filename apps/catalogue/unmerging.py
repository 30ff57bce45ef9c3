"""Taking a merge back: what it moved returns, what was done since stays."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.catalogue.history import LANDMARK_RELATIONS
from apps.catalogue.merging import NotMergeable, lock_both, relations
from apps.catalogue.models import Landmark, LandmarkName, LandmarkRedirect
from apps.catalogue.scope import require_edit
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry


class Unmerged(NamedTuple):
    """Rows that went back, and rows that somebody moved on or removed since."""

    landmark: Landmark
    returned: int
    left: int


@transaction.atomic
def undo_merge(redirect: LandmarkRedirect, *, by: AbstractBaseUser, at: datetime) -> Unmerged:
    """Give a merged landmark back what the merge took from it; its address is its own again.

    Raises NotMergeable, and OutsideRegions unless the person may edit both.
    """
    gone = Landmark.objects.filter(slug=redirect.old_slug).first()
    if gone is None or not redirect.moved:
        raise NotMergeable(_("This merge was made before merges could be undone."))
    gone, kept = lock_both(gone.pk, redirect.moved["into"])
    require_edit(by, gone, kept)
    redirect = LandmarkRedirect.objects.select_for_update().filter(pk=redirect.pk).first()
    if redirect is None:
        raise NotMergeable(_("This merge was undone already."))
    if redirect.landmark_id != kept.pk:
        raise NotMergeable(_("The other landmark was itself merged since. Undo that merge first."))
    before = {row.pk: snapshot(row, related=LANDMARK_RELATIONS) for row in (gone, kept)}
    moved = redirect.moved
    returned = left = 0
    for relation in relations():
        rows = moved["rows"].get(str(relation.field), [])
        back = _return(relation, rows, kept, gone)
        returned, left = returned + back, left + len(rows) - back
    LandmarkName.objects.filter(pk__in=moved["names"], landmark=kept).delete()
    LandmarkRedirect.objects.filter(pk__in=moved["redirects"], landmark=kept).update(landmark=gone)
    redirect.delete()
    _forget(kept, gone, moved)
    gone.state = moved["state"]
    for row in (gone, kept):
        row.version += 1
        row.updated_at = at
        row.save()
    _log(gone, kept, before, by=by, at=at)
    return Unmerged(gone, returned, left)


def _return(relation, keys: list[str], kept: Landmark, gone: Landmark) -> int:
    """Point rows back where they still point to the remaining landmark; return how many."""
    link = relation.field.name
    rows = relation.related_model._base_manager.filter(pk__in=keys, **{link: kept})
    try:
        with transaction.atomic():
            return rows.update(**{link: gone})
    except IntegrityError:
        # Someone gave the merged entry one of its own since: row by row, what still fits.
        return sum(_return_one(row, link, gone) for row in rows)


def _return_one(row, link: str, gone: Landmark) -> bool:
    try:
        with transaction.atomic():
            return bool(type(row)._base_manager.filter(pk=row.pk).update(**{link: gone}))
    except IntegrityError:
        return False


def _forget(kept: Landmark, gone: Landmark, moved: dict) -> None:
    """Take back what the remaining landmark got because it had none."""
    for name in moved["numbers"]:
        if kept.external_ids.get(name) == gone.external_ids.get(name):
            kept.external_ids.pop(name, None)
    at_same_place = (kept.latitude, kept.longitude) == (gone.latitude, gone.longitude)
    if moved["placed"] and at_same_place:
        kept.latitude = kept.longitude = None


def _log(gone: Landmark, kept: Landmark, before: dict, *, by, at: datetime) -> None:
    changes = [
        Change(row, before[row.pk], snapshot(row, related=LANDMARK_RELATIONS))
        for row in (Landmark.objects.get(pk=gone.pk), Landmark.objects.get(pk=kept.pk))
    ]
    note = f"{gone.slug} ← {kept.slug}"
    action = AuditEntry.Action.REVERTED
    record(changes, by=by, at=at, action=action, batch=uuid.uuid4(), note=note)
