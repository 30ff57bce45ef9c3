"""Landmarks as a list that can be imported again."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy

from apps.catalogue.exporting.export import Export, in_order
from apps.catalogue.exporting.formats import Row
from apps.catalogue.imports.lookups import Categories, path_of
from apps.catalogue.models import Landmark, Photo, Region
from apps.catalogue.models.tree import NameKind


class LandmarkExport(Export):
    label = gettext_lazy("landmarks")
    permission = "catalogue.view_landmark"
    columns = (
        *("slug", "name_ko", "name_en", "category", "region1", "region2", "address"),
        *("latitude", "longitude", "source", "parent", "aliases", "romanized", "external_ids"),
        *("opening_hours", "adult_fee", "wheelchair", "website", "phone", "state", "photos"),
    )

    def __init__(self):
        self._paths = {category.pk: path_of(category) for category in Categories()}
        regions = Region.objects.select_related("parent").prefetch_related("names", "parent__names")
        self._regions = {region.pk: _names_of(region) for region in regions}

    def of_landmarks(self, keys: list[int]) -> Iterator[Row]:
        landmarks = Landmark.objects.select_related("parent").prefetch_related(
            "names", "photos__license"
        )
        return map(self._row, in_order(keys, landmarks))

    def _row(self, landmark: Landmark) -> Row:
        names: dict[tuple[str, str], list[str]] = {}
        for name in sorted(landmark.names.all(), key=lambda name: name.pk):
            names.setdefault((name.language, name.kind), []).append(name.text)
        official = {
            language: texts[0]
            for (language, kind), texts in names.items()
            if kind == NameKind.OFFICIAL
        }
        province, district = self._regions[landmark.region_id]
        return {
            "slug": landmark.slug,
            "name_ko": official.get("ko"),
            "name_en": official.get("en"),
            "category": self._paths[landmark.category_id],
            "region1": province,
            "region2": district,
            "address": landmark.address or None,
            "latitude": landmark.latitude,
            "longitude": landmark.longitude,
            "source": landmark.source,
            "parent": landmark.parent.slug if landmark.parent else None,
            "aliases": names.get(("ko", NameKind.ALIAS), []),
            "romanized": next(iter(names.get(("en", NameKind.ROMANIZED), [])), None),
            "external_ids": landmark.external_ids,
            "opening_hours": landmark.opening_hours or None,
            "adult_fee": landmark.adult_fee,
            "wheelchair": landmark.wheelchair or None,
            "website": landmark.website or None,
            "phone": landmark.phone or None,
            "state": landmark.state,
            "photos": [_credited(photo) for photo in _in_order(landmark)],
        }


def _names_of(region: Region) -> tuple[str, str | None]:
    if region.parent is None:
        return region.name_in("ko") or region.code, None
    return region.parent.name_in("ko"), region.name_in("ko") or region.code


def _in_order(landmark: Landmark) -> list[Photo]:
    return sorted(landmark.photos.all(), key=lambda photo: (photo.created_at, photo.pk))


def _credited(photo: Photo) -> str:
    """Return a photo with whom it is by and what it may be used for."""
    credit = photo.credit or photo.license.holder or "–"
    # The address is the same whoever exports.
    with translation.override(settings.LANGUAGE_CODE):
        return f"{photo.url} © {credit} ({photo.license.code})"
