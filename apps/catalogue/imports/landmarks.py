"""Lists of landmarks, with the names that every landmark has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Model, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalogue.importing import landmark_rows
from apps.catalogue.importing.cells import tidy
from apps.catalogue.importing.landmark_rows import LandmarkRow
from apps.catalogue.importing.problems import Level, Outcome, Problem, RowRefused
from apps.catalogue.imports.importer import (
    Difference,
    Importer,
    Options,
    Planned,
    refusal,
    warning,
)
from apps.catalogue.imports.landmark_work import (
    Work,
    create_landmarks,
    save_names,
    update_landmarks,
)
from apps.catalogue.imports.lookups import Categories, Regions, key_of
from apps.catalogue.imports.matching import Matches, Place
from apps.catalogue.imports.slugs import free_slugs
from apps.catalogue.models import Category, Landmark, Region
from apps.catalogue.models.tree import NameKind
from apps.catalogue.publication import gate
from apps.catalogue.scope import may_edit_region, outside_regions
from apps.operations.audit import Change, snapshot
from apps.operations.models import AuditEntry

State = Landmark.State
DEFAULT_SOURCE = "import"
TEXTS = ("address", "source", "opening_hours", "wheelchair", "website", "phone")


class LandmarkImporter(Importer):
    label = gettext_lazy("landmarks")
    columns = landmark_rows.COLUMNS
    permissions = ("catalogue.add_landmark", "catalogue.change_landmark")

    def __init__(self, *, by, by_name: str, options: Options):
        super().__init__(by=by, by_name=by_name, options=options)
        self.categories = Categories()
        self.regions = Regions()
        self._facts = tuple(Landmark.objects.with_facts().query.annotations)

    @classmethod
    def missing_columns(cls, known: Iterable[str]) -> list[str]:
        return landmark_rows.missing_columns(known)

    def check(self, values: Mapping[str, str]) -> LandmarkRow:
        return landmark_rows.check_row(values, swap=self.options.swap)

    # planning

    def plan(self, rows: Sequence[LandmarkRow], *, lock: bool) -> list[Planned]:
        placed = [(row, self._place(row)) for row in rows]
        matches = Matches(
            [(row, place) for row, place in placed if isinstance(place, Place)],
            lock=lock,
            facts=self.options.publish,
        )
        wanted = {row.parent for row in rows if row.parent} - matches.by_slug.keys()
        self._announced_parents = self.announced(f"slug:{slug}" for slug in wanted)
        self._new: dict[str, Landmark] = {}
        self._met: set[int] = set()
        planned = []
        for row, place in placed:
            try:
                if isinstance(place, RowRefused):
                    raise place
                planned.append(self._plan_row(row, place, matches))
            except RowRefused as reason:
                planned.append(refusal(reason.reason, reason.column))
        self._give_slugs(planned)
        return planned

    def _place(self, row: LandmarkRow) -> Place | RowRefused:
        if not row.regions:
            return Place()
        try:
            province, district = self.regions.split(row.regions)
        except RowRefused as reason:
            return reason
        if not district:
            return Place(province, "", province)
        return Place(province, district, self.regions.district(province, district))

    def _plan_row(self, row: LandmarkRow, place: Place, matches: Matches) -> Planned:
        landmark = matches.find(row, place)
        if landmark is None:
            return self._plan_new(row, place, matches)
        key = [f"landmark:{landmark.pk}"]
        if landmark.pk in self._met:
            return refusal(_("an earlier row is about the same"))._replace(clashes=key)
        if not self._may_edit(landmark.region, place.region or place.province):
            raise RowRefused(outside_regions())
        self._met.add(landmark.pk)
        work = Work(landmark, False, place, row.category)
        problems = self._fill(work, row, matches)
        self._set_names(work, row)
        problems += self._publish(work)
        touched = work.changed or work.new_names or work.new_texts
        return Planned(Outcome.UPDATED if touched else Outcome.UNCHANGED, problems, key, key, work)

    def _plan_new(self, row: LandmarkRow, place: Place, matches: Matches) -> Planned:
        for name, value in (
            ("name_ko", row.name_ko),
            ("category", row.category),
            ("region1", place.province),
        ):
            if not value:
                text = _("there is no such landmark yet, and a new one needs %(column)s")
                raise RowRefused(text, name)
        if not self._may_edit(place.region or place.province):
            raise RowRefused(outside_regions())
        landmark = Landmark(slug=row.slug, source=DEFAULT_SOURCE, external_ids={})
        work = Work(landmark, True, place, row.category)
        problems = self._fill(work, row, matches)
        self._set_names(work, row)
        problems += self._publish(work)
        if row.slug:
            self._new[row.slug] = landmark
        named = f"{key_of(row.name_ko)}|{place.province.pk}|{key_of(place.district)}"
        own = [f"slug:{row.slug}"] if row.slug else []
        own += [f"{system}:{number}" for system, number in row.external_ids.items()]
        # Rows that say which landmark they mean may have a name in common; others may not.
        if own:
            keys, clashes = [*own, f"also:{named}"], [*own, f"name:{named}"]
        else:
            keys, clashes = [f"name:{named}"], [f"name:{named}", f"also:{named}"]
        return Planned(Outcome.CREATED, problems, keys, clashes, work)

    def _may_edit(self, *regions: Region | None) -> bool:
        return self.by is None or all(
            may_edit_region(self.by, region.pk) for region in regions if region
        )

    def _fill(self, work: Work, row: LandmarkRow, matches: Matches) -> list[Problem]:
        """Put the values of a row into its landmark; return what is to be said of them."""
        values: dict[str, object] = {
            **{name: getattr(row, name) or None for name in TEXTS},
            "adult_fee": row.adult_fee,
            "latitude": row.latitude,
            "longitude": row.longitude,
            "region": self._region(work),
            "category": self._category(row),
            "parent": self._parent(work.landmark, row, matches),
        }
        if row.external_ids:
            values["external_ids"] = work.landmark.external_ids | row.external_ids
        for name, value in values.items():
            if value is not None and not _same(work.landmark, name, value):
                work.set(name, value)
        if row.category and values["category"] is None:
            work.touch()
            work.changed.add("category")
        return [*self._warnings(work, row), *self._new_category(row, values["category"])]

    def _region(self, work: Work) -> Region | None:
        """Return where the landmark moves; None where it stays."""
        place, landmark = work.place, work.landmark
        if place.district and not place.region:
            # Made when the row is saved.
            return Region(parent=place.province)
        if not work.new and place.region and landmark.region.parent_id == place.region.pk:
            # The province alone says less than is known.
            return None
        return place.region

    def _category(self, row: LandmarkRow) -> Category | None:
        if not row.category:
            return None
        found = self.categories.find(row.category)
        if found is None and not self.options.new_categories:
            text = _("the category %(name)r is not known")
            raise RowRefused(text % {"name": row.category}, "category")
        if found is None and any(len(part) > 100 for part in row.category.split("/")):
            raise RowRefused(landmark_rows.too_long(100), "category")
        return found

    def _new_category(self, row: LandmarkRow, found: Category | None) -> list[Problem]:
        if found or not row.category:
            return []
        return [warning(_("the category %(name)r is new") % {"name": row.category}, "category")]

    def _warnings(self, work: Work, row: LandmarkRow) -> list[Problem]:
        problems = []
        place = work.place
        if row.swapped:
            problems.append(warning(_("latitude and longitude were swapped"), "latitude"))
        if place.province is None:
            place = self.regions.place_of(work.landmark.region)
        if place.district and not place.region:
            if len(place.district) > 100:
                raise RowRefused(landmark_rows.too_long(100), "region2")
            if not self.regions.is_on_map(place.province, place.district):
                text = _("the district %(name)r is new: please check its spelling")
                problems.append(warning(text % {"name": place.district}, "region2"))
        if row.latitude is not None:
            position = (row.latitude, row.longitude)
            if reason := self.regions.misplaced(place.province, place.district, position):
                problems.append(warning(reason, "latitude"))
        return problems

    def _parent(self, landmark: Landmark, row: LandmarkRow, matches: Matches) -> Landmark | None:
        if not row.parent:
            return None
        slug = matches.redirects.get(row.parent, row.parent)
        parent = matches.by_slug.get(slug) or self._new.get(slug)
        if parent is None and f"slug:{slug}" in self._announced_parents:
            # It is there before this row is saved.
            return Landmark(slug=slug)
        if parent is None:
            text = _("there is no landmark %(slug)r to be the parent")
            raise RowRefused(text % {"slug": row.parent}, "parent")
        above: Landmark | None = parent
        while above is not None:
            if above is landmark or (landmark.pk and above.pk == landmark.pk):
                raise RowRefused(_("a landmark cannot be part of itself"), "parent")
            above = above.parent
        return parent

    def _set_names(self, work: Work, row: LandmarkRow) -> None:
        """Plan the names of a row; names that it does not speak of stay."""
        held = [] if work.new else list(work.landmark.names.all())
        official = {name.language: name for name in held if name.kind == NameKind.OFFICIAL}
        for language, text in (("ko", row.name_ko), ("en", row.name_en)):
            name = official.get(language)
            if text and name is None:
                work.new_names.append((language, NameKind.OFFICIAL, text))
            elif text and tidy(name.text) != text:
                work.touch()
                name.text = text
                work.new_texts.append(name)
        more = [("ko", NameKind.ALIAS, alias) for alias in row.aliases]
        if row.romanized:
            more.append(("en", NameKind.ROMANIZED, row.romanized))
        known = {(name.language, name.kind, tidy(name.text)) for name in held}
        work.new_names += [name for name in more if name not in known]
        if work.new_names:
            work.touch()

    def _publish(self, work: Work) -> list[Problem]:
        """Publish a draft that passes the gate; else say what keeps it from the public."""
        landmark = work.landmark
        if not self.options.publish or landmark.state != State.DRAFT:
            return []
        if work.new:
            # Nothing belongs to it yet; the gate asks all the same.
            for name in self._facts:
                setattr(landmark, name, False)
        landmark.has_korean_name = work.new or work.has_name("ko")
        if blockers := gate(landmark).blockers:
            text = _("kept as a draft: %(reasons)s") % {"reasons": ", ".join(blockers)}
            return [Problem(Level.DRAFT, text)]
        work.set("state", State.PUBLISHED)
        return []

    def _give_slugs(self, planned: Sequence[Planned]) -> None:
        new = [
            plan.work
            for plan in planned
            if plan.outcome == Outcome.CREATED and not plan.work.landmark.slug
        ]
        names = []
        for work in new:
            texts = {(language, kind): text for language, kind, text in work.new_names}
            latin = texts.get(("en", NameKind.OFFICIAL)) or texts.get(("en", NameKind.ROMANIZED))
            names.append((latin or "", texts["ko", NameKind.OFFICIAL]))
        for work, slug in zip(new, free_slugs(names, taken=self._new), strict=True):
            work.landmark.slug = slug

    def differences(self, plan: Planned) -> list[Difference]:
        work = plan.work
        if not isinstance(work, Work) or work.before is None:
            return []
        found = [self._difference(work, name) for name in sorted(work.changed)]
        texts = {(name["language"], name["kind"]): name["text"] for name in work.before["names"]}
        for name in work.new_texts:
            was = texts.get((name.language, name.kind), "")
            found.append(Difference(f"{_('name')} ({name.language})", was, name.text))
        for language, kind, text in work.new_names:
            label = f"{NameKind(kind).label} ({language})"
            found.append(Difference(label, "", text))
        return found

    def _difference(self, work: Work, name: str) -> Difference:
        field = Landmark._meta.get_field(name)
        before, after = work.before[field.attname], getattr(work.landmark, field.attname)
        if name == "category":
            words = self.categories.path(before), self.categories.path(after)
            words = words[0], words[1] if self._is_known(work) else work.category_path
        elif name == "region":
            words = (
                self.regions.words(before),
                " ".join(filter(None, (str(work.place.province or ""), work.place.district))),
            )
        elif name == "parent":
            was = Landmark.objects.filter(pk=before).values_list("slug", flat=True).first()
            words = was or "", work.landmark.parent.slug
        elif field.choices:
            named = dict(field.flatchoices)
            words = str(named.get(before, before)), str(named.get(after, after))
        else:
            words = tuple("" if value in (None, "") else str(value) for value in (before, after))
        return Difference(str(field.verbose_name), *words)

    def _is_known(self, work: Work) -> bool:
        return self.categories.find(work.category_path) is not None

    # saving

    def save(self, planned: Sequence[Planned], *, at: datetime, batch: UUID) -> None:
        works = [
            plan.work for plan in planned if plan.outcome in (Outcome.CREATED, Outcome.UPDATED)
        ]
        if not works:
            return
        made = [change for work in works for change in self._make_missing(work)]
        for work in works:
            work.landmark.updated_at = at
            if work.new:
                work.landmark.created_at = at
            else:
                work.landmark.version += 1
        create_landmarks([work.landmark for work in works if work.new])
        update_landmarks([work for work in works if not work.new])
        save_names(works)
        landmarks = [work.landmark for work in works]
        for landmark in landmarks:
            landmark._prefetched_objects_cache = {}
        prefetch_related_objects(landmarks, "names")
        changes = [
            Change(work.landmark, work.before, snapshot(work.landmark, related=["names"]))
            for work in works
        ]
        created = [change for change in changes if change.before is None]
        changed = [change for change in changes if change.before is not None]
        self.record([*made, *created], at=at, action=AuditEntry.Action.CREATED, batch=batch)
        self.record(changed, at=at, action=AuditEntry.Action.CHANGED, batch=batch)

    def _make_missing(self, work: Work) -> list[Change]:
        """Make the category and the district of a row where they are not there yet."""
        changes: list[Change] = []
        if "category" in work.changed and work.category_path:
            work.landmark.category, changes = self.categories.make(work.category_path)
        place = work.place
        if place.district and not place.region:
            work.landmark.region, more = self.regions.make(place.province, place.district)
            changes += more
        return changes


def _same(landmark: Landmark, name: str, value: object) -> bool:
    field_name = landmark._meta.get_field(name).attname
    now = getattr(landmark, field_name)
    if isinstance(value, Model):
        return value.pk is not None and now == value.pk
    return tidy(now) == value if isinstance(now, str) else now == value
