"""Lists that took a search, or a look around: kept as they are while the content stays as it is."""

from __future__ import annotations

from typing import NamedTuple

from django.core.cache import caches

from apps.api.v1.conditional import etag_of
from apps.api.v1.landmark_rows import State

KEPT_SECONDS = 600
# Each process keeps a hundred of them.
LARGEST_BYTES = 100_000


class KeptList(NamedTuple):
    """The body of an answer, good while the content is in this state."""

    state: State
    body: bytes


def kept(*known: object) -> KeptList | None:
    """Return what was kept for a request, whatever the content is by now.

    known: all that makes its answer what it is but for the content.
    """
    return caches["answers"].get(_name(known))


def keep(body: bytes, state: State, *known: object) -> None:
    if len(body) <= LARGEST_BYTES:
        caches["answers"].set(_name(known), KeptList(state, body), KEPT_SECONDS)


def _name(known: tuple[object, ...]) -> str:
    return etag_of(*known).strip('"')
