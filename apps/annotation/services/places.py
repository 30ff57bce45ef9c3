"""Landmarks for the classes of AI Hub's set."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q

from apps.annotation.aihub import Place
from apps.catalogue.importing import RowRefused, check_row
from apps.catalogue.importing.problems import Outcome
from apps.catalogue.imports.importer import Options
from apps.catalogue.imports.landmarks import LandmarkImporter
from apps.catalogue.models import Landmark, Region
from apps.catalogue.models.tree import NameKind
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry

SOURCE = "aihub"
COMMAND = "import_aihub"


class ClassLandmarks:
    """Finds the landmark of a class, or makes it; asks the database once a class."""

    def __init__(self, *, at: datetime):
        self._at = at
        known = Landmark.objects.filter(external_ids__has_key=SOURCE)
        self._known: dict[str, int | None] = {
            str(ids[SOURCE]): pk for pk, ids in known.values_list("pk", "external_ids")
        }
        self._importer: LandmarkImporter | None = None
        self._batch = uuid.uuid4()
        self.created = 0
        self.linked = 0
        self.without: dict[str, str] = {}  # class → why it has no landmark

    def of(self, place: Place) -> int | None:
        """Return the key of the class's landmark; None where none could be made."""
        if place.class_id not in self._known:
            try:
                with transaction.atomic():
                    self._known[place.class_id] = self._found_or_made(place)
            except (RowRefused, DataError, IntegrityError) as reason:
                self._known[place.class_id] = None
                self.look_again()
                self.without[f"{place.class_id} {place.name_ko}"] = str(reason)
        return self._known[place.class_id]

    def look_again(self) -> None:
        """Forget categories and regions as they were: staff may have changed them since."""
        self._importer = None

    def _found_or_made(self, place: Place) -> int:
        landmark = self._of_that_name(place)
        if landmark is None:
            key = self._made(place)
            self.created += 1
            return key
        self._link(landmark, place)
        self.linked += 1
        return landmark.pk

    def _link(self, landmark: Landmark, place: Place) -> None:
        before = snapshot(landmark)
        landmark.external_ids = landmark.external_ids | {SOURCE: place.class_id}
        landmark.updated_at = self._at
        landmark.version += 1
        landmark.save(update_fields=["external_ids", "updated_at", "version"])
        change = Change(landmark, before, snapshot(landmark))
        action = AuditEntry.Action.CHANGED
        record([change], by=None, by_name=COMMAND, at=self._at, action=action)

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

    def _made(self, place: Place) -> int:
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
        if self._importer is None:
            options = Options(new_categories=True)
            self._importer = LandmarkImporter(by=None, by_name=COMMAND, options=options)
        row = row._replace(external_ids={SOURCE: place.class_id})
        (plan,) = self._importer.plan([row], lock=True)
        if plan.outcome == Outcome.REFUSED:
            raise RowRefused(plan.problems[0].reason, plan.problems[0].column)
        self._importer.save([plan], at=self._at, batch=self._batch)
        return plan.work.landmark.pk
