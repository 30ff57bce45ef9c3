from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.catalogue.admin.bulk import BulkChanges
from apps.catalogue.admin.exports import Exports
from apps.catalogue.admin.filters import NeedsWork, Responsible, WithinFilter
from apps.catalogue.admin.landmark_form import LandmarkForm, LandmarkNames, LandmarkNotes, Sections
from apps.catalogue.admin.merging import Merging
from apps.catalogue.admin.open_photos import OpenPhotos
from apps.catalogue.admin.scope import ScopedAdmin
from apps.catalogue.admin.uploads import PhotoUploads
from apps.catalogue.completeness import completeness, missing
from apps.catalogue.history import (
    LANDMARK_RELATIONS,
    RESTORABLE,
    revert_landmark,
)
from apps.catalogue.models import Landmark, Photo
from apps.operations.conflicts import VersionedAdmin
from apps.operations.conversations import Conversations

STATE_COLOURS = {"draft": "warning", "published": "success", "withdrawn": "danger"}


LEAFLET = "vendor/leaflet-1.9.4"


@admin.register(Landmark)
class LandmarkAdmin(
    BulkChanges,
    Exports,
    Merging,
    OpenPhotos,
    Sections,
    PhotoUploads,
    Conversations,
    ScopedAdmin,
    VersionedAdmin,
):
    form = LandmarkForm
    list_display = ["name", "category_name", "region_name", "shown_state", "complete", "updated_at"]
    list_filter = [
        NeedsWork,
        "state",
        ("category", WithinFilter),
        ("region", WithinFilter),
        Responsible,
    ]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    # The site's own search; the field only tells the admin to offer a box.
    search_fields = ["slug"]
    search_help_text = _(
        "Any part of a name or address, also with typos or initial consonants (ㅊㅅㄷ)"
    )
    ordering = ["-updated_at", "-pk"]
    autocomplete_fields = ["parent", "category", "region"]
    readonly_fields = ["place", "pictures", "texts", "created_at", "updated_at"]
    inlines = [LandmarkNames, LandmarkNotes]
    audited_relations = LANDMARK_RELATIONS
    actions = ["change_selected", "change_photos", "export_selected", "merge_selected"]
    actions_list = ["duplicates"]

    class Media:
        css = {"all": [f"{LEAFLET}/leaflet.css"]}
        js = [f"{LEAFLET}/leaflet.js", Script("js/catalogue/place-picker.js", type="module")]

    def rows_of_page(self, request, keys):
        rows = super().rows_of_page(request, keys)
        return rows.with_shown_names(get_language()).with_facts()

    def get_search_results(self, request, queryset, search_term):
        term = search_term.replace("\x00", "").strip()[:100]
        found = queryset.search(term) if term else queryset
        # A column that was clicked on counts more than how well a name fits.
        return (
            found.order_by(*queryset.query.order_by) if ORDER_VAR in request.GET else found
        ), False

    def get_ordering(self, request):
        # What was searched for comes best first.
        return [] if request.GET.get("q") else super().get_ordering(request)

    def get_readonly_fields(self, request, obj=None):
        # The address of a landmark is known to other software: it never changes.
        return [*self.readonly_fields, "slug"] if obj else self.readonly_fields

    def get_changeform_initial_data(self, request):
        return {"source": "staff", **super().get_changeform_initial_data(request)}

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        return fields if obj else [name for name in fields if name != "texts"]

    @admin.display(description=_("texts"))
    def texts(self, landmark: Landmark) -> str:
        """The texts of the guide in all languages, by names only: the guide knows us, not we it."""
        written = [
            (each.language, each.title, each.get_state_display())
            for each in landmark.articles.order_by("language")
        ]
        return format_html(
            '{}<a class="admin-link" href="{}">{}</a>',
            format_html_join("", '<p lang="{}">{} · {}</p>', written),
            reverse("admin:guide_article_texts", args=[landmark.pk]),
            _("Write side by side in all languages"),
        )

    @admin.display(description=_("map"))
    def place(self, landmark: Landmark) -> str:
        """The map that fills the two fields above; they work without it too."""
        return format_html(
            '<place-picker data-districts="{}" data-pin="{}" data-shadow="{}" data-hint="{}"'
            ' data-nowhere="{}" data-mismatch="{}" data-source="{}">'
            '<div></div><p role="status"></p></place-picker>',
            static("map/korean-districts.json"),
            static(f"{LEAFLET}/images/marker-icon.png"),
            static(f"{LEAFLET}/images/marker-shadow.png"),
            _("Click on the map, or paste “37.5759, 126.9768” into one of the two fields."),
            _("This point lies in no district of Korea."),
            _("The region chosen above is another one; borders are rough here."),
            _("Districts: National Geographic Information Institute, 2023"),
        )

    def reverted_fields(self):
        return RESTORABLE[Landmark]

    def revert(self, request, landmark, entry) -> None:
        revert_landmark(landmark, entry, by=request.user, at=timezone.now())

    def save_model(self, request, landmark, form, change) -> None:
        landmark.updated_at = timezone.now()
        if not change:
            landmark.created_at = landmark.updated_at
        super().save_model(request, landmark, form, change)

    @admin.action(description=_("Change the photos of the selected entries…"))
    def change_photos(self, request, landmarks):
        """Set license, credit and so on of all photos of landmarks, however many they are."""
        photos = self.admin_site._registry[Photo]
        if not photos.has_change_permission(request):
            raise PermissionDenied
        keys = landmarks.order_by().values("pk")
        return photos.bulk_page_of(request, Photo.objects.filter(landmark__in=keys).order_by("pk"))

    @action(description=_("Possible duplicates"), url_path="find-duplicates", permissions=["view"])
    def duplicates(self, request):
        return redirect("admin:catalogue_landmark_duplicates")

    @admin.display(description=_("name"))
    def name(self, landmark: Landmark) -> str:
        return landmark.shown_name or landmark.slug

    @admin.display(description=_("category"), ordering="category")
    def category_name(self, landmark: Landmark) -> str:
        return landmark.shown_category

    @admin.display(description=_("region"), ordering="region")
    def region_name(self, landmark: Landmark) -> str:
        return " ".join(filter(None, [landmark.shown_province, landmark.shown_region]))

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, landmark: Landmark) -> tuple[str, str]:
        return landmark.state, landmark.get_state_display()

    @admin.display(description=_("complete"))
    def complete(self, landmark: Landmark) -> str:
        percent = completeness(landmark.facts)
        return format_html(
            '<span class="admin-complete" title="{}">'
            '<meter value="{}" max="100"></meter>{} %</span>',
            ", ".join(missing(landmark.facts)),
            percent,
            percent,
        )
