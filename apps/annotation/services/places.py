"""Landmarks for the classes of AI Hub's set."""

from __future__ import annotations

from datetime import datetime

from django.db import DataError, transaction
from django.db.models import Q

from apps.annotation.aihub import Place
from apps.catalogue.importing import RowRefused, check_row
from apps.catalogue.models import Landmark, Region
from apps.catalogue.models.tree import NameKind
from apps.catalogue.services import free_slug, save_landmark_row

SOURCE = "aihub"


class ClassLandmarks:
    """Finds the landmark of a class, or makes it; asks the database once a class."""

    def __init__(self, *, at: datetime):
        self._at = at
        known = Landmark.objects.filter(external_ids__has_key=SOURCE)
        self._known: dict[str, int | None] = {
            str(ids[SOURCE]): pk for pk, ids in known.values_list("pk", "external_ids")
        }
        self.created = 0
        self.linked = 0
        self.without: dict[str, str] = {}  # class → why it has no landmark

    def of(self, place: Place) -> int | None:
        """Return the key of the class's landmark; None where none could be made."""
        if place.class_id not in self._known:
            try:
                with transaction.atomic():
                    self._known[place.class_id] = self._found_or_made(place)
            except (RowRefused, DataError) as reason:
                self._known[place.class_id] = None
                self.without[f"{place.class_id} {place.name_ko}"] = str(reason)
        return self._known[place.class_id]

    def _found_or_made(self, place: Place) -> int:
        landmark = self._of_that_name(place)
        if landmark is None:
            landmark = self._made(place)
            self.created += 1
        else:
            self.linked += 1
        landmark.external_ids = landmark.external_ids | {SOURCE: place.class_id}
        landmark.updated_at = self._at
        landmark.version += 1
        landmark.save(update_fields=["external_ids", "updated_at", "version"])
        return landmark.pk

    def _of_that_name(self, place: Place) -> Landmark | None:
        """Return the landmark of that name in that province, unless it is another class's."""
        provinces = Region.objects.filter(parent=None, names__text=place.location1)
        return (
            Landmark.objects.filter(
                Q(region__in=provinces) | Q(region__parent__in=provinces),
                names__language="ko",
                names__kind=NameKind.OFFICIAL,
                names__text=place.name_ko,
            )
            .exclude(external_ids__has_key=SOURCE)
            .order_by("pk")
            .first()
        )

    def _made(self, place: Place) -> Landmark:
        if not place.location1:
            raise RowRefused("the class names no 시도 (location1)")
        levels = [level.replace("/", "·") for level in (place.type1, place.type2) if level]
        row = check_row(
            {
                "name_ko": place.name_ko,
                "name_en": place.name if place.name.isascii() else "",
                "category": "/".join(levels),
                "region1": place.location1,
                "region2": place.location2,
                "address": place.address,
                "source": SOURCE,
            }
        )
        row = row._replace(slug=free_slug(row))
        save_landmark_row(row, publish=False, at=self._at)
        return Landmark.objects.get(slug=row.slug)
