"""Write landmarks, names or articles to a file that can be imported again."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Q, QuerySet
from django.utils import translation

from apps.catalogue.exporting.export import export_of
from apps.catalogue.exporting.formats import FORMATS, Row
from apps.catalogue.models import Landmark

ROWS_BETWEEN_LINES = 5000


class Command(BaseCommand):
    help = "Write landmarks, names or articles as CSV, XLSX or JSON: docs/importing.md."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--output", type=Path, required=True)
        parser.add_argument("--kind", choices=settings.EXPORT_KINDS, default="landmarks")
        parser.add_argument("--format", choices=FORMATS, help="else told by the output's name")
        parser.add_argument("--state", choices=Landmark.State.values)
        parser.add_argument("--region", help="its code; with everything within")
        parser.add_argument("--category", help="its code; with everything below")
        parser.add_argument("--source")
        parser.add_argument("--search", help="part of a name, as in the search of the site")

    def handle(self, *, output: Path, kind: str, format: str | None, **options) -> None:
        name = format or output.suffix.removeprefix(".")
        if name not in FORMATS:
            self._end({"error": f"give --format, or a name that ends in {', '.join(FORMATS)}"}, 2)
        with translation.override("en"):
            export = export_of(kind)()
            self.count = 0
            rows = self._counted(export.rows(_chosen(**options)))
            # The file of that name is the old one or the whole new one.
            half = output.with_name(f"{output.name}.{os.getpid()}")
            try:
                with half.open("wb") as file:
                    file.writelines(FORMATS[name].write(export.columns, rows))
                half.replace(output)
            except OSError as reason:
                self._end({"error": str(reason)}, 2)
            finally:
                half.unlink(missing_ok=True)
        self._end({"kind": kind, "rows": self.count, "output": str(output)}, 0)

    def _counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self.count += 1
            if self.count % ROWS_BETWEEN_LINES == 0:
                self.stderr.write(f"{self.count} rows")
            yield row

    def _end(self, report: dict, status: int) -> None:
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if status:
            sys.exit(status)


def _chosen(
    *,
    state: str | None,
    region: str | None,
    category: str | None,
    source: str | None,
    search: str | None,
    **_options,
) -> QuerySet[Landmark]:
    landmarks = Landmark.objects.order_by("pk")
    if state:
        landmarks = landmarks.filter(state=state)
    if region:
        landmarks = landmarks.filter(Q(region__code=region) | Q(region__parent__code=region))
    if category:
        below = Q(category__parent__slug=category) | Q(category__parent__parent__slug=category)
        landmarks = landmarks.filter(Q(category__slug=category) | below)
    if source:
        landmarks = landmarks.filter(source=source)
    return landmarks.search(search) if search else landmarks
