"""Lists of names: one name of a landmark in one language a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalogue.importing import name_rows
from apps.catalogue.importing.cells import tidy
from apps.catalogue.importing.name_rows import NameRow
from apps.catalogue.importing.problems import Outcome, RowRefused
from apps.catalogue.imports.importer import Difference, Importer, Planned, refusal
from apps.catalogue.imports.matching import landmarks_of, require_landmark
from apps.catalogue.models import Landmark, LandmarkName
from apps.catalogue.models.tree import NameKind
from apps.operations.audit import Change, snapshot
from apps.operations.models import AuditEntry


class Work(NamedTuple):
    """A name to be stored; a changed one has a key."""

    landmark: Landmark
    name: LandmarkName


class NameImporter(Importer):
    label = gettext_lazy("names")
    columns = name_rows.COLUMNS
    permissions = ("catalogue.change_landmark",)

    @classmethod
    def missing_columns(cls, known: Iterable[str]) -> list[str]:
        return [name for name in name_rows.REQUIRED_COLUMNS if name not in set(known)]

    def check(self, values: Mapping[str, str]) -> NameRow:
        return name_rows.check_name(values, languages=dict(settings.LANGUAGES))

    def plan(self, rows: Sequence[NameRow], *, lock: bool) -> list[Planned]:
        held = landmarks_of({row.landmark for row in rows}, lock=lock)
        planned = []
        for row in rows:
            try:
                landmark = require_landmark(held, row.landmark, by=self.by)
                planned.append(_plan_row(row, landmark))
            except RowRefused as reason:
                planned.append(refusal(reason.reason, reason.column))
        return planned

    def differences(self, plan: Planned) -> list[Difference]:
        work = plan.work
        if work is None or work.name.pk is None:
            return []
        held = {name.pk: name.text for name in work.landmark.names.all()}
        return [Difference(str(_("name")), held.get(work.name.pk, ""), work.name.text)]

    def save(self, planned: Sequence[Planned], *, at: datetime, batch: UUID) -> None:
        works = [plan.work for plan in planned if plan.work]
        if not works:
            return
        landmarks = list({work.landmark.pk: work.landmark for work in works}.values())
        prefetch_related_objects(landmarks, "names")
        before = {each.pk: snapshot(each, related=["names"]) for each in landmarks}
        LandmarkName.objects.bulk_create(work.name for work in works if work.name.pk is None)
        changed = [work.name for work in works if work.name.pk is not None]
        LandmarkName.objects.bulk_update(changed, ["text"])
        for landmark in landmarks:
            landmark.version += 1
            landmark.updated_at = at
            landmark._prefetched_objects_cache = {}
        Landmark.objects.bulk_update(landmarks, ["version", "updated_at"])
        prefetch_related_objects(landmarks, "names")
        changes = [
            Change(each, before[each.pk], snapshot(each, related=["names"])) for each in landmarks
        ]
        self.record(changes, at=at, action=AuditEntry.Action.CHANGED, batch=batch)


def _plan_row(row: NameRow, landmark: Landmark) -> Planned:
    official = row.kind == NameKind.OFFICIAL
    key = [f"{landmark.pk}:{row.language}:{row.kind}:{'' if official else row.text}"]
    for name in landmark.names.all():
        if (name.language, name.kind) != (row.language, row.kind):
            continue
        if tidy(name.text) == row.text:
            return Planned(Outcome.UNCHANGED, [], key, key)
        if official:
            changed = LandmarkName(pk=name.pk, landmark=landmark, text=row.text)
            return Planned(Outcome.UPDATED, [], key, key, Work(landmark, changed))
    new = LandmarkName(landmark=landmark, language=row.language, kind=row.kind, text=row.text)
    return Planned(Outcome.CREATED, [], key, key, Work(landmark, new))
