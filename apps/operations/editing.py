"""What every form of the admin does: it logs changes, and does not lose a colleague's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.operations.audit import Change, Snapshot, record, record_deletion, snapshot
from apps.operations.listing import ListAdmin
from apps.operations.models import AuditEntry


class AuditedAdmin(ListAdmin):
    """Write every save and deletion to the log, in the transaction of the change itself."""

    # Reverse relations edited in the same form; they are logged with the row.
    audited_relations: Sequence[str] = ()

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
        record_deletion([row], by=request.user, at=timezone.now())
        super().delete_model(request, row)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, rows: models.QuerySet) -> None:
        record_deletion(list(rows), by=request.user, at=timezone.now())
        super().delete_queryset(request, rows)


class Both(NamedTuple):
    """One field of a form that two people saved."""

    label: str
    theirs: str
    mine: str


class VersionedAdmin(AuditedAdmin):
    """Show the second of two editors both texts instead of losing the first one's.

    The model has a `version` that each save raises.
    """

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None):
        fields = [name for name in super().get_fields(request, obj) if name != "version"]
        return [*fields, "version"] if obj else fields

    def get_form(self, request: HttpRequest, obj: models.Model | None = None, **kwargs):
        from django.forms import HiddenInput

        widgets = {**kwargs.pop("widgets", {}), "version": HiddenInput()}
        return super().get_form(request, obj, widgets=widgets, **kwargs)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method != "POST" or object_id is None or "version" not in request.POST:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            held = self._lock(object_id)
            if held is not None and str(held.version) != request.POST["version"]:
                return self._conflict(request, held)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def _lock(self, object_id: str) -> models.Model | None:
        try:
            key = self.opts.pk.to_python(object_id)
        except Exception:
            return None
        return self.model._base_manager.select_for_update().filter(pk=key).first()

    def save_model(self, request: HttpRequest, row: models.Model, form, change: bool) -> None:
        if change:
            row.version += 1
        super().save_model(request, row, form, change)

    def _conflict(self, request: HttpRequest, held: models.Model) -> HttpResponse:
        form = self.get_form(request, held, change=True)(request.POST, instance=held)
        form.is_valid()
        # is_valid puts what was sent into the instance; what is stored is read again.
        stored = self.model._base_manager.get(pk=held.pk)
        saved = self.get_form(request, stored, change=True)(instance=stored)
        both = [
            Both(
                str(field.label),
                shown_value(saved[name], saved.get_initial_for_field(field, name)),
                shown_value(form[name], form[name].value()),
            )
            for name, field in form.fields.items()
            if name != "version"
        ]
        last = AuditEntry.objects.about(stored).first()
        sent = [(name, value) for name, values in request.POST.lists() for value in values]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Somebody else saved in the meantime"),
            "opts": self.opts,
            "row": stored,
            "last": last,
            "both": both,
            "sent": [pair for pair in sent if pair[0] not in ("version", "csrfmiddlewaretoken")],
        }
        return render(request, "admin/operations/conflict.html", context, status=409)


def shown_value(bound, value) -> str:
    """Return the value of a form field as a person reads it: a name, not a key."""
    queryset = getattr(bound.field, "queryset", None)
    if queryset is not None:
        row = queryset.filter(pk=value).first() if value else None
        return str(row) if row else ""
    return "" if value is None else str(value)
