"""What is done to the catalogue."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from apps.catalogue.importing import LandmarkRow, RowRefused
from apps.catalogue.importing.problems import Outcome
from apps.catalogue.imports.importer import Options
from apps.catalogue.imports.landmarks import LandmarkImporter
from apps.catalogue.imports.slugs import free_slugs
from apps.catalogue.models import Landmark


def redirect_for(slug: str) -> Landmark | None:
    """Return the published landmark that a former address leads to, if there is one."""
    return Landmark.objects.published().filter(redirects__old_slug=slug).first()


@transaction.atomic
def save_landmark_row(row: LandmarkRow, *, publish: bool, at: datetime, by_name: str = "") -> str:
    """Make or update the landmark of a row; return "created", "updated" or "unchanged".

    A row means the landmark with its slug, else the one with its number elsewhere, else the one
    with its Korean name in its region. `publish` publishes drafts; what staff withdrew stays
    withdrawn. `by_name` names the command for the log. Raises RowRefused.
    """
    options = Options(publish=publish, new_categories=True)
    importer = LandmarkImporter(by=None, by_name=by_name, options=options)
    (plan,) = importer.plan([row], lock=True)
    if plan.outcome == Outcome.REFUSED:
        raise RowRefused(plan.problems[0].reason, plan.problems[0].column)
    importer.save([plan], at=at, batch=uuid.uuid4())
    return plan.outcome.value


def free_slug(row: LandmarkRow) -> str:
    """Return an unused slug from the English name, else the romanized one, else a number."""
    return free_slugs([(row.name_en or row.romanized, row.name_ko)])[0]
