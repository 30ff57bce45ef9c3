"""Import a list of landmarks, names or articles from a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone, translation

from apps.catalogue.importing import UnreadableFile
from apps.catalogue.importing.problems import Level, Outcome, Problem
from apps.catalogue.imports.flow import check_now, forget, import_now, open_import, stop
from apps.catalogue.models import CatalogueImport, CatalogueImportRow


class Command(BaseCommand):
    help = "Make or update landmarks, names or articles from CSV, XLSX or JSON: docs/importing.md."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", choices=settings.IMPORT_KINDS, default="landmarks")
        parser.add_argument("--dry-run", action="store_true", help="check only; change nothing")
        parser.add_argument("--publish", action="store_true", help="publish rows that are complete")
        parser.add_argument(
            "--swap-coordinates", action="store_true", help="mend swapped latitude and longitude"
        )
        parser.add_argument(
            "--known-categories", action="store_true", help="refuse categories that are not there"
        )

    def handle(self, *, file: Path, dry_run: bool, **options) -> None:
        # What a program reads stays the same on every machine.
        with translation.override("en"):
            try:
                held = self._open(file, **options)
            except (OSError, UnreadableFile) as reason:
                self._end({"error": str(reason)}, 2)
            report = self._dry_run(held) if dry_run else self._import(held)
        done = report["created"] + report["updated"] + report["unchanged"]
        self._end(report, 0 if not report["refused"] else 1 if done else 2)

    def _open(self, file: Path, **options) -> CatalogueImport:
        with file.open("rb") as content:
            return open_import(
                content,
                kind=options["kind"],
                name=file.name,
                size=file.stat().st_size,
                by=None,
                by_name="import_landmarks",
                publish=options["publish"],
                swap=options["swap_coordinates"],
                new_categories=not options["known_categories"],
                at=timezone.now(),
            )

    def _dry_run(self, held: CatalogueImport) -> dict:
        try:
            return self._report(check_now(held, said=self._say))
        except UnreadableFile as reason:
            self._end({"error": str(reason)}, 2)
        finally:
            forget(held)

    def _import(self, held: CatalogueImport) -> dict:
        try:
            return self._report(import_now(held, at=timezone.now(), said=self._say))
        except UnreadableFile as reason:
            forget(held)
            self._end({"error": str(reason)}, 2)
        except KeyboardInterrupt:
            # The next import of the file finds what this one wrote, and goes on after it.
            stop(held, by=None, at=timezone.now())
            raise

    def _say(self, held: CatalogueImport) -> None:
        self.stderr.write(f"{held.get_state_display()}: {held.handled} rows")

    def _report(self, held: CatalogueImport) -> dict:
        counts = {name: getattr(held, name) for name in ("created", "updated", "unchanged")}
        refused = list(_refused(held))
        for line in _warnings(held):
            self.stderr.write(line)
        return {**counts, "refused": refused}

    def _end(self, report: dict, status: int) -> None:
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if status:
            sys.exit(status)


def _refused(held: CatalogueImport) -> Iterator[dict]:
    """Yield refused rows, and drafts that were to be published."""
    for row in _rows(held):
        for level, *said in row.problems:
            if level == Level.DRAFT or row.outcome == Outcome.REFUSED:
                yield {"line": row.line, "reason": Problem(level, *said).told({})}
                break


def _warnings(held: CatalogueImport) -> Iterator[str]:
    for row in _rows(held):
        for level, *said in row.problems:
            if level == Level.WARNING and row.outcome != Outcome.REFUSED:
                yield f"line {row.line}: {Problem(level, *said).told({})}"


def _rows(held: CatalogueImport) -> Iterator[CatalogueImportRow]:
    rows = CatalogueImportRow.objects.filter(held=held).exclude(problems=[])
    return rows.order_by("position").iterator(chunk_size=1000)
