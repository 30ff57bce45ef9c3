"""Pictures that staff add to a landmark: checked, made anew, stored with license and credit."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.catalogue.admin.photo_texts import alt_field, caption_field
from apps.catalogue.models import Landmark, License, PhotoPreset
from apps.catalogue.photos import alike_photos, attach_photo, photo_bounds
from apps.catalogue.pictures import PictureRefused, prepare
from apps.catalogue.scope import require_edit
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry

# In the form of a landmark; all of them are on the page to upload.
SHOWN = 6


class UploadForm(forms.Form):
    """What is said of all pictures of one upload; a preset fills in what is left empty."""

    preset = forms.ModelChoiceField(
        PhotoPreset.objects.order_by("name"),
        label=_("photo preset"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Fills in what is left empty below."),
    )
    license = forms.ModelChoiceField(
        License.objects.order_by("code"),
        label=_("license"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    author = forms.CharField(
        label=_("author"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )
    credit = forms.CharField(
        label=_("credit"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )
    alt_texts = alt_field()
    captions = caption_field()
    reference = forms.BooleanField(
        label=_("Recognition may know the landmark by it."),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def clean(self) -> dict:
        given = super().clean()
        preset = given.pop("preset", None)
        held = preset.values() if preset else {}
        values = {"source": "staff", **held, **{name: each for name, each in given.items() if each}}
        values.setdefault("reference", False)
        license = values.get("license")
        if license is None and "license" not in self.errors:
            self.add_error("license", _("Please choose a license, or a preset that has one."))
        if license and license.needs_credit and not values.get("credit"):
            values["credit"] = values.get("author", "")
        if license and license.needs_credit and not values["credit"]:
            self.add_error("credit", _("This license asks for a credit."))
        if license and values["reference"] and not license.may_train:
            self.add_error("reference", _("This license does not allow training."))
        return values


class PhotoUploads(ModelAdmin):
    """Adds a page to upload pictures to the admin of landmarks."""

    def get_fields(self, request: HttpRequest, obj: Landmark | None = None):
        fields = [name for name in super().get_fields(request, obj) if name != "pictures"]
        return [*fields, "pictures"] if obj else fields

    @admin.display(description=_("photos"))
    def pictures(self, landmark: Landmark) -> str:
        address = reverse("admin:catalogue_landmark_photos", args=[landmark.pk])
        count = landmark.photos.count()
        text = ngettext("%(count)d photo, upload more", "%(count)d photos, upload more", count)
        shown = [
            (
                reverse("admin:catalogue_photo_change", args=[photo.pk]),
                photo.credit or photo.source,
                reverse("admin:catalogue_photo_picture", args=[photo.pk]),
            )
            for photo in landmark.photos.order_by("created_at", "pk")[:SHOWN]
        ]
        picture = '<a href="{}"><img class="admin-photo" loading="lazy" alt="{}" src="{}"></a>'
        return format_html(
            '<div class="admin-row">{}</div><a class="admin-link" href="{}">{}</a> · {} · '
            '<a class="admin-link" href="{}">{}</a>',
            format_html_join("", picture, shown),
            address,
            text % {"count": count},
            self.open_photos_link(landmark),
            # By name only: recognition knows us, not we it.
            reverse("admin:recognition_referencechoice_pick", args=[landmark.pk]),
            _("Choose references…"),
        )

    def get_urls(self):
        view = self.admin_site.admin_view(self.upload_view)
        return [
            path("<int:key>/photos/", view, name="catalogue_landmark_photos"),
            *super().get_urls(),
        ]

    def upload_view(self, request: HttpRequest, key: int) -> HttpResponse:
        landmark = get_object_or_404(Landmark, pk=key)
        if not request.user.has_perm("catalogue.add_photo"):
            raise PermissionDenied
        if request.method == "POST":
            require_edit(request.user, landmark)
        form = UploadForm(request.POST or None)
        results = []
        if request.method == "POST" and form.is_valid():
            files = request.FILES.getlist("photo")
            results = [self._take(request, landmark, file, form.cleaned_data) for file in files]
        if request.method == "POST" and "application/json" in request.headers.get("Accept", ""):
            errors = [text for texts in form.errors.values() for text in texts]
            return JsonResponse(
                {"results": results, "errors": errors}, status=422 if errors else 200
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Photos of %(name)s") % {"name": landmark},
            "opts": self.opts,
            "landmark": landmark,
            "photos": landmark.photos.order_by("-created_at", "pk")[:60],
            "form": form,
            "results": results,
        }
        return render(request, "admin/catalogue/photo_upload.html", context)

    def _take(self, request: HttpRequest, landmark: Landmark, file, values: dict) -> dict:
        """Store one picture; return what became of it."""
        try:
            prepared = prepare(file, name=file.name, bounds=photo_bounds(values["license"]))
        except PictureRefused as reason:
            return {"name": file.name, "stored": False, "message": str(reason.message)}
        photo, new = attach_photo(
            landmark=landmark,
            content=prepared.content,
            sha256=prepared.sha256,
            at=timezone.now(),
            **values,
        )
        if not new:
            return {"name": file.name, "stored": False, "message": str(_("It is there already."))}
        change = Change(photo, None, snapshot(photo))
        record([change], by=request.user, at=photo.created_at, action=AuditEntry.Action.CREATED)
        alike = next(iter(alike_photos(photo, most=1)), None)
        if alike is None:
            return {"name": file.name, "stored": True, "message": str(_("Stored."))}
        return {
            "name": file.name,
            "stored": True,
            "message": str(_("Stored. It looks like this photo:")),
            "link": {
                "text": str(alike.landmark or alike.source),
                "address": reverse("admin:catalogue_photo_change", args=[alike.pk]),
            },
        }
