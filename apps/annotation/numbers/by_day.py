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


# A lease that ended unused left no trace: its task counts as what it was before. What an
# import brought was never open.
_HAPPENED = """
    SELECT t.id AS task, i.created_at AS at, 0 AS place,
        CASE WHEN t.annotator_id IS NULL AND t.state IN ('submitted', 'accepted') THEN t.state
            ELSE 'open' END AS state
    FROM {task} AS t JOIN {image} AS i ON i.id = t.image_id WHERE t.check_of_id IS NULL{tasks}
    UNION ALL
    SELECT t.id, a.created_at - make_interval(secs => a.seconds), 1, 'leased'
    FROM {annotation} AS a JOIN {task} AS t ON t.id = a.task_id
    WHERE a.origin = 'drawn' AND a.seconds IS NOT NULL AND t.check_of_id IS NULL{drawn}
    UNION ALL
    SELECT t.id, t.leased_at, 1, 'leased' FROM {task} AS t
    WHERE t.state = 'leased' AND t.check_of_id IS NULL{held}
    UNION ALL
    SELECT t.id, a.created_at, 2, 'submitted'
    FROM {annotation} AS a JOIN {task} AS t ON t.id = a.task_id
    WHERE a.origin = 'drawn' AND t.check_of_id IS NULL{drawn}
    UNION ALL
    SELECT t.id, r.created_at, 3, CASE r.verdict WHEN 'returned' THEN 'returned' ELSE 'accepted' END
    FROM {review} AS r JOIN {annotation} AS a ON a.id = r.annotation_id
    JOIN {task} AS t ON t.id = a.task_id
    WHERE t.check_of_id IS NULL{drawn}
    UNION ALL
    SELECT t.id, s.skipped_at, 3, 'skipped'
    FROM {skip} AS s JOIN {task} AS t ON t.id = s.task_id WHERE t.check_of_id IS NULL{skips}
"""
_CHANGES = """
    WITH happened AS ({happened}),
    steps AS (
        SELECT (greatest(at, %(since)s) AT TIME ZONE %(zone)s)::date AS day, state,
            lag(state) OVER (PARTITION BY task ORDER BY at, place) AS before,
            at >= %(since)s AND place > 0 AS counts
        FROM happened WHERE at < %(until)s
    )
    SELECT day, state, coalesce(before, ''), counts, count(*) FROM steps GROUP BY 1, 2, 3, 4
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
    # Of one person's work, what is open is not theirs yet.
    nobodys = " AND FALSE" if period.person is not None else ""
    happened = _HAPPENED.format(
        tasks=period._replace(person=None).narrowed(person="") + nobodys,
        drawn=period.narrowed(person="a.by_id"),
        held=period.narrowed(person="t.holder_id"),
        skips=period.narrowed(person="s.annotator_id"),
        **TABLES,
    )
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES.format(happened=happened), period.values)
        yield from cursor.fetchall()
