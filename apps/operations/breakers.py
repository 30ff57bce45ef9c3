"""Breakers: a part outside that keeps failing is left alone for a moment, by every process.

Their state is a row, so that what one process learns saves all others from waiting.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils import timezone

from apps.operations.models import Breaker
from apps.operations.statements import fetch_one

FAILURES_TO_OPEN = 5
FAILURE_WINDOW = timedelta(seconds=10)
OPEN_FOR = timedelta(seconds=3)
# Nobody asked for so long: whether the part still fails is not known any more.
FORGOTTEN_AFTER = timedelta(seconds=30)

# Asked for every photo: see statements.py.
_NOTED = f"""
    SELECT open_until FROM {Breaker._meta.db_table}
    WHERE name = %s AND (failures <> '{{}}' OR open_until IS NOT NULL)
"""  # nosec B608


class BreakerOpen(Exception):
    """The part failed repeatedly a moment ago and is not asked now."""


class CircuitBreaker:
    """Stops asking a part that keeps failing; lets one question through now and then."""

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self) -> bool:
        """Return whether failures are noted that a success should clear.

        Raises BreakerOpen while the breaker is open, and while another process tries whether
        the part is back.
        """
        now = timezone.now()
        noted = fetch_one(_NOTED, [self.name], using=DEFAULT_DB_ALIAS)
        if noted is None:
            return False
        if noted == (None,):
            return True
        # One statement: of many who come when its time is over, one asks and the others wait.
        probes = self._rows().filter(open_until__lte=now).update(open_until=now + OPEN_FOR)
        if not probes:
            raise BreakerOpen(self.name)
        return True

    def succeeded(self) -> None:
        """Close it. Needs no call where `check` said that nothing is noted."""
        troubled = ~Q(failures=[]) | Q(open_until__isnull=False)
        self._rows().filter(troubled).update(failures=[], open_until=None, opened_at=None)

    def failed(self) -> None:
        """Note a failure; some of them within a few seconds open it."""
        now = timezone.now()
        with transaction.atomic(using=DEFAULT_DB_ALIAS):
            row, _ = Breaker.objects.select_for_update().get_or_create(name=self.name)
            recent = [at for at in row.failures if at > now - FAILURE_WINDOW]
            row.failures = [*recent, now][-FAILURES_TO_OPEN:]
            # The only question that passes an open one is the probe: it need not fail five times.
            if row.open_until or len(row.failures) == FAILURES_TO_OPEN:
                row.open_until = now + OPEN_FOR
                row.opened_at = row.opened_at or now
            row.save()

    def is_open(self) -> bool:
        return self._rows().filter(open_until__gt=timezone.now()).exists()

    def open_since(self) -> datetime | None:
        """Return since when the part has been failing; None where it is not, as far as is known."""
        known = self._rows().filter(open_until__gt=timezone.now() - FORGOTTEN_AFTER)
        return known.values_list("opened_at", flat=True).first()

    def _rows(self):
        # Of the source: a replica may be a moment behind.
        return Breaker.objects.using(DEFAULT_DB_ALIAS).filter(name=self.name)
