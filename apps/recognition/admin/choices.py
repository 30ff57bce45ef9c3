"""Picking a landmark's references, and what the check says of them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.catalogue.models import Landmark
from apps.catalogue.scope import may_edit, require_edit
from apps.operations.admin import ReadOnlyAdmin
from apps.recognition import choosing
from apps.recognition.models import ReferenceChoice

REASONS = {
    choosing.FEW: _("Fewer than five good photos: recognition would seldom find the place."),
    choosing.CONFLICT: _("A photo shows the same as a photo of another landmark."),
    choosing.COST: _("Photos of other landmarks would be taken for this one."),
    choosing.SCATTERED: _("The photos hardly resemble each other: most are not found by the rest."),
}


@admin.register(ReferenceChoice)
class ReferenceChoiceAdmin(ReadOnlyAdmin):
    list_display = ["landmark", "state", "chosen_by", "chosen_at", "live_at"]
    list_filter = ["state"]
    list_select_related = ["landmark", "chosen_by"]
    search_fields = ["landmark__slug"]
    ordering = ["-pk"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("landmark__names")

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "landmark/<int:landmark>/",
                view(self.pick_view),
                name="recognition_referencechoice_pick",
            ),
            path(
                "<int:choice>/decide/",
                view(self.decide_view),
                name="recognition_referencechoice_decide",
            ),
            *super().get_urls(),
        ]

    def pick_view(self, request: HttpRequest, landmark: int) -> HttpResponse:
        held = get_object_or_404(Landmark, pk=landmark)
        if not request.user.has_perm("catalogue.change_photo"):
            raise PermissionDenied
        error = ""
        if request.method == "POST":
            require_edit(request.user, held)
            try:
                choice = choosing.choose_references(
                    held, _keys(request), by=request.user, at=timezone.now()
                )
            except choosing.NothingChosen:
                error = _("Please choose some photos.")
            else:
                return redirect("admin:recognition_referencechoice_change", choice.pk)
        photos = choosing.photos_to_choose(held).order_by("-created_at", "pk")[:100]
        context = {
            **self.admin_site.each_context(request),
            "title": _("References of %(name)s") % {"name": held},
            "opts": self.opts,
            "landmark": held,
            "photos": photos,
            "references": held.photos.filter(reference=True).order_by("-created_at", "pk")[:100],
            "may_edit": may_edit(request.user, held),
            "most": choosing.MOST,
            "error": error,
        }
        return render(request, "admin/recognition/references_pick.html", context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        choice = self.get_object(request, object_id)
        if choice is None or not self.has_view_permission(request, choice):
            return super().change_view(request, object_id, form_url, extra_context)
        photos = choice.photos.select_related("photo", "nearest").order_by("pk")
        context = {
            **self.admin_site.each_context(request),
            "title": _("References of %(name)s") % {"name": choice.landmark},
            "opts": self.opts,
            "choice": choice,
            "photos": photos.prefetch_related("nearest__landmark__names"),
            "reasons": [REASONS[reason] for reason in choice.reasons],
            "may_decide": choice.state == ReferenceChoice.State.HELD
            and request.user.has_perm("catalogue.change_photo")
            and may_edit(request.user, choice.landmark),
        }
        return render(request, "admin/recognition/references_choice.html", context)

    def decide_view(self, request: HttpRequest, choice: int) -> HttpResponse:
        held = get_object_or_404(ReferenceChoice.objects.select_related("landmark"), pk=choice)
        if request.method != "POST" or not request.user.has_perm("catalogue.change_photo"):
            raise PermissionDenied
        require_edit(request.user, held.landmark)
        try:
            if request.POST.get("decision") == "take":
                choosing.take_all_the_same(held, by=request.user, at=timezone.now())
            else:
                choosing.drop(held, at=timezone.now())
        except choosing.AlreadyDecided:
            self.message_user(request, _("Somebody else has decided already."), messages.WARNING)
        return redirect(reverse("admin:recognition_referencechoice_change", args=[held.pk]))


def _keys(request: HttpRequest) -> list[UUID]:
    keys = []
    for text in request.POST.getlist("photo"):
        try:
            keys.append(UUID(text))
        except ValueError:
            continue
    return keys
