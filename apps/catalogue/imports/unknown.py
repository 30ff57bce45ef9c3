"""Categories that a list names and the catalogue does not know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count
from django.utils import translation

from apps.catalogue.importing.cells import one_line
from apps.catalogue.importing.landmark_rows import category_path, swapped_reason
from apps.catalogue.importing.problems import Outcome
from apps.catalogue.imports.lookups import Categories
from apps.catalogue.models import CatalogueImport, CatalogueImportRow, Category, CategoryAlias
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry

SHOWN = 20


class Unknown(NamedTuple):
    text: str
    rows: int


def unknown_categories(held: CatalogueImport) -> list[Unknown]:
    """Return what the refused rows call their categories, the most frequent first."""
    if "category" not in held.mapping:
        return []
    cell = f"cells__{held.mapping.index('category')}"
    rows = CatalogueImportRow.objects.filter(
        held=held, outcome=Outcome.REFUSED, problems__0__2="category"
    )
    found = rows.values(cell).annotate(rows=Count("pk")).order_by("-rows", cell)[:SHOWN]
    return [Unknown(one_line(each[cell] or ""), each["rows"]) for each in found]


def swapped_rows(held: CatalogueImport) -> int:
    """Return how many rows were refused since latitude and longitude seem to be swapped."""
    with translation.override(held.language):
        reason = swapped_reason()
    rows = CatalogueImportRow.objects.filter(held=held, outcome=Outcome.REFUSED)
    return rows.filter(problems__0__1=reason).count()


@transaction.atomic
def settle_categories(
    held: CatalogueImport,
    chosen: Mapping[str, Category | None],
    *,
    by: AbstractBaseUser,
    at: datetime,
) -> None:
    """Note for each unknown text the category that it means; None makes one of that name."""
    changes = []
    categories = Categories()
    for text, category in chosen.items():
        if category is None:
            _made, new = categories.make(category_path(text))
            changes += new
        elif not CategoryAlias.objects.filter(text=text).exists():
            alias = CategoryAlias.objects.create(text=text, category=category)
            changes.append(Change(alias, None, snapshot(alias)))
    record(changes, by=by, at=at, action=AuditEntry.Action.CREATED, batch=held.batch)
