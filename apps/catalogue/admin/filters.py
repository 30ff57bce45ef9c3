"""What a content manager looks for in the list of landmarks."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import CheckboxFilter

from apps.catalogue.models import Landmark, LandmarkName, Photo


class NeedsWork(CheckboxFilter):
    """Several may be ticked: a landmark is shown when all of them are true of it."""

    title = _("what to work on")
    parameter_name = "needs"

    def lookups(self, request, model_admin):
        return [
            ("photo", _("No photo to show")),
            ("license", _("Photo without a license to show it")),
            ("credit", _("Photo without its credit")),
            ("coordinates", _("No coordinates")),
            ("english_name", _("No English name")),
            ("english_text", _("No English text")),
            ("review", _("A text is to be reviewed")),
            ("week", _("Changed this week")),
        ]

    def queryset(self, request, landmarks: QuerySet[Landmark]) -> QuerySet[Landmark]:
        for name in self.value() or []:
            if condition := CONDITIONS.get(name):
                landmarks = landmarks.filter(condition())
        return landmarks


def _photos(**wanted) -> Exists:
    return Exists(Photo.objects.filter(landmark=OuterRef("pk"), **wanted))


def _texts(**wanted) -> Exists:
    texts = Landmark._meta.get_field("articles").related_model
    return Exists(texts._base_manager.filter(landmark=OuterRef("pk"), **wanted))


def _english_name() -> Exists:
    return Exists(
        LandmarkName.objects.filter(landmark=OuterRef("pk"), language="en", kind="official")
    )


CONDITIONS = {
    "photo": lambda: ~_photos(license__may_show=True),
    "license": lambda: _photos(license__may_show=False),
    "credit": lambda: _photos(license__needs_credit=True, credit=""),
    "coordinates": lambda: Q(latitude=None),
    "english_name": lambda: ~_english_name(),
    "english_text": lambda: ~_texts(language="en", state="published"),
    "review": lambda: _texts(state="in_review"),
    "week": lambda: Q(updated_at__gte=timezone.now() - timedelta(days=7)),
}
