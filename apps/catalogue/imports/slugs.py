"""Addresses for new landmarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from django.db.models import F, Func, Model, Value

from apps.catalogue.models import Landmark, LandmarkRedirect
from apps.catalogue.romanization import ascii_slug

LONGEST = 100


def free_slugs(names: Sequence[tuple[str, str]], *, taken: Iterable[str] = ()) -> list[str]:
    """Return an unused address for each pair of an English or romanized, and a Korean name.

    A number follows where one is taken. Addresses in `taken` are not given either.
    """
    bases = [slug_from(latin, korean) for latin, korean in names]
    used = {*taken, *_used(set(bases))}
    slugs = []
    for base in bases:
        slug = next(
            candidate
            for number in count(1)
            if (candidate := base if number == 1 else f"{base}-{number}") not in used
        )
        used.add(slug)
        slugs.append(slug)
    return slugs


def slug_from(latin: str, korean: str) -> str:
    wanted = ascii_slug(latin) or ascii_slug(korean)
    return wanted[:LONGEST].strip("-") or "landmark"


def _used(bases: set[str]) -> set[str]:
    """Return which of some addresses are used, and for those the ones with a number too."""
    used = {
        slug
        for model, field in ((Landmark, "slug"), (LandmarkRedirect, "old_slug"))
        for slug in model.objects.filter(**{f"{field}__in": bases}).values_list(field, flat=True)
    }
    if repeated := used & bases:
        used |= _numbered(Landmark, "slug", repeated)
        used |= _numbered(LandmarkRedirect, "old_slug", repeated)
    return used


def _numbered(model: type[Model], field: str, bases: set[str]) -> set[str]:
    """Return the addresses that are one of some with a number behind it."""
    # One look at every address; a pattern for each base would look at all of them each time.
    base = Func(F(field), Value(r"-\d+$"), Value(""), function="regexp_replace")
    found = model.objects.annotate(base=base).filter(base__in=bases)
    return set(found.values_list(field, flat=True))
