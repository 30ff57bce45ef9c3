"""Forms of the admin that do not lose what a colleague saved in the meantime."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.forms import BaseForm, BaseFormSet, HiddenInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.operations.audit import BOOKKEEPING
from apps.operations.editing import AuditedAdmin
from apps.operations.models import AuditEntry
from apps.operations.reverting import has_version


class Both(NamedTuple):
    """One field of a form, or the rows of one kind, that two people saved."""

    label: str
    theirs: str
    mine: str


class VersionedAdmin(AuditedAdmin):
    """Show the second of two editors both texts instead of losing the first one's.

    The form says what it was opened on: the `version` of the model, which each save raises, or,
    where a model has none, a digest of its values and of the rows that are edited with it.
    """

    @property
    def has_version(self) -> bool:
        return has_version(self.model)

    @property
    def change_form_before_template(self) -> str | None:
        return None if self.has_version else "admin/operations/_opened_on.html"

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None):
        fields = [name for name in super().get_fields(request, obj) if name != "version"]
        return [*fields, "version"] if obj and self.has_version else fields

    def get_form(self, request: HttpRequest, obj: models.Model | None = None, **kwargs):
        if self.has_version:
            kwargs["widgets"] = {**kwargs.get("widgets", {}), "version": HiddenInput()}
        return super().get_form(request, obj, **kwargs)

    def mark_of(self, row: models.Model) -> str:
        """Return what differs once somebody changed what the form shows."""
        if self.has_version:
            return str(row.version)
        values = {
            name: value for name, value in self.snapshot(row).items() if name not in BOOKKEEPING
        }
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            held = self._held(object_id, lock=request.method == "POST")
            if held is not None:
                opened_on = self.mark_of(held)
                given = request.POST.get("version", opened_on)
                if given != opened_on and self.has_change_permission(request, held):
                    return self._conflict(request, held)
                extra_context = {**(extra_context or {}), "opened_on": opened_on}
            return super().changeform_view(request, object_id, form_url, extra_context)

    def _held(self, object_id: str, *, lock: bool) -> models.Model | None:
        try:
            key = self.opts.pk.to_python(object_id)
        except ValidationError:
            return None
        rows = self.model._base_manager.filter(pk=key)
        return (rows.select_for_update() if lock else rows).first()

    def save_model(self, request: HttpRequest, row: models.Model, form, change: bool) -> None:
        if change and self.has_version:
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
                shown_value(saved[name], saved[name].value()),
                shown_value(form[name], form[name].value()),
            )
            for name, field in form.fields.items()
            if name != "version"
        ]
        formsets, _inlines = self._create_formsets(request, stored, change=True)
        both += [_both_rows(formset) for formset in formsets]
        sent = _as_rows_are_now(request.POST, formsets)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Somebody else saved in the meantime"),
            "opts": self.opts,
            "row": stored,
            "opened_on": self.mark_of(stored),
            "last": AuditEntry.objects.about(stored).first(),
            "both": both,
            "sent": [pair for pair in sent if pair[0] not in ("version", "csrfmiddlewaretoken")],
            "files": [file.name for file in request.FILES.values()],
        }
        return render(request, "admin/operations/conflict.html", context, status=409)


def shown_value(bound, value) -> str:
    """Return the value of a form field as a person reads it: a name, not a key."""
    queryset = getattr(bound.field, "queryset", None)
    if queryset is not None:
        row = queryset.filter(pk=value).first() if value else None
        return str(row) if row else ""
    choices = {str(key): text for key, text in getattr(bound.field, "choices", None) or []}
    if isinstance(value, list):
        return ", ".join(str(choices.get(str(each), each)) for each in value)
    text = "" if value is None else str(choices.get(str(value), value))
    # A browser sends line breaks of its own.
    return text.replace("\r\n", "\n")


def _both_rows(formset: BaseFormSet) -> Both:
    """Return the rows of an inline as they are stored and as they were sent, a line each."""
    fresh = type(formset)(instance=formset.instance, prefix=formset.prefix)
    stored = [_line(form) for form in fresh.initial_forms]
    sent = [_line(form) for form in formset.forms if not _is_left_out(form, formset)]
    label = str(formset.model._meta.verbose_name_plural)
    return Both(label, "\n".join(filter(None, stored)), "\n".join(filter(None, sent)))


def _is_left_out(form: BaseForm, formset: BaseFormSet) -> bool:
    return formset.can_delete and bool(form["DELETE"].value())


def _line(form: BaseForm) -> str:
    hidden = {"DELETE", "ORDER"}
    shown = [
        shown_value(form[name], form[name].value())
        for name, field in form.fields.items()
        if name not in hidden and not field.widget.is_hidden
    ]
    # A row that nobody filled in has at most the choices that stand first.
    filled = form.instance.pk or form.has_changed()
    return " · ".join(text for text in shown if text) if filled else ""


def _as_rows_are_now(posted, formsets: list[BaseFormSet]) -> list[tuple[str, str]]:
    """Return what was sent so that it can be saved on what is stored now.

    A row that the colleague deleted is sent as a new one: saving must not stumble over it.
    """
    left = [(name, value) for name, values in posted.lists() for value in values]
    for formset in formsets:
        prefix = f"{formset.prefix}-"
        rows: dict[int, list[tuple[str, str]]] = {}
        others = []
        for name, value in left:
            number, _dash, field = name.removeprefix(prefix).partition("-")
            if name.startswith(prefix) and number.isdigit() and field:
                rows.setdefault(int(number), []).append((field, value))
            else:
                others.append((name, value))
        key = formset.model._meta.pk.name
        stored = {str(row.pk) for row in formset.get_queryset()}
        kept = [row for _number, row in sorted(rows.items()) if dict(row).get(key) in stored]
        new = [
            [pair for pair in row if pair[0] != key]
            for _number, row in sorted(rows.items())
            if dict(row).get(key) not in stored and "DELETE" not in dict(row)
        ]
        left = [
            (name, value)
            for name, value in others
            if name not in (f"{prefix}TOTAL_FORMS", f"{prefix}INITIAL_FORMS")
        ]
        left += [(f"{prefix}TOTAL_FORMS", str(len(kept) + len(new)))]
        left += [(f"{prefix}INITIAL_FORMS", str(len(kept)))]
        left += [
            (f"{prefix}{number}-{field}", value)
            for number, row in enumerate([*kept, *new])
            for field, value in row
        ]
    return left
