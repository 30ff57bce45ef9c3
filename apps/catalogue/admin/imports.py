"""Import a list: upload, choose its columns, look, confirm, read what became of it."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from apps.accounts.permissions import Permission, may
from apps.catalogue.importing import UnreadableFile
from apps.catalogue.importing.problems import Outcome
from apps.catalogue.imports.flow import NotPossible, confirm, open_import, resume, start_check, stop
from apps.catalogue.imports.importer import importer_of
from apps.catalogue.imports.lookups import Categories, path_of
from apps.catalogue.imports.staging import preview
from apps.catalogue.imports.unknown import settle_categories, swapped_rows, unknown_categories
from apps.catalogue.models import CatalogueImport, CatalogueImportRow, Category
from apps.catalogue.scope import is_limited
from apps.operations.listing import ListAdmin

State = CatalogueImport.State
STATE_COLOURS = {
    "uploaded": "warning",
    "checking": "info",
    "checked": "warning",
    "importing": "info",
    "done": "success",
    "stopped": "danger",
    "failed": "danger",
}
ROWS_A_PAGE = 50
SHOWN_CELLS = 4
NEW = "new"


class UploadForm(forms.Form):
    """A file, and what it is a list of."""

    kind = forms.ChoiceField(label=_("list of"), widget=UnfoldAdminSelectWidget)
    file = forms.FileField(label=_("file"), widget=UnfoldAdminFileFieldWidget)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [
            (kind, importer_of(kind).label) for kind in settings.IMPORT_KINDS if _may(user, kind)
        ]

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            megabytes = settings.IMPORT_MAX_BYTES // (1024 * 1024)
            text = _("A list may have up to %(megabytes)d MB. Please divide it.")
            raise forms.ValidationError(text % {"megabytes": megabytes})
        return file


def _may(user, kind: str) -> bool:
    return user.has_perms(importer_of(kind).permissions)


@admin.register(CatalogueImport)
class ImportAdmin(ListAdmin):
    list_display = (
        *("file_name", "kind_name", "shown_state", "created", "updated", "unchanged", "refused"),
        *("by_name", "created_at"),
    )
    list_filter = ["kind", "state"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["file_name", "by_name"]
    ordering = ["-pk"]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        # They say where rows of the catalogue came from.
        return False

    def get_urls(self):
        view = self.admin_site.admin_view
        name = "catalogue_catalogueimport"
        return [
            path("<int:key>/progress/", view(self.progress_view), name=f"{name}_progress"),
            path("<int:key>/report/", view(self.report_view), name=f"{name}_report"),
            *super().get_urls(),
        ]

    @admin.display(description=_("kind"), ordering="kind")
    def kind_name(self, held: CatalogueImport) -> str:
        return importer_of(held.kind).label

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, held: CatalogueImport) -> tuple[str, str]:
        return held.state, held.get_state_display()

    # upload

    def add_view(self, request: HttpRequest, form_url="", extra_context=None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None, user=request.user)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                held = open_import(
                    file,
                    kind=form.cleaned_data["kind"],
                    name=file.name,
                    size=file.size,
                    by=request.user,
                    at=timezone.now(),
                )
            except UnreadableFile as reason:
                form.add_error("file", str(reason))
            else:
                return redirect("admin:catalogue_catalogueimport_change", held.pk)
        kinds = [(importer_of(kind), kind) for kind, _label in form.fields["kind"].choices]
        context = {
            "form": form,
            "kinds": [(importer.label, importer.columns) for importer, _kind in kinds],
            "megabytes": settings.IMPORT_MAX_BYTES // (1024 * 1024),
        }
        return self._render(request, "upload", _("Import a list"), context)

    # one import

    def change_view(
        self, request: HttpRequest, object_id: str, form_url="", extra_context=None
    ) -> HttpResponse:
        held = self.get_object(request, object_id)
        if held is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, held):
            raise PermissionDenied
        if request.method == "POST":
            return self._take_step(request, held)
        page = {State.UPLOADED: self._columns_page, State.CHECKED: self._rows_page}
        if held.working:
            return self._working_page(request, held)
        if request.GET.get("columns") and held.state == State.CHECKED:
            return self._columns_page(request, held)
        return page.get(held.state, self._rows_page)(request, held)

    def _take_step(self, request: HttpRequest, held: CatalogueImport) -> HttpResponse:
        if not self.has_change_permission(request, held) or not _may(request.user, held.kind):
            raise PermissionDenied
        steps = {"check": self._check, "settle": self._settle, "swap": self._swap}
        steps |= {"confirm": self._confirm, "stop": self._stop, "resume": self._resume}
        step = steps.get(request.POST.get("step", ""))
        if step is None:
            raise Http404
        try:
            step(request, held)
        except NotPossible as reason:
            self.message_user(request, str(reason), messages.ERROR)
        return redirect("admin:catalogue_catalogueimport_change", held.pk)

    def _check(self, request: HttpRequest, held: CatalogueImport) -> None:
        known = {column.name for column in importer_of(held.kind).columns}
        chosen = [request.POST.get(f"column-{place}", "") for place in range(len(held.headings))]
        start_check(
            held,
            mapping=[name if name in known else "" for name in chosen],
            swap=held.swap,
            publish="publish" in request.POST and may(request.user, Permission.PUBLISH),
            at=timezone.now(),
        )

    def _swap(self, request: HttpRequest, held: CatalogueImport) -> None:
        self._check_again(held, swap=True)

    def _settle(self, request: HttpRequest, held: CatalogueImport) -> None:
        if not request.user.has_perm("catalogue.add_categoryalias") or is_limited(request.user):
            raise PermissionDenied
        chosen: dict[str, Category | None] = {}
        for each, answer in zip(
            request.POST.getlist("text"), request.POST.getlist("category"), strict=False
        ):
            if answer == NEW:
                chosen[each] = None
            elif answer.isdecimal():
                chosen[each] = get_object_or_404(Category, pk=answer)
        if not chosen:
            raise NotPossible(_("Please choose what at least one of them means."))
        settle_categories(held, chosen, by=request.user, at=timezone.now())
        self._check_again(held, swap=held.swap)

    def _check_again(self, held: CatalogueImport, *, swap: bool) -> None:
        start_check(held, mapping=held.mapping, swap=swap, publish=held.publish, at=timezone.now())

    def _confirm(self, request: HttpRequest, held: CatalogueImport) -> None:
        confirm(held, by=request.user, at=timezone.now())

    def _stop(self, request: HttpRequest, held: CatalogueImport) -> None:
        stop(held, by=request.user, at=timezone.now())

    def _resume(self, request: HttpRequest, held: CatalogueImport) -> None:
        resume(held, by=request.user, at=timezone.now())

    # pages

    def _columns_page(self, request: HttpRequest, held: CatalogueImport) -> HttpResponse:
        importer = importer_of(held.kind)
        cells = [
            [row[place] for row in held.examples if place < len(row) and row[place]]
            for place in range(len(held.headings))
        ]
        context = {
            "columns": importer.columns,
            "chosen": zip(held.headings, cells, held.mapping, strict=True),
            "missing": importer.missing_columns([name for name in held.mapping if name]),
            "may_publish": may(request.user, Permission.PUBLISH),
        }
        return self._page_of(request, held, "columns", context)

    def _working_page(self, request: HttpRequest, held: CatalogueImport) -> HttpResponse:
        return self._page_of(request, held, "working", self._progress(held))

    def _rows_page(self, request: HttpRequest, held: CatalogueImport) -> HttpResponse:
        """Show the rows before they are imported, or what is left to say of them afterwards."""
        confirmed = held.confirmed_at is not None
        # What is wrong comes first.
        show = request.GET.get("show", "refused" if held.refused else "")
        show = show if show in FILTERS else ""
        rows = FILTERS[show](CatalogueImportRow.objects.filter(held=held)).order_by("position")
        page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("p"))
        listed = list(page.object_list)
        differences = {} if confirmed else preview(held, listed)
        for row in listed:
            # Its problems name what the file calls a column.
            row.held = held
        context = {
            "show": show,
            "page": page,
            "rows": [self._row(held, row, differences.get(row.pk, [])) for row in listed],
            "headings": [heading for _place, heading in self._shown_columns(held)],
            "good": held.created + held.updated,
            "unknown": [] if confirmed else unknown_categories(held),
            "swapped": 0 if confirmed else swapped_rows(held),
            "may_settle": request.user.has_perm("catalogue.add_categoryalias")
            and not is_limited(request.user),
        }
        if context["unknown"]:
            context["categories"] = _all_categories()
        return self._page_of(request, held, "rows", context)

    def _shown_columns(self, held: CatalogueImport) -> list[tuple[int, str]]:
        used = [place for place, name in enumerate(held.mapping) if name]
        return [(place, held.headings[place]) for place in used[:SHOWN_CELLS]]

    def _row(self, held: CatalogueImport, row: CatalogueImportRow, differences: list) -> dict:
        cells = dict(enumerate(row.cells))
        return {
            "line": row.line,
            "outcome": row.outcome,
            "label": OUTCOMES[row.outcome],
            "cells": [cells.get(place, "") for place, _heading in self._shown_columns(held)],
            "told": row.told,
            "differences": differences,
        }

    def _page_of(
        self, request: HttpRequest, held: CatalogueImport, name: str, context: dict
    ) -> HttpResponse:
        context |= {
            "held": held,
            "kind": importer_of(held.kind).label,
            "may_change": self.has_change_permission(request, held)
            and _may(request.user, held.kind),
        }
        return self._render(request, name, held.file_name, context)

    def _render(self, request: HttpRequest, name: str, title, context: dict) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return render(request, f"admin/catalogue/imports/{name}.html", context)

    # beside the pages

    def progress_view(self, request: HttpRequest, key: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        held = get_object_or_404(CatalogueImport, pk=key)
        return JsonResponse(self._progress(held) | {"state": held.state})

    def _progress(self, held: CatalogueImport) -> dict:
        first = CatalogueImport.objects.running().first()
        waits_for = first if held.state == State.IMPORTING and first and first != held else None
        all_rows = held.rows if held.state == State.IMPORTING else 0
        return {
            "working": held.working,
            "handled": held.handled,
            "rows": all_rows,
            "waits_for": waits_for.file_name if waits_for else "",
        }

    def report_view(self, request: HttpRequest, key: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        held = get_object_or_404(CatalogueImport, pk=key)
        if not held.report:
            raise Http404
        stem = slugify(held.file_name.rpartition(".")[0], allow_unicode=True) or "list"
        return FileResponse(
            held.report.open(),
            as_attachment=True,
            filename=f"{stem}-refused.csv",
            content_type="text/csv; charset=utf-8",
        )


OUTCOMES: dict[str, str] = {
    Outcome.CREATED: _("new"),
    Outcome.UPDATED: _("changed"),
    Outcome.UNCHANGED: _("unchanged"),
    Outcome.REFUSED: _("refused"),
}
FILTERS: dict[str, Callable] = {
    "": lambda rows: rows,
    "created": lambda rows: rows.filter(outcome=Outcome.CREATED),
    "updated": lambda rows: rows.filter(outcome=Outcome.UPDATED),
    "unchanged": lambda rows: rows.filter(outcome=Outcome.UNCHANGED),
    "refused": lambda rows: rows.filter(outcome=Outcome.REFUSED),
    "warned": lambda rows: rows.exclude(outcome=Outcome.REFUSED).exclude(problems=[]),
}


def _all_categories() -> list[tuple[int, str]]:
    """Return every category with its path, as a list to choose from."""
    return sorted(
        ((category.pk, path_of(category).replace("/", " › ")) for category in Categories()),
        key=lambda pair: pair[1],
    )
