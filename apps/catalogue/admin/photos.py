"""Photos: rights, focal point, what looks alike, and how far their renditions are."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.forms.widgets import Script
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.catalogue.admin.bulk import BulkChanges
from apps.catalogue.admin.photo_texts import FIELDS as TEXT_FIELDS
from apps.catalogue.admin.photo_texts import alt_field, caption_field, require_texts
from apps.catalogue.admin.scope import ScopedAdmin
from apps.catalogue.models import Landmark, Photo
from apps.catalogue.photos import alike_pairs, alike_photos
from apps.operations.conflicts import VersionedAdmin
from apps.operations.listing import ChosenFilter

SMALL = 320


class WithoutCredit(RadioFilter):
    title = _("credit")
    parameter_name = "credit"

    def lookups(self, request, model_admin):
        return [("missing", _("required and missing"))]

    def queryset(self, request, photos):
        if self.value() == "missing":
            return photos.filter(license__needs_credit=True, credit="")
        return photos


class WithoutTexts(RadioFilter):
    title = _("alternative text and caption")
    parameter_name = "texts"

    def lookups(self, request, model_admin):
        return [("missing", _("missing in a language"))]

    def queryset(self, request, photos):
        return photos.without_texts() if self.value() == "missing" else photos


class Renditions(RadioFilter):
    title = _("renditions")
    parameter_name = "renditions"

    def lookups(self, request, model_admin):
        return [("waiting", _("waiting")), ("failed", _("failed"))]

    def queryset(self, request, photos):
        match self.value():
            case "waiting":
                return photos.filter(renditions_due=True)
            case "failed":
                return photos.exclude(renditions_error="")
        return photos


class FocalPoint(UnfoldAdminTextInputWidget):
    input_type = "number"

    def __init__(self):
        super().__init__(attrs={"min": 0, "max": 1, "step": "any"})


class PhotoForm(forms.ModelForm):
    """An empty focal point stays where it was, and so do texts that were not sent."""

    focal_x = forms.FloatField(
        label=capfirst(_("focal point, from the left")),
        min_value=0,
        max_value=1,
        required=False,
        widget=FocalPoint,
        help_text=_("0 to 1; crops keep it in view"),
    )
    focal_y = forms.FloatField(
        label=capfirst(_("focal point, from above")),
        min_value=0,
        max_value=1,
        required=False,
        widget=FocalPoint,
    )

    alt_texts = alt_field()
    captions = caption_field()

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
        for name in TEXT_FIELDS:
            widget = self.fields[name].widget
            if widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name)):
                values[name] = getattr(self.instance, name)
        landmark = values.get("landmark")
        public = landmark and landmark.state == Landmark.State.PUBLISHED
        if public and license and license.may_show:
            require_texts(self, values)
        return values


@admin.register(Photo)
class PhotoAdmin(BulkChanges, ScopedAdmin, VersionedAdmin):
    form = PhotoForm
    list_display = ["picture", "landmark", "license", "credit", "reference", "source", "created_at"]
    list_display_links = ["picture", "landmark"]
    list_filter = [
        WithoutCredit,
        WithoutTexts,
        Renditions,
        ("landmark", ChosenFilter),
        ("license", ChosenFilter),
        "reference",
        "shows_no_landmark",
    ]
    list_filter_submit = True
    list_select_related = ["license", "landmark"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["landmark__slug", "credit", "author", "=sha256"]
    ordering = ["-created_at", "-pk"]
    actions = ["change_selected", "make_renditions_again"]
    actions_list = ["alike"]
    not_reverted = ["sha256", "bytes", "width", "height", "created_at"]
    autocomplete_fields = ["landmark", "license"]
    fields = [
        *("large_picture", "focal_x", "focal_y", "landmark", "license", "author", "credit"),
        *("alt_texts", "captions"),
        *("source", "source_url", "reference", "shows_no_landmark", "looks_alike"),
        *("shown_renditions", "file", "sha256", "bytes", "width", "height", "created_at"),
    ]
    readonly_fields = [
        *("large_picture", "looks_alike", "shown_renditions"),
        *("file", "sha256", "bytes", "width", "height", "created_at"),
    ]

    class Media:
        js = [Script("js/catalogue/focal-point.js", type="module")]

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
        view = self.admin_site.admin_view
        return [
            path(
                "<uuid:photo>/picture.jpg",
                view(self.picture_file),
                name="catalogue_photo_picture",
            ),
            *super().get_urls(),
        ]

    def picture_file(self, request: HttpRequest, photo: UUID) -> HttpResponse:
        """Show staff also the pictures that the public may not see; in lists a small version."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        held = get_object_or_404(Photo.objects.select_related("license"), pk=photo)
        name = held.file.name
        if "small" in request.GET and SMALL in (width for width, _ in held.sizes_of("whole")):
            name = held.rendition_name("whole", SMALL, "jpg")
        try:
            return FileResponse(default_storage.open(name), content_type="image/jpeg")
        except FileNotFoundError:
            raise Http404 from None

    @action(description=_("Photos that look alike"), url_path="alike")
    def alike(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = request.GET.get("page", "1")
        page = min(int(number), 10_000) if number.isdecimal() and number.isascii() else 1
        pairs, more = alike_pairs(page=max(1, page))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Photos that look alike"),
            "opts": self.opts,
            "pairs": pairs,
            "page": max(1, page),
            "next_page": max(1, page) + 1 if more else None,
        }
        return render(request, "admin/catalogue/photos_alike.html", context)

    @admin.action(description=_("Make the renditions again"), permissions=["change"])
    def make_renditions_again(self, request: HttpRequest, photos: QuerySet) -> None:
        keys = list(photos.editable_by(request.user).values_list("pk", flat=True))
        count = Photo.objects.filter(pk__in=keys).update(renditions_due=True, renditions_error="")
        text = ngettext(
            "The renditions of %(count)d photo will be made in the background.",
            "The renditions of %(count)d photos will be made in the background.",
            count,
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.display(description=_("picture"))
    def picture(self, photo: Photo) -> str:
        return _image(photo, "admin-photo", small=True)

    @admin.display(description=_("picture"))
    def large_picture(self, photo: Photo) -> str:
        return format_html(
            '<focal-point>{}<span></span></focal-point><p class="admin-hint">{}</p>',
            _image(photo, "admin-photo admin-photo-large"),
            _("Click on what crops must keep in view."),
        )

    @admin.display(description=_("looks like"))
    def looks_alike(self, photo: Photo) -> str:
        return format_html_join(
            " ",
            '<a class="admin-link" href="{}">{} {}</a>',
            (
                (
                    reverse("admin:catalogue_photo_change", args=[other.pk]),
                    _image(other, "admin-photo", small=True),
                    other.landmark or other.source,
                )
                for other in alike_photos(photo)
            ),
        ) or _("no other photo")

    @admin.display(description=_("renditions"))
    def shown_renditions(self, photo: Photo) -> str:
        if photo.renditions_due:
            return _("They are made in the background.")
        if photo.renditions_error:
            return photo.renditions_error
        if photo.whole_only:
            return _("None: the license forbids changes.")
        widths = [f"{width} × {height}" for width, height in photo.sizes_of("whole")]
        return ", ".join(widths) or _("None: the photo is not shown to anybody.")


def _image(photo: Photo, classes: str, *, small: bool = False) -> str:
    return format_html(
        '<img src="{}{}" alt="" loading="lazy" class="{}">',
        reverse("admin:catalogue_photo_picture", args=[photo.pk]),
        "?small" if small else "",
        classes,
    )
