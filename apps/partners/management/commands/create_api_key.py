"""Make an API key and show it once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from apps.partners.models import Scope
from apps.partners.services import create_api_key


class Command(BaseCommand):
    help = "Make an API key; its text is shown this one time."

    def add_arguments(self, parser) -> None:
        parser.add_argument("name")
        parser.add_argument("--scope", nargs="+", required=True, choices=Scope.values)
        parser.add_argument("--per-minute", type=int)
        parser.add_argument("--per-day", type=int)
        parser.add_argument("--expires", help="a date, or a date and time, in UTC")

    def handle(self, *, name, scope, per_minute, per_day, expires, **options) -> None:
        made = create_api_key(
            name=name,
            scopes=[Scope(value) for value in scope],
            per_minute=per_minute,
            per_day=per_day,
            expires_at=_moment(expires),
            at=timezone.now(),
        )
        self.stdout.write(
            json.dumps({"id": made.row.pk, "prefix": made.row.prefix, "key": made.text})
        )


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        if day := parse_date(text):
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        if moment := parse_datetime(text):
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        pass
    raise CommandError(f"{text!r} is not a date such as 2027-01-31.")
