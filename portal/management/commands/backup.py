"""Write a backup of everything into a new folder."""

from __future__ import annotations

import json
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.backup_folder import BackupRefused
from portal.backups import make_backup


class Command(BaseCommand):
    help = "Back up database, pictures, exported models and the secret key into a new folder."

    def add_arguments(self, parser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *, path: Path, **options) -> None:
        started = time.monotonic()
        try:
            manifest = make_backup(path.absolute(), at=timezone.now())
        except BackupRefused as reason:
            raise CommandError(str(reason), returncode=2) from reason
        report = {
            "path": str(path.absolute()),
            "rows": sum(manifest["tables"].values()),
            "files": manifest["files"]["count"],
            "bytes": manifest["files"]["bytes"],
            "seconds": round(time.monotonic() - started, 1),
        }
        self.stdout.write(json.dumps(report, ensure_ascii=False))
