"""What is to be done to landmarks, and doing it in a fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from apps.catalogue.importing.problems import RowRefused
from apps.catalogue.imports.matching import Place
from apps.catalogue.models import Landmark, LandmarkName
from apps.catalogue.models.tree import NameKind
from apps.operations.audit import Snapshot, snapshot

Name = tuple[str, str, str]  # language, kind, text


@dataclass
class Work:
    """What is to be done to one landmark. `before` is known of those that change."""

    landmark: Landmark
    new: bool
    place: Place
    category_path: str = ""
    changed: set[str] = field(default_factory=set)
    new_names: list[Name] = field(default_factory=list)
    new_texts: list[LandmarkName] = field(default_factory=list)
    before: Snapshot | None = None

    def touch(self) -> None:
        """Note how it was; to be called before the first change."""
        if not self.new and self.before is None:
            self.before = snapshot(self.landmark, related=["names"])

    def set(self, name: str, value: object) -> None:
        self.touch()
        setattr(self.landmark, name, value)
        self.changed.add(name)

    def has_name(self, language: str) -> bool:
        """Say whether it has an official name in a language, or will have one."""
        official = (language, NameKind.OFFICIAL)
        return any(name[:2] == official for name in self.new_names) or any(
            (name.language, name.kind) == official for name in self.landmark.names.all()
        )


def create_landmarks(landmarks: list[Landmark]) -> None:
    """Store new landmarks, those that others are part of first."""
    while landmarks:
        ready = [each for each in landmarks if each.parent is None or each.parent.pk]
        if not ready:
            text = _("there is no landmark %(slug)r to be the parent")
            raise RowRefused(text % {"slug": landmarks[0].parent.slug}, "parent")
        Landmark.objects.bulk_create(ready)
        landmarks = [each for each in landmarks if each.pk is None]


def update_landmarks(works: list[Work]) -> None:
    fields = {name for work in works for name in work.changed}
    if works:
        Landmark.objects.bulk_update(
            [work.landmark for work in works], [*sorted(fields), "version", "updated_at"]
        )


def save_names(works: list[Work]) -> None:
    LandmarkName.objects.bulk_create(
        LandmarkName(landmark=work.landmark, language=language, kind=kind, text=text)
        for work in works
        for language, kind, text in work.new_names
    )
    changed = [name for work in works for name in work.new_texts]
    if changed:
        LandmarkName.objects.bulk_update(changed, ["text"])
