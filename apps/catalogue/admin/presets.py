from django.contrib import admin

from apps.catalogue.admin.scope import ScopedAdmin
from apps.catalogue.models import PhotoPreset
from apps.operations.editing import AuditedAdmin


@admin.register(PhotoPreset)
class PhotoPresetAdmin(ScopedAdmin, AuditedAdmin):
    list_display = ["name", "license", "author", "credit", "source"]
    list_select_related = ["license"]
    search_fields = ["name", "author", "credit"]
    ordering = ["name"]
    autocomplete_fields = ["license"]
