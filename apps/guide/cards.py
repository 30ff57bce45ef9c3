"""Landmarks as lists show them, by one written statement whatever the list is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from apps.catalogue.models import License, Photo
from apps.guide.addresses import place_address
from apps.guide.presenting import DRAWN, FIRST_LANGUAGE
from apps.operations.statements import columns, fetch_all, instances


class Card:
    """One landmark in a list. `cover` may be None; `metres` is None where nobody asked how far."""

    def __init__(self, row: Sequence, *, language: str):
        self.landmark_id, self.slug, self.name, other, self.kind, self.kind_code = row[:6]
        district, province, self.metres = row[6:9]
        self.name = self.name or self.slug
        self.other_language = "en" if language == FIRST_LANGUAGE else FIRST_LANGUAGE
        self.other_name = "" if other == self.name else other or ""
        names = [name for name in (province, district) if name]
        korean = language == FIRST_LANGUAGE
        self.region = " ".join(names) if korean else ", ".join(reversed(names))
        self._picture = row[9:]

    @cached_property
    def url(self) -> str:
        return place_address(self.slug)

    @cached_property
    def cover(self) -> Photo | None:
        if self._picture[0] is None:
            return None
        photo, license = instances(self._picture, Photo, License)
        photo.license = license
        return photo

    @property
    def cover_is_drawing(self) -> bool:
        return self.cover is not None and self.cover.source == DRAWN


class Numbered(NamedTuple):
    """A landmark that goes into a list under a heading, in the order in which it is given."""

    heading: str
    landmark_id: int
    metres: float | None = None


def best_name(table: str, owner: str, row: str, language: str = "%(language)s") -> str:
    """Return a subquery for what `naming.name_for` would choose: the name in a language first."""
    return f"""(
    SELECT text FROM {table} WHERE {owner} = {row}
     ORDER BY CASE WHEN kind <> 'official' THEN 3 WHEN language = {language} THEN 0
                   WHEN language = '{FIRST_LANGUAGE}' THEN 1 ELSE 2 END, id
     LIMIT 1)"""  # nosec B608


# Of a row `landmark`; what stands before the photo has the order in which Card reads it.
CARD = f"""
    landmark.id, landmark.slug,
    {best_name("catalogue_landmarkname", "landmark_id", "landmark.id")},
    {best_name("catalogue_landmarkname", "landmark_id", "landmark.id", "%(other_language)s")},
    {best_name("catalogue_categoryname", "category_id", "landmark.category_id")},
    coalesce(upper_category.slug, category.slug),
    {best_name("catalogue_regionname", "region_id", "landmark.region_id")},
    {best_name("catalogue_regionname", "region_id", "region.parent_id")},
    chosen.metres, {columns(Photo, "cover")}, {columns(License, "license")}"""
SHOWABLE = "license.may_show AND (NOT license.needs_credit OR photo.credit <> '')"
CARD_TABLES = f"""
  JOIN catalogue_landmark landmark ON landmark.id = chosen.id
  JOIN catalogue_region region ON region.id = landmark.region_id
  JOIN catalogue_category category ON category.id = landmark.category_id
  LEFT JOIN catalogue_category upper_category ON upper_category.id = category.parent_id
  LEFT JOIN LATERAL (
       SELECT photo.* FROM catalogue_photo photo
         JOIN catalogue_license license ON license.id = photo.license_id
        WHERE photo.landmark_id = landmark.id AND {SHOWABLE}
        ORDER BY photo.source = '{DRAWN}', photo.created_at, photo.id
        LIMIT 1) cover ON true
  LEFT JOIN catalogue_license license ON license.id = cover.license_id"""  # nosec B608
CARDS = f"""
SELECT chosen.heading, {CARD}
  FROM unnest(%(headings)s::text[], %(ids)s::bigint[], %(metres)s::float8[], %(places)s::int[])
       AS chosen(heading, id, metres, place) {CARD_TABLES}
 WHERE landmark.state = 'published'
 ORDER BY chosen.place"""  # nosec B608


def cards_under(chosen: Iterable[Numbered], *, language: str) -> dict[str, list[Card]]:
    """Return the cards of published landmarks under each heading: one query, none for nothing."""
    chosen = list(chosen)
    if not chosen:
        return {}
    headings, ids, metres = zip(*chosen, strict=True)
    rows = fetch_all(
        CARDS,
        {
            "headings": list(headings),
            "ids": list(ids),
            "metres": list(metres),
            "places": list(range(len(chosen))),
            **languages_of_names(language),
        },
    )
    return grouped(rows, language=language)


def cards_of(landmark_ids: Sequence[int], *, language: str) -> list[Card]:
    """Return the cards of published landmarks, in the order of their numbers."""
    chosen = [Numbered("", each) for each in landmark_ids]
    return cards_under(chosen, language=language).get("", [])


def languages_of_names(language: str) -> dict[str, str]:
    """Return the values that CARD needs."""
    other = "en" if language == FIRST_LANGUAGE else FIRST_LANGUAGE
    return {"language": language, "other_language": other}


def grouped(rows: Iterable[Sequence], *, language: str) -> dict[str, list[Card]]:
    """Return the cards of rows that begin with a heading."""
    found: dict[str, list[Card]] = {}
    for heading, *row in rows:
        found.setdefault(heading, []).append(Card(row, language=language))
    return found
