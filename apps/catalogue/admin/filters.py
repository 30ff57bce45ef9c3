"""What a content manager looks for in the list of landmarks."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import CheckboxFilter, RadioFilter

from apps.catalogue.models import Landmark, LandmarkName, OpenPhotoImport, Photo
from apps.catalogue.models.photo import PhotoQuerySet
from apps.operations.listing import ChosenFilter

# What Commons does not give stays refused: nobody has to look at it for longer.
REFUSED_SHOWN = timedelta(days=14)


class NeedsWork(CheckboxFilter):
    """Several may be ticked: a landmark is shown when all of them are true of it."""

    title = _("what to work on")
    parameter_name = "needs"

    def lookups(self, request, model_admin):
        return [
            ("photo", _("No photo to show")),
            ("license", _("Photo without a license to show it")),
            ("credit", _("Photo without its credit")),
            ("texts", _("Photo without its alternative text or caption")),
            ("coordinates", _("No coordinates")),
            ("english_name", _("No English name")),
            ("korean_text", _("No Korean text")),
            ("english_text", _("No English text")),
            ("review", _("A text is to be reviewed")),
            ("open_photo", _("An open photo was not taken lately")),
            ("week", _("Changed this week")),
        ]

    def queryset(self, request, landmarks: QuerySet[Landmark]) -> QuerySet[Landmark]:
        wanted = [CONDITIONS[name]() for name in self.value() or [] if name in CONDITIONS]
        if wanted:
            # What was taken off the pages needs no work.
            landmarks = landmarks.exclude(state=Landmark.State.WITHDRAWN).filter(*wanted)
        return landmarks


class Responsible(RadioFilter):
    title = _("responsible person")
    parameter_name = "owner"

    def lookups(self, request, model_admin):
        return [("me", _("me")), ("nobody", _("nobody"))]

    def queryset(self, request, landmarks: QuerySet[Landmark]) -> QuerySet[Landmark]:
        if self.value() == "me":
            return landmarks.filter(owner=request.user)
        return landmarks.filter(owner=None) if self.value() == "nobody" else landmarks


class WithinFilter(ChosenFilter):
    """Filter by a node of a tree: what belongs to it or to a node below it."""

    def queryset(self, request, rows: QuerySet) -> QuerySet:
        if not (self.value() or "").isdecimal():
            return rows
        levels = ["", "__parent", "__parent__parent"]
        within = Q(
            *[(f"{self.field_path}{level}", self.value()) for level in levels], _connector=Q.OR
        )
        return rows.filter(within)


def _photos() -> PhotoQuerySet:
    return Photo.objects.filter(landmark=OuterRef("pk"))


def _texts(**wanted) -> Exists:
    texts = Landmark._meta.get_field("articles").related_model
    return Exists(texts._base_manager.filter(landmark=OuterRef("pk"), **wanted))


def _english_name() -> Exists:
    return Exists(
        LandmarkName.objects.filter(landmark=OuterRef("pk"), language="en", kind="official")
    )


def _refused_open_photo() -> Exists:
    refused = OpenPhotoImport.objects.filter(
        state=OpenPhotoImport.State.REFUSED, finished_at__gte=timezone.now() - REFUSED_SHOWN
    )
    return Exists(refused.filter(landmark=OuterRef("pk")))


CONDITIONS = {
    "photo": lambda: ~Exists(_photos().showable()),
    "license": lambda: Exists(_photos().filter(license__may_show=False)),
    "credit": lambda: Exists(_photos().filter(license__needs_credit=True, credit="")),
    "texts": lambda: Exists(_photos().showable().without_texts()),
    "coordinates": lambda: Q(latitude=None),
    "english_name": lambda: ~_english_name(),
    "korean_text": lambda: ~_texts(language="ko", state="published"),
    "english_text": lambda: ~_texts(language="en", state="published"),
    "review": lambda: _texts(state="in_review"),
    "open_photo": _refused_open_photo,
    "week": lambda: Q(updated_at__gte=timezone.now() - timedelta(days=7)),
}
