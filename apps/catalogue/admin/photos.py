from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RadioFilter

from apps.catalogue.admin.bulk import BulkChanges
from apps.catalogue.admin.scope import ScopedAdmin
from apps.catalogue.models import Photo
from apps.operations.conflicts import VersionedAdmin
from apps.operations.listing import ChosenFilter


class WithoutCredit(RadioFilter):
    title = _("credit")
    parameter_name = "credit"

    def lookups(self, request, model_admin):
        return [("missing", _("required and missing"))]

    def queryset(self, request, photos):
        if self.value() == "missing":
            return photos.filter(license__needs_credit=True, credit="")
        return photos


class PhotoForm(forms.ModelForm):
    """An empty focal point stays where it was."""

    focal_x = forms.FloatField(min_value=0, max_value=1, required=False)
    focal_y = forms.FloatField(min_value=0, max_value=1, required=False)

    def clean_focal_x(self) -> float:
        value = self.cleaned_data["focal_x"]
        return self.instance.focal_x if value is None else value

    def clean_focal_y(self) -> float:
        value = self.cleaned_data["focal_y"]
        return self.instance.focal_y if value is None else value

    def clean(self) -> dict:
        values = super().clean()
        license = values.get("license")
        if license and license.needs_credit and not values.get("credit"):
            values["credit"] = values.get("author", "")
        return values


@admin.register(Photo)
class PhotoAdmin(BulkChanges, ScopedAdmin, VersionedAdmin):
    form = PhotoForm
    list_display = ["picture", "landmark", "license", "credit", "reference", "source", "created_at"]
    list_display_links = ["picture", "landmark"]
    list_filter = [
        WithoutCredit,
        ("landmark", ChosenFilter),
        ("license", ChosenFilter),
        "reference",
        "shows_no_landmark",
    ]
    list_filter_submit = True
    list_select_related = ["license", "landmark"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["landmark__slug", "credit", "=sha256"]
    ordering = ["-created_at", "-pk"]
    actions = ["change_selected"]
    not_reverted = ["sha256", "bytes", "width", "height", "created_at"]
    autocomplete_fields = ["landmark", "license"]
    readonly_fields = ["large_picture", "file", "sha256", "bytes", "width", "height", "created_at"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("landmark__names")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "source_url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request) -> bool:
        # Pictures enter where they are checked and re-encoded.
        return False

    def get_urls(self):
        view = self.admin_site.admin_view(self.picture_file)
        name = "catalogue_photo_picture"
        return [path("<uuid:photo>/picture.jpg", view, name=name), *super().get_urls()]

    def picture_file(self, request, photo: UUID) -> HttpResponse:
        """Show staff also the pictures that the public may not see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return FileResponse(
            get_object_or_404(Photo, pk=photo).file.open(), content_type="image/jpeg"
        )

    @admin.display(description=_("picture"))
    def picture(self, photo: Photo) -> str:
        return _image(photo, "admin-photo")

    @admin.display(description=_("picture"))
    def large_picture(self, photo: Photo) -> str:
        return _image(photo, "admin-photo admin-photo-large")


def _image(photo: Photo, classes: str) -> str:
    return format_html(
        '<img src="{}" alt="" loading="lazy" class="{}">',
        reverse("admin:catalogue_photo_picture", args=[photo.pk]),
        classes,
    )
