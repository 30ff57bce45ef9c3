"""The product's own catalogue, added in a fixed number of statements however long it is."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from pathlib import Path

from django.db import transaction
from django.db.models import Model

from apps.catalogue.models import (
    Category,
    CategoryAlias,
    CategoryName,
    Landmark,
    LandmarkName,
    LandmarkNote,
    LandmarkRedirect,
    Region,
    RegionName,
)
from apps.catalogue.models.naming import FIRST_LANGUAGE
from apps.catalogue.models.tree import NameKind

SEED = Path(__file__).parent / "seed"
# Column of landmarks.csv → language and kind; several names stand apart by "|".
NAME_COLUMNS = {
    "name_ko": ("ko", NameKind.OFFICIAL),
    "name_en": ("en", NameKind.OFFICIAL),
    "aliases": ("ko", NameKind.ALIAS),
    "aliases_en": ("en", NameKind.ALIAS),
    "former": ("ko", NameKind.FORMER),
    "romanized": ("en", NameKind.ROMANIZED),
}
Row = dict[str, str]


@transaction.atomic
def add_missing_landmarks(*, at: datetime) -> int:
    """Publish the seed landmarks that are not there yet; return how many.

    What staff changed, withdrew or merged since stays as it is.
    """
    rows = read_seed("landmarks.csv")
    known = set(Landmark.objects.values_list("slug", flat=True))
    known.update(LandmarkRedirect.objects.values_list("old_slug", flat=True))
    new = [row for row in rows if row["slug"] not in known]
    if not new:
        return 0
    regions = _add_districts()
    categories = _add_categories()
    landmarks = {
        row["slug"]: Landmark(
            slug=row["slug"],
            state=Landmark.State.PUBLISHED,
            category_id=categories[row["category"]],
            region_id=regions[row["region1"], row["region2"]],
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            address=row["address"],
            opening_hours=row["opening_hours"],
            adult_fee=int(row["adult_fee"]) if row["adult_fee"] else None,
            wheelchair=row["wheelchair"],
            website=row["website"],
            phone=row["phone"],
            source=row["source"],
            created_at=at,
            updated_at=at,
        )
        for row in new
    }
    Landmark.objects.bulk_create(landmarks.values())
    _join_parts(new, landmarks)
    LandmarkName.objects.bulk_create(
        LandmarkName(landmark=landmarks[row["slug"]], language=language, kind=kind, text=text)
        for row in new
        for column, (language, kind) in NAME_COLUMNS.items()
        for text in filter(None, row[column].split("|"))
    )
    LandmarkNote.objects.bulk_create(
        LandmarkNote(
            landmark=landmarks[note["slug"]],
            language=note["language"],
            kind=note["kind"],
            text=note["text"],
        )
        for note in read_seed("notes.csv")
        if note["slug"] in landmarks
    )
    return len(new)


def read_seed(name: str) -> list[Row]:
    with (SEED / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _join_parts(rows: Iterable[Row], landmarks: dict[str, Landmark]) -> None:
    parts = [row for row in rows if row["parent"]]
    keys = dict(
        Landmark.objects.filter(slug__in=[row["parent"] for row in parts]).values_list("slug", "pk")
    )
    for row in parts:
        # The whole may have been merged away; the part stays a place of its own.
        landmarks[row["slug"]].parent_id = keys.get(row["parent"])
    Landmark.objects.bulk_update([landmarks[row["slug"]] for row in parts], ["parent"])


def _add_districts() -> dict[tuple[str, str], int]:
    """Make the districts of Korea that are missing; return keys by Korean names."""
    names = RegionName.objects.filter(language=FIRST_LANGUAGE)
    provinces = dict(names.filter(region__parent=None).values_list("text", "region__code"))
    keys = dict(Region.objects.filter(parent=None).values_list("code", "pk"))
    found = {
        (province, text): key
        for province, text, key in names.exclude(region__parent=None).values_list(
            "region__parent__code", "text", "region"
        )
    }
    rows = [row for row in read_seed("districts.csv") if (row["province"], row["ko"]) not in found]
    made = Region.objects.bulk_create(
        Region(code=row["code"], parent_id=keys[row["province"]]) for row in rows
    )
    RegionName.objects.bulk_create(_names(RegionName, "region", zip(made, rows, strict=True)))
    found |= {
        (row["province"], row["ko"]): region.pk for region, row in zip(made, rows, strict=True)
    }
    whole = {(text, ""): keys[code] for text, code in provinces.items()}
    return whole | {
        (text, district): key
        for text, code in provinces.items()
        for (province, district), key in found.items()
        if province == code
    }


def _add_categories() -> dict[str, int]:
    """Make the categories that are missing, roots first; return keys by path (자연/섬)."""
    rows = read_seed("categories.csv")
    keys: dict[str, int] = {}
    for level in (0, 1):
        of_level = [row for row in rows if row["path"].count("/") == level]
        held = {
            (parent, text): key
            for parent, text, key in CategoryName.objects.filter(
                language=FIRST_LANGUAGE
            ).values_list("category__parent", "text", "category")
        }
        taken = set(Category.objects.values_list("slug", flat=True))
        new = []
        for row in of_level:
            parent, _, name = row["path"].rpartition("/")
            key = held.get((keys.get(parent), name))
            if key is None:
                slug = row["slug"] if row["slug"] not in taken else f"{row['slug']}-seed"
                new.append((Category(slug=slug, parent_id=keys.get(parent)), row | {"ko": name}))
            else:
                keys[row["path"]] = key
        Category.objects.bulk_create(category for category, _ in new)
        CategoryName.objects.bulk_create(_names(CategoryName, "category", new))
        keys |= {row["path"]: category.pk for category, row in new}
    # What staff changed or removed is not put back: this runs with new landmarks only.
    CategoryAlias.objects.bulk_create(
        [
            CategoryAlias(text=row["alias"], category_id=keys[row["path"]])
            for row in read_seed("category_aliases.csv")
        ],
        ignore_conflicts=True,
    )
    return keys


def _names(model: type[Model], owner: str, made: Iterable[tuple[Model, Row]]) -> list[Model]:
    """Return the names of new rows in Korean and English."""
    return list(
        chain.from_iterable(
            [
                model(**{owner: each}, language=language, text=row[language])
                for language in ("ko", "en")
            ]
            for each, row in made
        )
    )
