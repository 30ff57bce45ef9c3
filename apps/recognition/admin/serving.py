from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from apps.operations.admin import ReadOnlyAdmin
from apps.recognition.models import Candidate, RecognitionRequest, ReferenceIndex, ServedModel
from apps.recognition.shadow import Comparison, comparison

DISAGREEMENTS = 20


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
    """What answers, and how the canary does beside it; `serve_model` changes it."""

    list_display = [
        *("name", "version", "stage", "embedding_size", "created_at", "chosen_at"),
        *("asked", "agreement", "time", "stable_time"),
    ]
    list_filter = ["stage"]
    fields = [
        *("name", "version", "stage", "replaced", "embedding_size", "created_at", "chosen_at"),
        *("asked", "agreement", "time", "stable_time", "disagreements"),
    ]

    @admin.display(description=_("asked beside the stable one"))
    def asked(self, model: ServedModel) -> str:
        return str(_compared(model).asked or "–")

    @admin.display(description=_("same answer"))
    def agreement(self, model: ServedModel) -> str:
        share = _compared(model).agreement
        return "–" if share is None else f"{share:.1%}"

    @admin.display(description=_("model time, half and 95% below"))
    def time(self, model: ServedModel) -> str:
        compared = _compared(model)
        return _milliseconds(compared.p50, compared.p95)

    @admin.display(description=_("time of the stable one"))
    def stable_time(self, model: ServedModel) -> str:
        compared = _compared(model)
        return _milliseconds(compared.stable_p50, compared.stable_p95)

    @admin.display(description=_("latest other answers"))
    def disagreements(self, model: ServedModel) -> str:
        """List what the model said otherwise; the page of a request shows the stable answer."""
        answers = model.shadow_answers.filter(agrees=False).select_related("landmark", "request")
        rows = answers.prefetch_related("landmark__names").order_by("-pk")[:DISAGREEMENTS]
        return format_html_join(
            "",
            '<div><a class="admin-link" href="{}">{}</a> {} {}</div>',
            (
                (
                    reverse("admin:recognition_recognitionrequest_change", args=[row.request_id]),
                    date_format(localtime(row.asked_at), "SHORT_DATETIME_FORMAT"),
                    row.landmark or "–",
                    f"{row.probability:.0%}",
                )
                for row in rows
            ),
        ) or _("none")


def _compared(model: ServedModel) -> Comparison:
    """Ask once for all the fields of a row."""
    if not hasattr(model, "_compared"):
        model._compared = comparison(model)
    return model._compared


def _milliseconds(half: float | None, most: float | None) -> str:
    return "–" if half is None else f"{half:.0f} / {most:.0f} ms"


@admin.register(ReferenceIndex)
class ReferenceIndexAdmin(ReadOnlyAdmin):
    list_display = ["version", "model", "references", "nonlandmarks", "active", "built_at"]
    exclude = [*ReferenceIndex.LARGE]
