"""Addresses for new landmarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import count
from operator import or_

from django.db.models import Q

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
    used = _of(Q(slug__in=bases), Q(old_slug__in=bases))
    if repeated := used & bases:
        numbered = [rf"^{base}-\d+$" for base in repeated]
        used |= _of(
            reduce(or_, (Q(slug__regex=pattern) for pattern in numbered)),
            reduce(or_, (Q(old_slug__regex=pattern) for pattern in numbered)),
        )
    return used


def _of(landmarks: Q, redirects: Q) -> set[str]:
    return {
        *Landmark.objects.filter(landmarks).values_list("slug", flat=True),
        *LandmarkRedirect.objects.filter(redirects).values_list("old_slug", flat=True),
    }
