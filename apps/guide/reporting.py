"""Visitors say what is wrong on a page; staff find it in the admin."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.catalogue.models import Landmark, Photo
from apps.guide.models import Report
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry


@transaction.atomic
def report_fault(
    landmark: Landmark,
    *,
    about: str,
    message: str,
    photo: Photo | None,
    language: str,
    at: datetime,
) -> Report:
    """Put a visitor's report into the inbox; the same one that still waits there is returned."""
    same = Report.objects.waiting().filter(landmark=landmark, about=about, message=message).first()
    if same is not None:
        return same
    report = Report.objects.create(
        landmark=landmark,
        about=about,
        message=message,
        photo=photo,
        language=language,
        created_at=at,
        updated_at=at,
    )
    record(
        [Change(report, None, snapshot(report))],
        by=None,
        by_name="visitor",
        at=at,
        action=AuditEntry.Action.CREATED,
    )
    return report
