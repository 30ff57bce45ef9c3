"""Which of several names to show to a visitor."""

from __future__ import annotations

from collections.abc import Iterable

FIRST_LANGUAGE = "ko"


def name_for(names: Iterable, language: str, kind: str = "official") -> str:
    """Return the name of that kind in a language, else in Korean, else any; "" without names."""
    best = ""
    best_rank = 4
    for name in names:
        rank = (
            0
            if name.language == language and name.kind == kind
            else 1
            if name.language == FIRST_LANGUAGE and name.kind == kind
            else 2
            if name.kind == kind
            else 3
        )
        if rank < best_rank:
            best, best_rank = name.text, rank
    return best
