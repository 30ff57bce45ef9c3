"""Remove files of the storage that no row names, and name rows whose file is missing."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.operations.stored_files import missing_files, orphaned_files

SHOWN = 100


class Command(BaseCommand):
    help = "Remove files that no row names; list rows whose file is missing."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument(
            "--older-than-hours", type=float, default=24, help="younger files may be on their way"
        )

    def handle(self, *, dry_run: bool, older_than_hours: float, **options) -> None:
        before = timezone.now() - timedelta(hours=older_than_hours)
        orphans = []
        for name in orphaned_files(before=before):
            orphans.append(name)
            if not dry_run:
                default_storage.delete(name)
            if len(orphans) % 1000 == 0:
                self.stderr.write(f"{len(orphans)} files without a row")
        missing = [
            {"kind": each.model._meta.label_lower, "id": str(each.key), "file": each.name}
            for each in missing_files()
        ]
        report = {
            "orphans": len(orphans),
            "removed": 0 if dry_run else len(orphans),
            "missing": len(missing),
            "examples": {"orphans": orphans[:SHOWN], "missing": missing[:SHOWN]},
        }
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if missing:
            sys.exit(1)
