from django.contrib import admin
from unfold.admin import TabularInline

from apps.operations.admin import ReadOnlyAdmin
from apps.recognition.models import Candidate, RecognitionRequest, ReferenceIndex, ServedModel


class Candidates(TabularInline):
    model = Candidate
    extra = 0
    raw_id_fields = ["landmark"]


@admin.register(RecognitionRequest)
class RecognitionRequestAdmin(ReadOnlyAdmin):
    list_display = ["receipt", "state", "certainty", "requester", "submitted_at", "finished_at"]
    list_filter = ["state", "certainty"]
    exclude = ["latitude", "longitude"]
    inlines = [Candidates]


@admin.register(ServedModel)
class ServedModelAdmin(ReadOnlyAdmin):
    list_display = ["name", "version", "embedding_size", "created_at"]


@admin.register(ReferenceIndex)
class ReferenceIndexAdmin(ReadOnlyAdmin):
    list_display = ["version", "model", "references", "nonlandmarks", "active", "built_at"]
    exclude = ["projection", "background"]
