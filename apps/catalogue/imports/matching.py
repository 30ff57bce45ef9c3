"""Which landmark a row means: by its address, by a number elsewhere, by name and region."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from apps.catalogue.importing.landmark_rows import LandmarkRow
from apps.catalogue.importing.problems import RowRefused
from apps.catalogue.models import Landmark, LandmarkName, LandmarkRedirect, Region
from apps.catalogue.models.tree import NameKind
from apps.catalogue.scope import may_edit, outside_regions

MERGED = Exists(LandmarkRedirect.objects.filter(old_slug=OuterRef("slug")))


class Place(NamedTuple):
    """Where a row says its landmark lies; a district that is not there yet has no region."""

    province: Region | None = None
    district: str = ""
    region: Region | None = None


class Matches:
    """The landmarks that rows may mean, read in a fixed number of queries.

    `facts` are what the gate before publication asks for.
    """

    def __init__(self, rows: Sequence[tuple[LandmarkRow, Place]], *, lock: bool, facts: bool):
        slugs = {slug for row, _place in rows for slug in (row.slug, row.parent) if slug}
        self.redirects = dict(
            LandmarkRedirect.objects.filter(old_slug__in=slugs).values_list(
                "old_slug", "landmark__slug"
            )
        )
        slugs |= set(self.redirects.values())
        named = self._named(rows)
        numbered = _numbered({pair for row, _place in rows for pair in row.external_ids.items()})
        wanted = Q(slug__in=slugs) | Q(pk__in={*named.values(), *numbered})
        # What was merged into another entry keeps its numbers, and is not meant any more.
        held = Landmark.objects.filter(wanted).exclude(MERGED)
        held = held.order_by("pk").select_related("region", "parent")
        if facts:
            held = held.with_facts()
        if lock:
            held = held.select_for_update(of=("self",))
        landmarks = list(held.prefetch_related("names"))
        self.by_slug = {landmark.slug: landmark for landmark in landmarks}
        by_key = {landmark.pk: landmark for landmark in landmarks}
        self._by_name = {key: by_key[pk] for key, pk in named.items() if pk in by_key}
        self._by_number = {
            (system, str(number)): landmark
            for landmark in reversed(landmarks)
            for system, number in landmark.external_ids.items()
        }

    def _named(self, rows: Sequence[tuple[LandmarkRow, Place]]) -> dict[tuple[str, int], int]:
        wanted = [(row, place) for row, place in rows if place.region and not row.slug]
        names = LandmarkName.objects.filter(
            language="ko",
            kind=NameKind.OFFICIAL,
            text__in={row.name_ko for row, _place in wanted},
            landmark__region__in={place.region.pk for _row, place in wanted},
        )
        found = names.order_by("-landmark_id").values_list(
            "text", "landmark__region_id", "landmark_id"
        )
        return {(text, region): landmark for text, region, landmark in found}

    def find(self, row: LandmarkRow, place: Place) -> Landmark | None:
        """Return the landmark of a row; None for a new one. Raises RowRefused."""
        if row.slug in self.redirects:
            text = _("%(slug)r was merged into %(into)r")
            names = {"slug": row.slug, "into": self.redirects[row.slug]}
            raise RowRefused(text % names, "slug")
        by_slug = self.by_slug.get(row.slug)
        numbered = {
            landmark.pk: landmark
            for pair in row.external_ids.items()
            if (landmark := self._by_number.get(pair))
        }
        if by_slug:
            numbered.setdefault(by_slug.pk, by_slug)
        if len(numbered) > 1 or (numbered and row.slug and not by_slug):
            slugs = ", ".join(sorted(landmark.slug for landmark in numbered.values()))
            text = _("the numbers elsewhere belong to other landmarks: %(slugs)s")
            raise RowRefused(text % {"slugs": slugs}, "external_ids")
        if numbered:
            return next(iter(numbered.values()))
        if row.slug or not place.region:
            return None
        named = self._by_name.get((row.name_ko, place.region.pk))
        # The same name with another number of the same system is another place.
        if named and any(
            str(named.external_ids.get(system, number)) != number
            for system, number in row.external_ids.items()
        ):
            return None
        return named


def _numbered(numbers: Iterable[tuple[str, str]]) -> list[int]:
    """Return the keys of the landmarks with some numbers, each looked up in the index.

    As one condition for each number the query would take longer to write than to answer.
    """
    pairs = [json.dumps({system: number}) for system, number in sorted(numbers)]
    if not pairs:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        # Of a table that just grew the planner knows too little to choose the index.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"SELECT landmark.id FROM unnest(%s::jsonb[]) AS wanted(pair)"
            f" JOIN {Landmark._meta.db_table} AS landmark ON landmark.external_ids @> wanted.pair",  # nosec B608
            [pairs],
        )
        found = [key for (key,) in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def landmarks_of(slugs: Iterable[str], *, lock: bool) -> dict[str, Landmark]:
    """Return the landmarks that addresses lead to, former addresses too, with their names."""
    slugs = set(slugs)
    former = dict(
        LandmarkRedirect.objects.filter(old_slug__in=slugs).values_list(
            "old_slug", "landmark__slug"
        )
    )
    held = Landmark.objects.filter(slug__in={*slugs, *former.values()}).order_by("pk")
    if lock:
        held = held.select_for_update()
    by_slug = {landmark.slug: landmark for landmark in held.prefetch_related("names")}
    return by_slug | {old: by_slug[slug] for old, slug in former.items() if slug in by_slug}


def require_landmark(
    held: Mapping[str, Landmark], slug: str, *, by: AbstractBaseUser | None
) -> Landmark:
    """Return the landmark of an address. Raises RowRefused, also where `by` may not edit it."""
    landmark = held.get(slug)
    if landmark is None:
        raise RowRefused(_("there is no landmark %(slug)r") % {"slug": slug}, "landmark")
    if by is not None and not may_edit(by, landmark):
        raise RowRefused(outside_regions(), "landmark")
    return landmark
