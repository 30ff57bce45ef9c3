from django.contrib import admin

from apps.catalogue.admin.scope import ScopedAdmin
from apps.catalogue.models import License
from apps.operations.conflicts import VersionedAdmin


@admin.register(License)
class LicenseAdmin(ScopedAdmin, VersionedAdmin):
    list_display = ["code", "name", "may_show", "may_modify", "may_train", "needs_credit"]
    search_fields = ["code", "name"]
    ordering = ["code"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)
