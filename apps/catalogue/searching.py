"""The search: what somebody wrote becomes patterns, and landmarks are found by them, best first.

Ranked: same name, beginning of a name, part of a name, address; of two alike the official name
first. Where few places have what was written, those follow that have what may have been meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import BooleanField, F, FloatField, Func, QuerySet, Value

from apps.catalogue.spelling import Guesses, pieces_of, search_form
from apps.operations.statements import fetch_all, fetch_one

INITIAL_CONSONANTS = re.compile(r"[ㄱ-ㅎ\s]+")
# Fewer letters have no trigram: they are looked for where a name begins.
INFIX_LETTERS = 3
# What stands in so many public places is no slip.
ENOUGH = 20
# From so many letters on two slips are still like one name and no other.
LIKENESS_LETTERS = 8
MOST_ALIKE = 8
# Columns of SearchEntry.
NAMES, INITIALS = "form", "initials"
ADDRESS = 3.0
# All that was meant comes after all that was written.
MEANT = 10.0
PART = ("%{}%",)
BEGINNING = ("%\n{}%", "%\t{}%")

FOUND = """
SELECT {rank} AS search_rank, slug, landmark_id AS id FROM catalogue_searchentry
 WHERE published AND ({matching}) ORDER BY search_rank, slug LIMIT %s"""
EXISTING = "SELECT EXISTS (SELECT FROM catalogue_searchentry WHERE published AND ({matching}))"
KNOWN = "ARRAY(SELECT text FROM catalogue_namepiece WHERE text = ANY(%s))"
# How many places have what was written, as far as there are not enough.
HELD = f"""
SELECT (SELECT count(*) FROM (SELECT FROM catalogue_searchentry
         WHERE published AND form LIKE %s LIMIT %s) held), {KNOWN}"""  # nosec B608
# Apart, so that the few rows wanted of it do not make the database read the whole table for them.
ALIKE = r"""
WITH alike AS MATERIALIZED (
    SELECT form FROM catalogue_searchentry WHERE published AND form %%> %(form)s)
SELECT name FROM (SELECT form FROM alike LIMIT 40) near
 CROSS JOIN LATERAL regexp_split_to_table(split_part(form, E'\v', 1), E'[\n\t]+') name
 WHERE name %%> %(form)s
 GROUP BY name ORDER BY word_similarity(%(form)s, name) DESC, name LIMIT %(most)s"""


class Sought(NamedTuple):
    """What is looked for in a column of SearchEntry.

    forms: as they are stored there, any of them; shapes: the patterns of a form, any of them.
    """

    column: str
    forms: Sequence[str]
    shapes: Sequence[str] = PART

    def matching(self, column: str) -> tuple[str, list]:
        """Return a condition and its values; each of its patterns goes through the index."""
        patterns = [pattern(shape, form) for form in self.forms for shape in self.shapes]
        return " OR ".join([f"{column} LIKE %s"] * len(patterns)), patterns

    def found(self, most: int | None) -> tuple[str, list]:
        """Return a statement, and its values, that finds the first places: rank, slug, id."""
        matching, patterns = self.matching(self.column)
        rank, values = self.rank(self.column)
        return FOUND.format(matching=matching, rank=rank), [*values, *patterns, most]

    def rank(self, column: str) -> tuple[str, list]:
        """Return an expression for how well a place fits, the less the better, and its values.

        SearchEntry writes official names between line ends, others between tabs.
        """
        values = []

        def has(shape: str, text: str = column) -> str:
            # LIKE compares at every letter: many times slower on letters of several bytes.
            values.extend(shape.format(form) for form in self.forms)
            return f"({' OR '.join([f'strpos({text}, %s) > 0'] * len(self.forms))})"

        # In this order they stand below, and so do their values.
        in_name = has("{}", f"split_part({column}, E'\\v', 1)")
        official_begins, is_official, is_other = has("\n{}"), has("\n{}\n"), has("\t{}\t")
        other_begins, is_other_again = has("\t{}"), has("\t{}\t")
        in_official = has("{}", f"split_part({column}, E'\\t', 1)")
        # Without their type the numbers are numeric, which takes long to convert.
        rank = f"""(CASE
            WHEN NOT {in_name} THEN {ADDRESS}::float8
            WHEN {official_begins} THEN
                CASE WHEN {is_official} THEN 0 WHEN {is_other} THEN 0.5::float8 ELSE 1 END
            WHEN {other_begins} THEN
                CASE WHEN {is_other_again} THEN 0.5::float8 ELSE 1.5::float8 END
            WHEN {in_official} THEN 2 ELSE 2.5::float8 END)"""
        return rank, values


class Matching(Func):
    """Whether a column of SearchEntry has what is sought."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, column: F, *sought: Sought):
        super().__init__(column)
        self.sought = sought

    def as_sql(self, compiler, connection, **_):
        column, _ = compiler.compile(self.source_expressions[0])
        found = [each.matching(column) for each in self.sought]
        condition = " OR ".join(each for each, _ in found)
        return f"({condition})", [value for _, values in found for value in values]


class Rank(Func):
    """How well a column of SearchEntry has what is sought, the less the better."""

    output_field = FloatField()

    def __init__(self, column: F, *sought: Sought):
        super().__init__(column)
        self.sought = sought

    def as_sql(self, compiler, connection, **_):
        column, _ = compiler.compile(self.source_expressions[0])
        written, *meant = self.sought
        rank, values = written.rank(column)
        for each in meant:
            condition, wanted = written.matching(column)
            other_rank, others = each.rank(column)
            rank = f"CASE WHEN {condition} THEN {rank} ELSE {MEANT} + {other_rank} END"
            values = [*wanted, *values, *others]
        return rank, values


def searched(rows: QuerySet, words: str, *, entry: str = "") -> QuerySet:
    """Return the rows that words find, with `search_rank`, best first.

    entry: how one gets from a row to its SearchEntry. What may have been meant is asked at once.
    """
    written = sought_by(words)
    if written is None:
        return rows.none().annotate(search_rank=Value(0.0)).order_by("slug")
    meant = meant_by(words, written)
    sought = [written, *([meant] if meant else [])]
    column = F(f"{entry}{written.column}")
    return (
        rows.filter(Matching(column, *sought))
        .annotate(search_rank=Rank(column, *sought))
        # The same slug; of the rows themselves an index is then enough to count and sort them.
        .order_by("search_rank", f"{entry}slug")
    )


def matching_landmarks(words: str, *, most: int | None = None) -> list[int]:
    """Return the numbers of the published landmarks that words find, best first."""
    written = sought_by(words)
    if written is None:
        return []
    found = _numbers(written, most)
    if len(found) >= (most or ENOUGH) or not (meant := meant_by(words, written)):
        return found
    return list(dict.fromkeys([*found, *_numbers(meant, most)]))[:most]


def sought_by(words: str) -> Sought | None:
    """Return what words look for; None where they have no letter."""
    column, form = NAMES, search_form(words)
    if INITIAL_CONSONANTS.fullmatch(words):
        column, form = INITIALS, "".join(words.split())
    if not form:
        return None
    if len(form) < INFIX_LETTERS:
        beginning = Sought(column, [form], BEGINNING)
        matching, values = beginning.matching(column)
        if fetch_one(EXISTING.format(matching=matching), values)[0]:
            return beginning
    return Sought(column, [form])


def meant_by(words: str, written: Sought) -> Sought | None:
    """Return what may have been meant instead; None where enough places have what was written."""
    pieces = pieces_of(words) if written.column == NAMES else None
    if not pieces:
        return None
    (form,) = written.forms
    # Of a single piece one learns nothing about where the slip is: it is asked for with the others.
    guesses = Guesses(words, set()) if len(pieces) == 1 else None
    asked = guesses.pieces if guesses else pieces
    held, known = fetch_one(HELD, [pattern(*PART, form), ENOUGH, list(asked)])
    if held >= ENOUGH:
        return None
    if guesses is None:
        guesses = Guesses(words, set(known))
        (known,) = fetch_one(f"SELECT {KNOWN}", [list(guesses.pieces)])
    meant = [search_form(each) for each in guesses.meant(set(known))]
    if not meant and not held and len(form) >= LIKENESS_LETTERS:
        meant = [row[0] for row in fetch_all(ALIKE, {"form": form, "most": MOST_ALIKE})]
    return Sought(written.column, meant) if meant else None


def pattern(shape: str, form: str) -> str:
    """Return what LIKE understands; letters that mean something to it are escaped."""
    return shape.format(re.sub(r"([\\%_])", r"\\\1", form))


def _numbers(sought: Sought, most: int | None) -> list[int]:
    statement, values = sought.found(most)
    statement = f"SELECT id FROM ({statement}) found ORDER BY search_rank, slug"  # nosec B608
    return [key for (key,) in fetch_all(statement, values)]
