"""Where a person may edit: everywhere, or in the regions they are limited to and what lies within.

Everybody sees everything. Ask `may_edit` for a row in hand, `editable_by` of a queryset for many.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext as _

WITHIN = """
WITH RECURSIVE within(id) AS (
    SELECT region_id FROM accounts_editorregion WHERE user_id = %s
    UNION
    SELECT region.id FROM catalogue_region region JOIN within ON region.parent_id = within.id
)
SELECT id FROM within
"""


class OutsideRegions(PermissionDenied):
    """The entry lies outside the regions of the person; the message says so."""

    def __init__(self):
        super().__init__(outside_regions())


def outside_regions() -> str:
    """Return the words for an entry that a person may see and not change."""
    return _("it lies outside the regions that you may edit")


def regions_of(user: AbstractBaseUser) -> frozenset[int] | None:
    """Return the keys of the regions a person may edit; None: all of them.

    Asked once per object, kept for the request.
    """
    if user.is_superuser:
        return None
    if not hasattr(user, "_region_keys"):
        with connection.cursor() as cursor:
            cursor.execute(WITHIN, [user.pk])
            user._region_keys = frozenset(row[0] for row in cursor.fetchall())
    return user._region_keys or None


def is_limited(user: AbstractBaseUser) -> bool:
    """Say whether a person edits in some regions only; what has no region is closed to them."""
    return regions_of(user) is not None


def may_edit_region(user: AbstractBaseUser, region_id: int | None) -> bool:
    """Say whether a person may edit what lies in a region."""
    regions = regions_of(user)
    return regions is None or region_id in regions


def may_edit(user: AbstractBaseUser, row: models.Model) -> bool:
    """Say whether the region of a landmark, or of what belongs to one, is open to a person.

    Whether they may change such rows at all is a matter of their role.
    """
    if regions_of(user) is None:
        return True
    path = region_path(type(row))
    return path is not None and may_edit_region(user, _follow(row, path))


def require_edit(user: AbstractBaseUser, *rows: models.Model) -> None:
    """Raise OutsideRegions unless all rows are open to a person."""
    if not all(may_edit(user, row) for row in rows):
        raise OutsideRegions


def within_regions(rows: models.QuerySet, user: AbstractBaseUser) -> models.QuerySet:
    """Return those of the rows that lie in the regions of a person."""
    regions = regions_of(user)
    if regions is None:
        return rows
    path = region_path(rows.model)
    return rows.filter(Q(**{f"{path}__in": regions})) if path else rows.none()


def region_path(model: type[models.Model]) -> str | None:
    """Return the way from a row to the key of its region; None where it has none."""
    names = {field.name for field in model._meta.concrete_fields}
    if "region" in names:
        return "region_id"
    return "landmark__region_id" if "landmark" in names else None


def _follow(row: models.Model, path: str) -> int | None:
    for name in path.split("__"):
        row = getattr(row, name) if row is not None else None
    return row
