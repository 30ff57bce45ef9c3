"""Pages of the admin: what was done to a row, what was deleted, and how to take it back."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.operations.comparing import compare_values
from apps.operations.models import AuditEntry
from apps.operations.reverting import (
    NotRestorable,
    restorable_fields,
    restore_deleted,
    revert_row,
)

CHANGES_PER_PAGE = 20


class HistoryPages:
    """A mixin for the admin of a model whose changes are written down."""

    # Reverse relations edited in the same form; they are logged, and put back, with the row.
    audited_relations: Sequence[str] = ()
    # What a step of its own sets, such as a state: no earlier value comes back beside it.
    not_reverted: Sequence[str] = ()
    # Secrets are not in the log: a model that has some is never put back.
    keeps_no_way_back = False

    def get_urls(self):
        view = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        if self.keeps_no_way_back:
            return super().get_urls()
        return [
            path("deleted/", view(self.deleted_view), name=f"{name}_deleted"),
            path("deleted/<int:entry>/restore/", view(self.restore_view), name=f"{name}_restore"),
            path("<path:key>/revert/<int:entry>/", view(self.revert_view), name=f"{name}_revert"),
            *super().get_urls(),
        ]

    def reverted_fields(self) -> Sequence[str]:
        return restorable_fields(self.model, but=self.not_reverted)

    def check_reverted(self, request: HttpRequest, row: models.Model) -> None:
        """Raise PermissionDenied where somebody may not have a row as it would be."""
        if not self.has_change_permission(request, row):
            raise PermissionDenied

    def revert(self, request: HttpRequest, row: models.Model, entry: AuditEntry) -> None:
        revert_row(
            row,
            entry,
            fields=self.reverted_fields(),
            relations=self.audited_relations,
            check=lambda held: self.check_reverted(request, held),
            by=request.user,
            at=timezone.now(),
        )

    def history_view(self, request: HttpRequest, object_id: str, extra_context=None):
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        page = self._page(request, AuditEntry.objects.about(row))
        reverted = {*self.reverted_fields(), *self.audited_relations}
        may_change = not self.keeps_no_way_back and self.has_change_permission(request, row)
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        changes = [
            (
                entry,
                compare_values(self.model, entry.before, entry.after),
                reverse(f"{name}_revert", args=[row.pk, entry.pk])
                if may_change
                and entry.before
                and entry.after
                # Only what the log knows of both sides can go back.
                and reverted & {*entry.changed_fields} & {*entry.before}
                else "",
            )
            for entry in page.object_list
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Changes of %(name)s") % {"name": row},
            "opts": self.opts,
            "back": reverse(f"{name}_change", args=[row.pk]),
            "changes": changes,
            "page": page,
        }
        return render(request, "admin/operations/history.html", context)

    def revert_view(self, request: HttpRequest, key: str, entry: int) -> HttpResponse:
        row = self.get_object(request, key)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, key)
        if not self.has_change_permission(request, row) or request.method != "POST":
            raise PermissionDenied
        change = get_object_or_404(AuditEntry.objects.about(row), pk=entry)
        try:
            self.revert(request, row, change)
        except NotRestorable as reason:
            self.message_user(request, str(reason), messages.ERROR)
        else:
            self.message_user(request, _("The change was taken back."), messages.SUCCESS)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", row.pk)

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        context = dict(extra_context or {})
        if not self.keeps_no_way_back and self.may_restore(request):
            context["deleted_address"] = self._address("deleted")
        return super().changelist_view(request, context)

    def may_restore(self, request: HttpRequest) -> bool:
        """Who may delete may also bring back; some models are not added by a form."""
        return self.has_delete_permission(request)

    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        if not self.may_restore(request):
            raise PermissionDenied
        page = self._page(request, AuditEntry.objects.deleted(self.model))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Deleted: %(kind)s") % {"kind": self.opts.verbose_name_plural},
            "opts": self.opts,
            "page": page,
            "deleted": [
                (
                    entry,
                    compare_values(self.model, entry.before, None),
                    self._address("restore", entry.pk),
                )
                for entry in page.object_list
            ],
        }
        return render(request, "admin/operations/deleted.html", context)

    def restore_view(self, request: HttpRequest, entry: int) -> HttpResponse:
        if not self.may_restore(request) or request.method != "POST":
            raise PermissionDenied
        gone = get_object_or_404(AuditEntry.objects.deleted(self.model), pk=entry)
        try:
            row = restore_deleted(
                gone,
                check=lambda held: self.check_reverted(request, held),
                by=request.user,
                at=timezone.now(),
            )
        except NotRestorable as reason:
            self.message_user(request, str(reason), messages.ERROR)
            return redirect(self._address("deleted"))
        self.message_user(request, _("%(name)s is back.") % {"name": row}, messages.SUCCESS)
        return redirect(self._address("history", row.pk))

    def _address(self, kind: str, *arguments) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{kind}"
        return reverse(name, args=arguments)

    def _page(self, request: HttpRequest, entries: models.QuerySet):
        return Paginator(entries, CHANGES_PER_PAGE).get_page(request.GET.get("p"))
