"""What happened on each day, and how the tasks stood at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from django.db import connection

from apps.annotation.numbers.period import TABLES, Period

STATES = ("open", "leased", "submitted", "accepted", "returned", "skipped")


class DayNumbers(NamedTuple):
    """One day: what was done, then the tasks by their state at the day's end."""

    day: date
    submitted: int
    accepted: int
    returned: int
    skipped: int
    open_at_end: int
    leased_at_end: int
    submitted_at_end: int
    accepted_at_end: int
    returned_at_end: int
    skipped_at_end: int


# Most tasks are opened, leased, submitted and judged once: each of these says by itself what the
# task was before. Only of those that were skipped, drawn again or are held now, the order of
# events has to be looked at. A lease that ended unused left no trace.
_CHANGES = """
    WITH tangled AS MATERIALIZED (
        SELECT task_id AS id FROM {skip}
        UNION SELECT task_id FROM {annotation} WHERE origin = 'drawn' AND NOT current
        UNION SELECT id FROM {task} WHERE state = 'leased'
    ),
    drawn AS MATERIALIZED (
        SELECT t.id AS task, a.created_at AS at,
            a.created_at - make_interval(secs => coalesce(a.seconds, 0)) AS began,
            t.id IN (SELECT id FROM tangled) AS tangled
        FROM {annotation} AS a JOIN {task} AS t ON t.id = a.task_id
        WHERE a.origin = 'drawn' AND t.check_of_id IS NULL{drawn}
    ),
    reviewed AS MATERIALIZED (
        SELECT t.id AS task, r.created_at AS at,
            CASE r.verdict WHEN 'returned' THEN 'returned' ELSE 'accepted' END AS state
        FROM {review} AS r JOIN {annotation} AS a ON a.id = r.annotation_id
        JOIN {task} AS t ON t.id = a.task_id WHERE t.check_of_id IS NULL{drawn}
    ),
    happened AS (
        SELECT task, began AS at, 1 AS place, 'leased' AS state FROM drawn WHERE tangled
        UNION ALL SELECT task, at, 2, 'submitted' FROM drawn WHERE tangled
        UNION ALL SELECT task, at, 3, state FROM reviewed
            WHERE task IN (SELECT id FROM tangled)
        UNION ALL
        SELECT t.id, s.skipped_at, 3, 'skipped' FROM {skip} AS s JOIN {task} AS t
            ON t.id = s.task_id WHERE t.check_of_id IS NULL{skips}
        UNION ALL
        SELECT t.id, t.leased_at, 1, 'leased' FROM {task} AS t
        WHERE t.state = 'leased' AND t.check_of_id IS NULL{held}
    ),
    changes AS (
        SELECT at, state,
            lag(state, 1, {untouched}) OVER (PARTITION BY task ORDER BY at, place) AS before
        FROM happened
        UNION ALL SELECT began, 'leased', {untouched} FROM drawn WHERE NOT tangled
        UNION ALL SELECT at, 'submitted', 'leased' FROM drawn WHERE NOT tangled
        UNION ALL SELECT at, state, 'submitted' FROM reviewed
            WHERE task NOT IN (SELECT id FROM tangled)
    )
    SELECT (greatest(at, %(since)s) AT TIME ZONE %(zone)s)::date, state, before,
        at >= %(since)s, count(*)
    FROM changes WHERE at < %(until)s GROUP BY 1, 2, 3, 4
"""
# What an import brought was never open.
_MADE = """
    SELECT (greatest(i.created_at, %(since)s) AT TIME ZONE %(zone)s)::date,
        CASE WHEN t.annotator_id IS NULL AND t.state IN ('submitted', 'accepted') THEN t.state
            ELSE 'open' END,
        '', FALSE, count(*)
    FROM {task} AS t JOIN {image} AS i ON i.id = t.image_id
    WHERE t.check_of_id IS NULL AND i.created_at < %(until)s{made} GROUP BY 1, 2
"""


def by_day(period: Period) -> list[DayNumbers]:
    """Return each day of the period, those without work too."""
    done: dict[date, Counter] = {day: Counter() for day in period.days}
    moved: dict[date, Counter] = {day: Counter() for day in period.days}
    for day, state, before, counts, count in _changes(period):
        moved[day][state] += count
        moved[day][before] -= count
        if counts:
            done[day][state] += count
    standing: Counter = Counter()
    days = []
    for day in period.days:
        standing.update(moved[day])
        days.append(
            DayNumbers(
                day,
                *(done[day][state] for state in ("submitted", "accepted", "returned", "skipped")),
                *(standing[state] for state in STATES),
            )
        )
    return days


def _changes(period: Period) -> Iterator[tuple[date, str, str, bool, int]]:
    """Yield how many tasks went from which state to which on a day, and whether it counts as
    done in the period; what happened before it stands on its first day."""
    of_one_person = period.person is not None
    parts = {
        "drawn": period.narrowed(person="a.by_id"),
        "held": period.narrowed(person="t.holder_id"),
        "skips": period.narrowed(person="s.annotator_id"),
        "made": period._replace(person=None).narrowed(person=""),
        # Of one person's work, what is open is not theirs yet.
        "untouched": "''" if of_one_person else "'open'",
    }
    with connection.cursor() as cursor:
        for statement in (_CHANGES,) if of_one_person else (_MADE, _CHANGES):
            cursor.execute(statement.format(**parts, **TABLES), period.values)
            yield from cursor.fetchall()
