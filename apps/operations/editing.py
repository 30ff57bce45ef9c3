"""What every form of the admin does: it logs changes in their own transaction."""

from __future__ import annotations

from uuid import uuid4

from django.db import models, transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.operations.audit import Change, Snapshot, record, record_deletion, snapshot
from apps.operations.history import HistoryPages
from apps.operations.listing import ListAdmin
from apps.operations.models import AuditEntry


class AuditedAdmin(HistoryPages, ListAdmin):
    """Write every save and deletion to the log, in the transaction of the change itself."""

    warn_unsaved_form = True
    change_form_after_template = "admin/operations/_save_key.html"

    class Media:
        js = ["js/operations/form-keys.js"]

    def formfield_for_dbfield(self, db_field, request: HttpRequest, **kwargs):
        if isinstance(db_field, models.URLField):
            kwargs.setdefault("assume_scheme", "https")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def snapshot(self, row: models.Model) -> Snapshot:
        return snapshot(row, related=self.audited_relations)

    def save_model(self, request: HttpRequest, row: models.Model, form, change: bool) -> None:
        # The database still holds what was, the rows of the inlines included.
        held = type(row)._base_manager.get(pk=row.pk) if change else None
        request.audit_before = self.snapshot(held) if held else None
        super().save_model(request, row, form, change)

    def log_addition(self, request: HttpRequest, row: models.Model, message):
        self._record(request, row, AuditEntry.Action.CREATED)
        return super().log_addition(request, row, message)

    def log_change(self, request: HttpRequest, row: models.Model, message):
        if hasattr(request, "audit_before"):
            self._record(request, row, AuditEntry.Action.CHANGED)
        return super().log_change(request, row, message)

    def _record(self, request: HttpRequest, row: models.Model, action: str) -> None:
        saved = type(row)._base_manager.get(pk=row.pk)
        change = Change(saved, request.audit_before, self.snapshot(saved))
        record([change], by=request.user, at=timezone.now(), action=action)

    @transaction.atomic
    def delete_model(self, request: HttpRequest, row: models.Model) -> None:
        record_deletion([row], by=request.user, at=timezone.now(), batch=uuid4())
        super().delete_model(request, row)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, rows: models.QuerySet) -> None:
        record_deletion(list(rows), by=request.user, at=timezone.now(), batch=uuid4())
        super().delete_queryset(request, rows)
