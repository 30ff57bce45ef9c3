"""Which of several names to show to a visitor."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Case, IntegerField, Q, QuerySet, Subquery, Value, When

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


def shown_name(names: QuerySet, language: str) -> Subquery:
    """Let the database choose what `name_for` would, of names filtered to those of one row."""
    rank = Case(
        When(Q(kind="official", language=language), then=Value(0)),
        When(Q(kind="official", language=FIRST_LANGUAGE), then=Value(1)),
        When(kind="official", then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return Subquery(names.order_by(rank, "pk").values("text")[:1])
