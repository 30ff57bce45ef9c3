"""Landmarks and licenses by what lists and folders call them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from apps.catalogue.models import Landmark, License

MOST_KEPT = 5000


class Names:
    """Finds by name, and asks the database once a name."""

    def __init__(self) -> None:
        self._landmarks: dict[str, Landmark | None] = {}
        self._licenses: dict[str, License | None] = {}

    def landmark(self, names: Sequence[str]) -> Landmark | None:
        """Return the landmark of the first name that means just one."""
        return _first(names, self._landmarks, _landmark_named)

    def license(self, names: Sequence[str]) -> License | None:
        """Return the license of the first code, address or name that is known."""
        return _first(names, self._licenses, _license_named)


def _first(names: Sequence[str], kept: dict, find):
    for name in names:
        if name not in kept:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[name] = find(name)
        if kept[name] is not None:
            return kept[name]
    return None


def _landmark_named(name: str) -> Landmark | None:
    """By slug, by a number elsewhere (aihub:2501, wikidata:Q483551), by a name of it alone."""
    if found := Landmark.objects.filter(slug=name).first():
        return found
    system, _, number = name.partition(":")
    if number and (found := Landmark.objects.filter(external_ids__contains={system: number})[:2]):
        return found[0] if len(found) == 1 else None
    named = Landmark.objects.filter(names__text=name).order_by("pk").distinct()[:2]
    return named[0] if len(named) == 1 else None


def _license_named(name: str) -> License | None:
    address = name.split("://")[-1].rstrip("/").removesuffix("/deed.ko").removesuffix("/deed.en")
    of_address = Q(url__iregex=rf"^https?://{_escaped(address)}/?$") if "/" in address else Q()
    wanted = Q(code__iexact=name) | Q(name__iexact=name)
    return License.objects.filter(wanted | of_address if of_address else wanted).first()


def _escaped(text: str) -> str:
    return "".join(letter if letter.isalnum() else f"\\{letter}" for letter in text)
