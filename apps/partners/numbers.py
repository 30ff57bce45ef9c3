"""How much a partner's keys were used, by day and operation."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from apps.partners.models import ApiKey, KeyUsage

LONGEST_PERIOD = 366
CHART_WIDTH, CHART_HEIGHT = 720, 180


class Used(NamedTuple):
    operation: str
    used: int


class Day(NamedTuple):
    """One day (UTC) of the period; a day without requests has no operations."""

    day: date
    used: int
    operations: list[Used]


class Bar(NamedTuple):
    """A rectangle in units of the chart, and what it stands for."""

    day: date
    used: int
    x: float
    y: float
    width: float
    height: float
    labelled: bool  # whether its day is written below


def usage_by_day(keys: Iterable[ApiKey], *, days: int, at: datetime) -> list[Day]:
    """Return the last days, today's last; `days` is at most LONGEST_PERIOD."""
    today = at.astimezone(UTC).date()
    first = today - timedelta(days=min(days, LONGEST_PERIOD) - 1)
    found: dict[date, dict[str, int]] = {}
    rows = KeyUsage.objects.filter(key__in=keys, day__gte=first).order_by("operation")
    for row in rows:
        operations = found.setdefault(row.day, {})
        operations[row.operation] = operations.get(row.operation, 0) + row.used
    period = (first + timedelta(days=number) for number in range((today - first).days + 1))
    return [
        Day(day, sum(of_day.values()), [Used(*pair) for pair in of_day.items()])
        for day in period
        for of_day in [found.get(day, {})]
    ]


def chart(days: Sequence[Day]) -> list[Bar]:
    """Draw the requests of each day as a bar; the highest fills the chart."""
    most = max((day.used for day in days), default=0)
    step = CHART_WIDTH / max(1, len(days))
    labels = max(1, -(-len(days) // 6))
    bars = []
    for place, day in enumerate(days):
        height = round(CHART_HEIGHT * day.used / most, 2) if most else 0.0
        x = round(place * step + step * 0.1, 2)
        width = round(step * 0.8, 2)
        labelled = place % labels == 0
        bars.append(Bar(day.day, day.used, x, CHART_HEIGHT - height, width, height, labelled))
    return bars


def as_csv(days: Sequence[Day]) -> str:
    """Return day, operation and requests, one line for what was used."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["day", "operation", "requests"])
    for day in days:
        table.writerows([day.day.isoformat(), *used] for used in day.operations)
    return out.getvalue()
