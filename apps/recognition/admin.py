from django.contrib import admin

from apps.recognition.models import Candidate, RecognitionRequest, ReferenceIndex, ServedModel


class ReadOnly(admin.ModelAdmin):
    """Rows that only the programs write."""

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class Candidates(admin.TabularInline):
    model = Candidate
    extra = 0
    raw_id_fields = ["landmark"]


@admin.register(RecognitionRequest)
class RecognitionRequestAdmin(ReadOnly):
    list_display = ["receipt", "state", "certainty", "requester", "submitted_at", "finished_at"]
    list_filter = ["state", "certainty"]
    exclude = ["latitude", "longitude"]
    inlines = [Candidates]


@admin.register(ServedModel)
class ServedModelAdmin(ReadOnly):
    list_display = ["name", "version", "embedding_size", "created_at"]


@admin.register(ReferenceIndex)
class ReferenceIndexAdmin(ReadOnly):
    list_display = ["version", "model", "references", "nonlandmarks", "active", "built_at"]
    exclude = ["projection", "background"]
