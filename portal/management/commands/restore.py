"""Put a backup in the place of the present database and files."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.backup_folder import BackupRefused
from portal.backups import restore_backup


class Command(BaseCommand):
    help = "Restore a backup while the portal is stopped: all of it, or nothing."
    # The tables come with the backup.
    requires_migrations_checks = False
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="remove the content that is there"
        )

    def handle(self, *, path: Path, replace: bool, **options) -> None:
        started = time.monotonic()
        try:
            report = restore_backup(path.absolute(), replace=replace)
        except BackupRefused as reason:
            raise CommandError(str(reason), returncode=2) from reason
        report["seconds"] = round(time.monotonic() - started, 1)
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if report["missing"]:
            sys.exit(1)
