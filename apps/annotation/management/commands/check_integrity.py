"""Check that every picture that a row speaks of is there, whole and as stated."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from itertools import islice

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.annotation.integrity import LISTED, Checked
from apps.operations.stored_files import orphaned_files

TOLD_EVERY = 5.0  # seconds


class Command(BaseCommand):
    help = (
        "Read every stored picture and compare it with its row: there, whole, same hash and size."
        " Broken pictures to annotate are set aside, repaired ones come back. Files without a row"
        " are counted. Stopped and started again with the same options, it goes on."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--sample", type=float, default=100, metavar="PERCENT", help="of the pictures, drawn"
        )
        parser.add_argument("--seed", default="", help="draws another sample; default: the day")
        parser.add_argument("--restart", action="store_true", help="forget a stopped check")

    def handle(self, *, sample: float, seed: str, restart: bool, **options) -> None:
        if not 0 < sample <= 100:
            raise CommandError("--sample is a percentage: more than 0, at most 100.", returncode=2)
        now = timezone.now()
        if sample < 100:
            seed = seed or now.date().isoformat()
        kept = settings.DATA_DIR / "check_integrity.json"
        if restart:
            kept.unlink(missing_ok=True)
        started = told = time.monotonic()
        check = Checked(kept, percent=sample, seed=seed, at=now)
        resumed = check.progress.checked
        try:
            for progress in check.go_on():
                if time.monotonic() - told > TOLD_EVERY:
                    told = time.monotonic()
                    self.stderr.write(f"{progress.checked} pictures, {progress.faults} faults")
            # Younger files may be on their way to their row.
            orphans = orphaned_files(before=now - timedelta(hours=1))
            listed = list(islice(orphans, LISTED))
            more = sum(1 for _ in orphans)
        except OSError as fault:
            raise CommandError(f"The storage does not answer: {fault}", returncode=2) from fault
        progress = check.progress
        report = {
            "checked": progress.checked,
            "resumed_after": resumed,
            "faults": progress.faults,
            "repaired": progress.repaired,
            "not_reachable": progress.away,
            "files_without_rows": len(listed) + more,
            "problems": progress.problems,
            "files": listed,
            "seconds": round(time.monotonic() - started, 1),
        }
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if progress.faults or progress.away or listed:
            sys.exit(1)
