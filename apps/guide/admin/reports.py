from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from apps.catalogue.admin.scope import ScopedAdmin
from apps.guide.models import Report
from apps.operations.conflicts import VersionedAdmin


@admin.register(Report)
class ReportAdmin(ScopedAdmin, VersionedAdmin):
    """The inbox: what visitors found wrong, and what became of it."""

    list_display = ["landmark", "about", "said", "language", "state", "created_at"]
    list_filter = ["state", "about", "language"]
    list_filter_submit = True
    list_per_page = 50
    list_select_related = ["landmark"]
    show_full_result_count = False
    search_fields = ["message", "landmark__slug", "landmark__names__text"]
    ordering = ["-pk"]
    fields = ["place", "about", "seen_photo", "message", "language", "created_at"]
    fields += ["state", "remark"]
    readonly_fields = ["place", "about", "seen_photo", "message", "language", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only visitors report."""
        return False

    @admin.display(description=_("message"))
    def said(self, report: Report) -> str:
        return Truncator(report.message).chars(80)

    @admin.display(description=_("landmark"))
    def place(self, report: Report) -> str:
        return format_html(
            '<a class="admin-link" href="{}">{}</a>',
            report.landmark.get_absolute_url(),
            report.landmark,
        )

    @admin.display(description=_("photo"))
    def seen_photo(self, report: Report) -> str:
        if report.photo is None:
            return "–"
        return format_html('<a class="admin-link" href="{}">{}</a>', report.photo.url, _("photo"))
