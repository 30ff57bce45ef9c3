"""Change many rows from the list: choose, look, apply, undo."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.catalogue.admin.photo_texts import FIELDS as TEXT_FIELDS
from apps.catalogue.admin.photo_texts import AllTextsField
from apps.catalogue.history import (
    CHANGEABLE,
    MOST_AT_ONCE,
    BulkChange,
    change_many,
    preview_changes,
    undo_batch,
)
from apps.catalogue.models import Category, Landmark, Photo, PhotoPreset, Region
from apps.operations.comparing import compare_values
from apps.operations.listing import ChosenRow
from apps.operations.models import AuditEntry

SHOWN_ROWS = 20
# Too many to choose from a list; they are searched for while one types.
SEARCHED = (Category, Landmark, Region)


class BulkChanges:
    """A mixin for the admin of a model that `history.CHANGEABLE` names."""

    def get_urls(self):
        view = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("bulk/", view(self.bulk_view), name=f"{name}_bulk"),
            path("undo/<uuid:batch>/", view(self.undo_view), name=f"{name}_undo"),
            *super().get_urls(),
        ]

    @admin.action(description=_("Change the selected entries…"), permissions=["change"])
    def change_selected(self, request: HttpRequest, rows: QuerySet) -> HttpResponse | None:
        keys = [str(key) for key in rows.values_list("pk", flat=True)[: MOST_AT_ONCE + 1]]
        if len(keys) > MOST_AT_ONCE:
            text = _("Please select at most %(most)d entries at once.") % {"most": MOST_AT_ONCE}
            self.message_user(request, text, messages.ERROR)
            return None
        return self._bulk_page(request, keys, bulk_form(self.model, self.admin_site)(), None)

    def bulk_page_of(self, request: HttpRequest, rows: QuerySet) -> HttpResponse | None:
        """Show the page that changes some rows, else say that they are too many."""
        return self.change_selected(request, rows)

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        keys = [key for key in request.POST.get("keys", "").split(",") if key]
        form = bulk_form(self.model, self.admin_site)(request.POST)
        if not keys or not form.is_valid():
            return self._bulk_page(request, keys, form, None)
        rows = self.model.objects.filter(pk__in=keys).order_by("pk")
        values = form.chosen()
        if "apply" not in request.POST:
            return self._bulk_page(
                request, keys, form, preview_changes(rows, values, by=request.user)
            )
        done = change_many(rows, values, by=request.user, at=timezone.now())
        self._tell(request, done)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _bulk_page(
        self, request: HttpRequest, keys: list[str], form: forms.Form, planned: BulkChange | None
    ) -> HttpResponse:
        shown = [
            (change.subject, compare_values(self.model, change.before, change.after))
            for change in (planned.changes if planned else [])[:SHOWN_ROWS]
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change several entries"),
            "opts": self.opts,
            "keys": ",".join(keys),
            "count": len(keys),
            "form": form,
            "planned": planned,
            "shown": shown,
            "hidden": len(planned.changes) - len(shown) if planned else 0,
            "reasons": dict(Counter(each.reason for each in planned.refused)) if planned else {},
        }
        return render(request, "admin/catalogue/bulk.html", context)

    def _tell(self, request: HttpRequest, done: BulkChange) -> None:
        count = len(done.changes)
        text = ngettext("%(count)d entry changed.", "%(count)d entries changed.", count)
        address = reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_undo", args=[done.batch]
        )
        text = format_html(
            '{} <a class="admin-link" href="{}">{}</a>',
            text % {"count": count},
            address if count else "",
            _("Undo") if count else "",
        )
        self.message_user(request, text, messages.SUCCESS)
        if done.refused:
            text = ngettext(
                "%(count)d entry stayed as it was.",
                "%(count)d entries stayed as they were.",
                len(done.refused),
            )
            self.message_user(request, text % {"count": len(done.refused)}, messages.WARNING)

    def undo_view(self, request: HttpRequest, batch: UUID) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        entries = AuditEntry.objects.filter(batch=batch, action=AuditEntry.Action.CHANGED)
        first = entries.order_by("pk").first()
        if first is None:
            raise Http404
        if request.method == "POST":
            done = undo_batch(batch, by=request.user, at=timezone.now())
            text = ngettext("%(count)d entry put back.", "%(count)d entries put back.", done.done)
            self.message_user(request, text % {"count": done.done}, messages.SUCCESS)
            if done.skipped:
                text = ngettext(
                    "%(count)d entry was changed again since and stays.",
                    "%(count)d entries were changed again since and stay.",
                    done.skipped,
                )
                self.message_user(request, text % {"count": done.skipped}, messages.WARNING)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        shown = [
            (entry.subject_name, compare_values(self.model, entry.after, entry.before))
            for entry in entries.order_by("pk")[:SHOWN_ROWS]
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Undo a change of several entries"),
            "opts": self.opts,
            "first": first,
            "count": entries.count(),
            "shown": shown,
        }
        return render(request, "admin/catalogue/undo.html", context)


class BulkForm(forms.Form):
    """What to set; an empty field changes nothing unless it is named as to be emptied."""

    def clean(self) -> dict:
        values = super().clean()
        if not self.errors and not self.chosen():
            raise forms.ValidationError(_("Please fill in what is to change."))
        return values

    def chosen(self) -> dict[str, object]:
        values = {
            name: value
            for name, value in self.cleaned_data.items()
            if name != "empty" and value not in ("", None)
        }
        if "reference" in values:
            values["reference"] = values["reference"] == "yes"
        if preset := values.pop("preset", None):
            values = {**preset.values(), **values}
        model = self.model
        for name in self.cleaned_data.get("empty", []):
            values.setdefault(name, None if model._meta.get_field(name).null else "")
        return values


def bulk_form(model: type[models.Model], site: admin.AdminSite) -> type[BulkForm]:
    """Return the form of the fields that may be changed in many rows of a model."""
    fields: dict[str, forms.Field] = {"preset": _preset_field()} if model is Photo else {}
    for name in CHANGEABLE[model]:
        if name in TEXT_FIELDS:
            fields[name] = TEXT_FIELDS[name](AllTextsField)
        else:
            fields[name] = _bulk_field(model._meta.get_field(name), site)
    clearable = [
        (name, capfirst(model._meta.get_field(name).verbose_name))
        for name in CHANGEABLE[model]
        if model._meta.get_field(name).blank
        and not isinstance(fields[name], (_YesOrNo, AllTextsField))
    ]
    if clearable:
        fields["empty"] = forms.MultipleChoiceField(
            choices=clearable,
            required=False,
            label=_("empty these"),
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
        )
    return type("BulkForm", (BulkForm,), {**fields, "model": model})


def _preset_field() -> forms.Field:
    return forms.ModelChoiceField(
        PhotoPreset.objects.order_by("name"),
        required=False,
        label=_("photo preset"),
        help_text=_("Fills in what is left empty below."),
        widget=UnfoldAdminSelectWidget,
    )


class _YesOrNo(forms.ChoiceField):
    """A boolean field that may also be left as it is."""


def _bulk_field(field: models.Field, site: admin.AdminSite) -> forms.Field:
    if field.is_relation:
        rows = field.related_model._base_manager.complex_filter(field.get_limit_choices_to())
        widget: forms.Widget = UnfoldAdminSelectWidget()
        if field.related_model in SEARCHED:
            widget = ChosenRow(field, site, attrs={"class": "unfold-filter-autocomplete"})
        return forms.ModelChoiceField(
            rows.order_by("pk"), required=False, label=field.verbose_name, widget=widget
        )
    if field.choices:
        return forms.ChoiceField(
            choices=[("", "---------"), *field.choices],
            required=False,
            label=field.verbose_name,
            widget=UnfoldAdminSelectWidget,
        )
    if isinstance(field, models.BooleanField):
        return _YesOrNo(
            choices=[("", "---------"), ("yes", _("Yes")), ("no", _("No"))],
            required=False,
            label=field.verbose_name,
            widget=UnfoldAdminSelectWidget,
        )
    options = {"assume_scheme": "https"} if isinstance(field, models.URLField) else {}
    made = field.formfield(required=False, widget=UnfoldAdminTextInputWidget, **options)
    # Otherwise only a model's own form would ask them.
    made.validators += [each for each in field.validators if each not in made.validators]
    return made
