"""What was done to a landmark, change by change, and how to take one back."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.catalogue.history import (
    LANDMARK_RELATIONS,
    RESTORABLE,
    NotRestorable,
    compare_values,
    revert_landmark,
)
from apps.catalogue.models import Landmark
from apps.operations.models import AuditEntry


class History:
    """A mixin for the admin of landmarks."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "<int:key>/revert/<int:entry>/",
                view(self.revert_view),
                name="catalogue_landmark_revert",
            ),
            *super().get_urls(),
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context=None):
        landmark = self.get_object(request, object_id)
        if landmark is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, landmark):
            raise PermissionDenied
        page = Paginator(AuditEntry.objects.about(landmark), 20).get_page(request.GET.get("p"))
        restorable = {*RESTORABLE[Landmark], *LANDMARK_RELATIONS}
        changes = [
            (
                entry,
                compare_values(Landmark, entry.before, entry.after),
                bool(entry.before and entry.after and restorable & {*entry.changed_fields}),
            )
            for entry in page.object_list
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Changes of %(name)s") % {"name": landmark},
            "opts": self.opts,
            "landmark": landmark,
            "changes": changes,
            "page": page,
            "may_change": self.has_change_permission(request, landmark),
        }
        return render(request, "admin/catalogue/history.html", context)

    def revert_view(self, request: HttpRequest, key: int, entry: int) -> HttpResponse:
        landmark = get_object_or_404(Landmark, pk=key)
        if not self.has_change_permission(request, landmark) or request.method != "POST":
            raise PermissionDenied
        change = get_object_or_404(AuditEntry.objects.about(landmark), pk=entry)
        try:
            revert_landmark(landmark, change, by=request.user, at=timezone.now())
        except NotRestorable as reason:
            self.message_user(request, str(reason), messages.ERROR)
        else:
            self.message_user(request, _("The change was taken back."), messages.SUCCESS)
        return redirect("admin:catalogue_landmark_history", key)
