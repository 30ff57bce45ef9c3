"""What must be true of the database before Gilnun uses it."""

from __future__ import annotations

from django.core import checks
from django.db import Error, connections


@checks.register(checks.Tags.database)
def hangul_has_trigrams(app_configs, databases=None, **kwargs) -> list[checks.CheckMessage]:
    """With LC_CTYPE "C" or the builtin provider pg_trgm sees no letters in Hangul."""
    problems = []
    for alias in databases or []:
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
                if cursor.fetchone() is None:
                    continue
                cursor.execute("SELECT cardinality(show_trgm(normalize('첨성대', NFD)))")
                found = cursor.fetchone()[0]
        except Error as error:
            problems.append(checks.Error(f"{alias}: {error}", id="gilnun.E002"))
            continue
        if not found:
            problems.append(
                checks.Error(
                    f"Database {alias!r} finds no trigrams in Hangul: Korean search cannot work.",
                    hint="Create the database with LC_CTYPE 'C.UTF-8' or 'ko_KR.UTF-8' (libc).",
                    id="gilnun.E001",
                )
            )
    return problems
