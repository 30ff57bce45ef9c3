"""Categories and regions by whatever a list calls them."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.catalogue.districts import district_at, districts, lies_in, named
from apps.catalogue.importing.cells import one_line
from apps.catalogue.importing.landmark_rows import too_long
from apps.catalogue.importing.problems import RowRefused
from apps.catalogue.imports.matching import Place
from apps.catalogue.models import (
    Category,
    CategoryAlias,
    CategoryName,
    Region,
    RegionName,
)
from apps.catalogue.romanization import ascii_slug
from apps.catalogue.translations import CATEGORY_ALIASES, CATEGORY_NAMES_EN
from apps.operations.audit import Change, snapshot


def key_of(text: str) -> str:
    """Return a name as it is compared: without spaces and capital letters."""
    return "".join(one_line(text).split()).casefold()


class Categories:
    """All categories, read once."""

    def __init__(self):
        self._by_parent: dict[tuple[int | None, str], Category] = {}
        self._aliases: dict[str, Category] = {}
        known = {category.pk: category for category in Category.objects.prefetch_related("names")}
        for category in known.values():
            if category.parent_id:
                category.parent = known[category.parent_id]
        for name in CategoryName.objects.order_by("-pk"):
            self._add_name(known[name.category_id], name.text)
        # A name may hold a "/" itself, so that its path cannot be taken apart.
        self._paths = {key_of(path_of(category)): category for category in known.values()}
        for alias in CategoryAlias.objects.all():
            self._aliases[key_of(alias.text)] = known[alias.category_id]

        self._all = known

    def __iter__(self) -> Iterator[Category]:
        return iter(self._all.values())

    def _add_name(self, category: Category, text: str) -> None:
        self._by_parent[category.parent_id, key_of(text)] = category

    def find(self, path: str) -> Category | None:
        """Return the category of a path such as 문화유산/사적, or None.

        An alias of the whole path goes first, then names and aliases level by level.
        """
        if alias := self._aliases.get(key_of(path)):
            return alias
        if whole := self._paths.get(key_of(path)):
            return whole
        node: Category | None = None
        for part in path.split("/"):
            above = node.pk if node else None
            found = self._by_parent.get((above, key_of(part))) or self._aliases.get(key_of(part))
            if found is None or (node and not _is_below(found, node)):
                return None
            node = found
        return node

    def path(self, key: int) -> str:
        return path_of(self._all[key]) if key in self._all else ""

    def make(self, path: str) -> tuple[Category, list[Change]]:
        """Return the category of a path, made with all its levels where they are missing."""
        node: Category | None = None
        changes = []
        parts = path.split("/")
        for depth, part in enumerate(parts, start=1):
            found = self.find("/".join(parts[:depth]))
            if found is None:
                found = _new_category(part, node)
                self._add_name(found, part)
                for alias in found.aliases.all():
                    self._aliases.setdefault(key_of(alias.text), found)
                changes.append(Change(found, None, snapshot(found, related=["names"])))
            node = found
        return node, changes


def path_of(category: Category) -> str:
    """Return a category as lists write it: 문화유산/사적."""
    return "/".join(node.name_in("ko") or node.slug for node in category.chain())


def _is_below(category: Category, node: Category) -> bool:
    return any(above.pk == node.pk for above in category.chain()[:-1])


def _new_category(name: str, parent: Category | None) -> Category:
    if len(name) > 100:
        raise RowRefused(too_long(100), "category")
    english = CATEGORY_NAMES_EN.get(name, "")
    base = (ascii_slug(english or name) or "category")[:70]
    slug = base
    number = 2
    while Category.objects.filter(slug=slug).exists():
        slug = f"{base}-{number}"
        number += 1
    category = Category.objects.create(slug=slug, parent=parent)
    CategoryName.objects.create(category=category, language="ko", text=name)
    if english:
        CategoryName.objects.create(category=category, language="en", text=english)
    for alias in CATEGORY_ALIASES.get(name, ()) if parent is None else ():
        CategoryAlias.objects.get_or_create(text=alias, defaults={"category": category})
    return category


class Regions:
    """All regions by all their names, former ones too, read once."""

    def __init__(self):
        self._by_parent: dict[tuple[int | None, str], Region] = {}
        # What the map of districts calls a province.
        self._on_map: dict[int, str] = {}
        regions = Region.objects.select_related("parent").prefetch_related("names")
        on_map = {key_of(name): name for name in {each.province for each in districts()}}
        self._of: dict[int, Place] = {}
        for region in regions.order_by("-pk"):
            name = region.name_in("ko")
            self._of[region.pk] = (
                Place(region.parent, name, region) if region.parent else Place(region, "", region)
            )
            for name in sorted(region.names.all(), key=lambda name: name.kind == "official"):
                self._by_parent[region.parent_id, key_of(name.text)] = region
                if region.parent_id is None and key_of(name.text) in on_map:
                    self._on_map[region.pk] = on_map[key_of(name.text)]

    def split(self, names: tuple[str, ...]) -> tuple[Region, str]:
        """Return the province that is named, by any of its names, and the name of the district.

        Both may stand in one text: 서울특별시 종로구. Raises RowRefused.
        """
        first, *rest = names
        found = self._by_parent.get((None, key_of(first)))
        if found is None and not rest and " " in first:
            first, *rest = first.split(" ", maxsplit=1)
            found = self._by_parent.get((None, key_of(first)))
        if found is None:
            raise RowRefused(_("there is no 시도 %(name)r") % {"name": names[0]}, "region1")
        return found, "".join(rest)

    def words(self, key: int) -> str:
        """Return a region by its key as people write it: 서울특별시 종로구."""
        place = self._of.get(key, Place())
        return f"{place.province.name_in('ko')} {place.district}".strip() if place.province else ""

    def place_of(self, region: Region) -> Place:
        return self._of.get(region.pk, Place())

    def district(self, province: Region, name: str) -> Region | None:
        return self._by_parent.get((province.pk, key_of(name)))

    def is_on_map(self, province: Region, district: str) -> bool:
        """Say whether the map of Korea knows a district, so that it may be made unasked."""
        return bool(named(self._on_map.get(province.pk, ""), district))

    def misplaced(
        self, province: Region | None, district: str, position: tuple[float, float]
    ) -> str:
        """Return where a point lies instead of in a region, in words; "" where all is well."""
        on_map = self._on_map.get(province.pk if province else None)
        meant = named(on_map, district) if on_map else []
        # A district that the map does not know, such as one made last year, is not judged.
        if not meant or lies_in(*position, meant):
            return ""
        found = district_at(*position)
        if found is None:
            return _("the point lies in no district of Korea")
        place = f"{found.province} {found.name}".strip()
        return _("the point lies in %(place)s, not in the region that is named") % {"place": place}

    def make(self, province: Region, name: str) -> tuple[Region, list[Change]]:
        """Return a district of a province, made where it is missing."""
        if found := self.district(province, name):
            return found, []
        english = district_in_english(name)
        code = base = f"{province.code}-{ascii_slug(english)}"[:55]
        number = 2
        while Region.objects.filter(code=code).exists():
            code = f"{base}-{number}"
            number += 1
        region = Region.objects.create(code=code, parent=province)
        RegionName.objects.create(region=region, language="ko", text=name)
        RegionName.objects.create(region=region, language="en", text=english)
        self._by_parent[province.pk, key_of(name)] = region
        return region, [Change(region, None, snapshot(region, related=["names"]))]


def district_in_english(name: str) -> str:
    """Return 종로구 as Jongno-gu: the unit is written apart and without sound changes."""
    stem, unit = name[:-1], {"시": "si", "군": "gun", "구": "gu"}.get(name[-1])
    if not unit or not stem:
        return ascii_slug(name).title()
    return f"{ascii_slug(stem).replace('-', '').capitalize()}-{unit}"
