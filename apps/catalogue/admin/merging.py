"""Duplicates: find them, look at what merging moves, merge."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.catalogue.duplicates import find_duplicates
from apps.catalogue.merging import NotMergeable, merge_landmarks, preview_merge
from apps.catalogue.models import Landmark, LandmarkRedirect
from apps.catalogue.scope import require_edit
from apps.catalogue.unmerging import undo_merge

# Of each of two entries that are to become one.
PICTURES = 4


class Merging:
    """A mixin for the admin of landmarks."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("duplicates/", view(self.duplicates_view), name="catalogue_landmark_duplicates"),
            path("merge/<int:gone>/<int:kept>/", view(self.merge_view), name="catalogue_merge"),
            path("unmerge/<int:merge>/", view(self.unmerge_view), name="catalogue_unmerge"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method == "GET":
            self._tell_of_merge(request, object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def _tell_of_merge(self, request: HttpRequest, key: str) -> None:
        """Say above the form of a merged entry where it went, and how it comes back."""
        slug = Landmark.objects.filter(pk=key).values("slug") if key.isdecimal() else []
        merge = LandmarkRedirect.objects.filter(old_slug__in=slug).first()
        if merge:
            self._offer_undo(request, merge, messages.WARNING)

    def _offer_undo(self, request: HttpRequest, merge: LandmarkRedirect, level: int) -> None:
        text = format_html(
            '{} <a class="admin-link" href="{}">{}</a>',
            _("/landmarks/%(old)s/ leads to %(kept)s.")
            % {"old": merge.old_slug, "kept": merge.landmark},
            reverse("admin:catalogue_unmerge", args=[merge.pk]),
            _("Undo the merge"),
        )
        self.message_user(request, text, level)

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
                merge = LandmarkRedirect.objects.get(old_slug=landmark.slug)
                self._offer_undo(request, merge, messages.INFO)
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
            "pictures": [each.photos.order_by("pk")[:PICTURES] for each in (landmark, into)],
            "other_way": reverse("admin:catalogue_merge", args=[into.pk, landmark.pk]),
        }
        return render(request, "admin/catalogue/merge.html", context)

    def unmerge_view(self, request: HttpRequest, merge: int) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        merges = LandmarkRedirect.objects.select_related("landmark")
        held = get_object_or_404(merges, pk=merge)
        if request.method == "POST":
            try:
                done = undo_merge(held, by=request.user, at=timezone.now())
            except NotMergeable as reason:
                self.message_user(request, str(reason), messages.ERROR)
                return redirect("admin:catalogue_landmark_change", held.landmark_id)
            text = _("%(name)s is an entry of its own again.") % {"name": done.landmark}
            self.message_user(request, text, messages.SUCCESS)
            if done.left:
                text = ngettext(
                    "%(count)d row was changed or removed since and stays where it is.",
                    "%(count)d rows were changed or removed since and stay where they are.",
                    done.left,
                )
                self.message_user(request, text % {"count": done.left}, messages.WARNING)
            return redirect("admin:catalogue_landmark_change", done.landmark.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Undo a merge"),
            "opts": self.opts,
            "merge": held,
            "rows": sum(len(keys) for keys in held.moved.get("rows", {}).values()),
        }
        return render(request, "admin/catalogue/unmerge.html", context)
