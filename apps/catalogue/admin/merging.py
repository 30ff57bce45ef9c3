"""Duplicates: find them, look at what merging moves, merge."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.catalogue.duplicates import find_duplicates
from apps.catalogue.merging import NotMergeable, merge_landmarks, preview_merge
from apps.catalogue.models import Landmark
from apps.catalogue.scope import require_edit


class Merging:
    """A mixin for the admin of landmarks."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("duplicates/", view(self.duplicates_view), name="catalogue_landmark_duplicates"),
            path("merge/<int:gone>/<int:kept>/", view(self.merge_view), name="catalogue_merge"),
            *super().get_urls(),
        ]

    @admin.action(description=_("Merge the two selected landmarks…"), permissions=["change"])
    def merge_selected(self, request: HttpRequest, rows: QuerySet) -> HttpResponse | None:
        keys = sorted(rows.values_list("pk", flat=True)[:3])
        if len(keys) != 2:
            self.message_user(request, _("Please select two landmarks."), messages.ERROR)
            return None
        return redirect("admin:catalogue_merge", gone=keys[1], kept=keys[0])

    def duplicates_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Possible duplicates"),
            "opts": self.opts,
            "pairs": find_duplicates(),
        }
        return render(request, "admin/catalogue/duplicates.html", context)

    def merge_view(self, request: HttpRequest, gone: int, kept: int) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        both = Landmark.objects.select_related("region__parent", "category", "parent")
        both = both.with_names()
        landmark, into = get_object_or_404(both, pk=gone), get_object_or_404(both, pk=kept)
        require_edit(request.user, landmark, into)
        try:
            if request.method == "POST":
                merge_landmarks(landmark, into=into, by=request.user, at=timezone.now())
                text = _("%(gone)s is now part of the entry of %(kept)s.")
                names = {"gone": landmark, "kept": into}
                self.message_user(request, text % names, messages.SUCCESS)
                return redirect("admin:catalogue_landmark_change", into.pk)
            planned = preview_merge(landmark, into=into)
        except NotMergeable as reason:
            self.message_user(request, str(reason), messages.ERROR)
            return redirect("admin:catalogue_landmark_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Merge two landmarks"),
            "opts": self.opts,
            "gone": landmark,
            "kept": into,
            "planned": planned,
            "other_way": reverse("admin:catalogue_merge", args=[into.pk, landmark.pk]),
        }
        return render(request, "admin/catalogue/merge.html", context)
