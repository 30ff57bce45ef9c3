"""Import a list of landmarks from a CSV file."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from apps.catalogue.importing import (
    RowRefused,
    UnreadableFile,
    publication_blockers,
    read_rows,
)
from apps.catalogue.services import save_landmark_row


class Command(BaseCommand):
    help = "Make or update landmarks from a CSV file with the columns of docs/importing.md."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check only; change nothing")
        parser.add_argument("--publish", action="store_true", help="publish rows that are complete")

    def handle(self, *, file: Path, dry_run: bool, publish: bool, **options) -> None:
        counts = Counter(created=0, updated=0, unchanged=0)
        refused = []
        try:
            # utf-8-sig: spreadsheets put a byte order mark before the first column's name.
            with file.open(encoding="utf-8-sig", newline="") as lines, transaction.atomic():
                for number, checked in enumerate(read_rows(lines), start=1):
                    if reason := self._take(checked, publish, counts):
                        refused.append({"line": checked.line, "reason": reason})
                    if number % 500 == 0:
                        self.stderr.write(f"{number} rows")
                if dry_run:
                    transaction.set_rollback(True)
        except (OSError, UnicodeDecodeError, UnreadableFile) as reason:
            self.stdout.write(json.dumps({"error": str(reason)}, ensure_ascii=False))
            sys.exit(2)
        self.stdout.write(json.dumps({**counts, "refused": refused}, ensure_ascii=False))
        if refused:
            sys.exit(1 if sum(counts.values()) else 2)

    def _take(self, checked, publish: bool, counts: Counter) -> str:
        """Save one row; return why it was refused, or ""."""
        if checked.row is None:
            return checked.refused
        blockers = publication_blockers(checked.row) if publish else []
        try:
            outcome = save_landmark_row(
                checked.row, publish=publish and not blockers, at=timezone.now()
            )
        except RowRefused as reason:
            return str(reason)
        counts[outcome] += 1
        if blockers:
            return f"kept as a draft: {', '.join(blockers)}"
        return ""
