"""What is done to the catalogue."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.catalogue.importing import LandmarkRow, RowRefused
from apps.catalogue.models import (
    Category,
    CategoryName,
    Landmark,
    LandmarkName,
    LandmarkRedirect,
    Region,
    RegionName,
)
from apps.catalogue.models.tree import NameKind
from apps.catalogue.romanization import ascii_slug
from apps.catalogue.translations import CATEGORY_NAMES_EN


def redirect_for(slug: str) -> Landmark | None:
    """Return the published landmark that a former address leads to, if there is one."""
    return Landmark.objects.published().filter(redirects__old_slug=slug).first()


@transaction.atomic
def save_landmark_row(row: LandmarkRow, *, publish: bool, at: datetime) -> str:
    """Make or update the landmark of a row; return "created", "updated" or "unchanged".

    A row means the landmark with its slug, else the one with its Korean name in its region.
    `publish` publishes drafts; what staff withdrew stays withdrawn. Raises RowRefused.
    """
    _refuse_merged(row)
    category = _category(row.categories)
    region = _region(row.regions)
    landmark = _find(row, region)
    parent = _parent(row)
    fields = {
        "category": category,
        "region": region,
        "parent": parent,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "address": row.address,
        "source": row.source,
    }
    if landmark is None:
        landmark = Landmark(slug=row.slug or free_slug(row), created_at=at, updated_at=at, **fields)
        if publish:
            landmark.state = Landmark.State.PUBLISHED
        landmark.save()
        _save_names(landmark, row)
        return "created"
    changed = {name for name, value in fields.items() if getattr(landmark, name) != value}
    for name in changed:
        setattr(landmark, name, fields[name])
    if publish and landmark.state == Landmark.State.DRAFT:
        landmark.state = Landmark.State.PUBLISHED
        changed.add("state")
    renamed = _save_names(landmark, row)
    if not changed and not renamed:
        return "unchanged"
    landmark.updated_at = at
    landmark.version += 1
    landmark.save()
    return "updated"


def _refuse_merged(row: LandmarkRow) -> None:
    merged = row.slug and LandmarkRedirect.objects.filter(old_slug=row.slug).first()
    if merged:
        raise RowRefused(f"{row.slug!r} was merged into {merged.landmark.slug!r}")


def _find(row: LandmarkRow, region: Region) -> Landmark | None:
    if row.slug:
        return Landmark.objects.select_for_update().filter(slug=row.slug).first()
    return (
        Landmark.objects.select_for_update()
        .filter(
            region=region,
            names__language="ko",
            names__kind=NameKind.OFFICIAL,
            names__text=row.name_ko,
        )
        .order_by("pk")
        .first()
    )


def _parent(row: LandmarkRow) -> Landmark | None:
    if not row.parent:
        return None
    parent = Landmark.objects.filter(slug=row.parent).first()
    if parent is None:
        raise RowRefused(f"there is no landmark {row.parent!r} to be the parent")
    return parent


def free_slug(row: LandmarkRow) -> str:
    """Return an unused slug from the English name, else the romanized one, else a number."""
    wanted = (ascii_slug(row.name_en) or ascii_slug(row.romanized or row.name_ko))[:100].strip("-")
    wanted = wanted or "landmark"
    taken = set(Landmark.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"


def _save_names(landmark: Landmark, row: LandmarkRow) -> bool:
    """Give a landmark the names of a row; keep names the row does not speak of."""
    wanted = {("ko", NameKind.OFFICIAL): row.name_ko, ("en", NameKind.OFFICIAL): row.name_en}
    changed = False
    for (language, kind), text in wanted.items():
        if not text:
            continue
        name, created = LandmarkName.objects.get_or_create(
            landmark=landmark, language=language, kind=kind, defaults={"text": text}
        )
        if not created and name.text != text:
            name.text = text
            name.save(update_fields=["text"])
            created = True
        changed |= created
    extra = [("ko", NameKind.ALIAS, alias) for alias in row.aliases]
    if row.romanized:
        extra.append(("en", NameKind.ROMANIZED, row.romanized))
    for language, kind, text in extra:
        _, created = LandmarkName.objects.get_or_create(
            landmark=landmark, language=language, kind=kind, text=text
        )
        changed |= created
    return changed


def _category(names: tuple[str, ...]) -> Category:
    node: Category | None = None
    for name in names:
        found = Category.objects.filter(parent=node, names__language="ko", names__text=name).first()
        node = found or _new_category(name, node)
    return node


def _new_category(name: str, parent: Category | None) -> Category:
    english = CATEGORY_NAMES_EN.get(name, "")
    base = ascii_slug(english or name) or "category"
    slug = base
    number = 2
    while Category.objects.filter(slug=slug).exists():
        slug = f"{base}-{number}"
        number += 1
    category = Category.objects.create(slug=slug, parent=parent)
    CategoryName.objects.create(category=category, language="ko", text=name)
    if english:
        CategoryName.objects.create(category=category, language="en", text=english)
    return category


def _region(names: tuple[str, ...]) -> Region:
    province = Region.objects.filter(
        parent=None, names__language="ko", names__text=names[0]
    ).first()
    if province is None:
        raise RowRefused(f"there is no 시도 {names[0]!r}")
    if len(names) == 1:
        return province
    found = Region.objects.filter(
        parent=province, names__language="ko", names__text=names[1]
    ).first()
    if found:
        return found
    english = _district_in_english(names[1])
    region = Region.objects.create(code=f"{province.code}-{ascii_slug(english)}", parent=province)
    RegionName.objects.create(region=region, language="ko", text=names[1])
    RegionName.objects.create(region=region, language="en", text=english)
    return region


def _district_in_english(name: str) -> str:
    """Return 종로구 as Jongno-gu: the unit is written apart and without sound changes."""
    stem, unit = name[:-1], {"시": "si", "군": "gun", "구": "gu"}.get(name[-1])
    if not unit or not stem:
        return ascii_slug(name).title()
    return f"{ascii_slug(stem).replace('-', '').capitalize()}-{unit}"
