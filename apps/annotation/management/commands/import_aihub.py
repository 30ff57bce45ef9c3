"""Import AI Hub's landmark annotations: [라벨]…/{class}/*.json, one file an image."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.annotation.models import ImageImport
from apps.annotation.services.aihub_import import AihubImport
from apps.annotation.services.import_runs import (
    ImportRuns,
    OnlyOne,
    begin_or_resume,
    finish_import,
    refusals_listed,
    write_report,
)

TOLD_EVERY = 5.0  # seconds


class Command(BaseCommand):
    help = (
        "Import AI Hub's annotations as completed ones, with their landmarks as drafts. Pictures"
        " are not read: sizes are taken as stated, and a picture that lies in [원천]… is taken"
        " over when it is first shown. Stopped and started again, it goes on where it was."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--pictures", type=Path, metavar="DIR", help="where [원천]… lies, when not in DIRECTORY"
        )

        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write every refused file to a CSV"
        )

    def handle(
        self, *, directory: Path, pictures: Path | None, report: Path | None, **options
    ) -> None:
        for folder in (directory, pictures):
            if folder is not None and not folder.is_dir():
                raise CommandError(f"{folder} is not a folder.", returncode=2)
        source = str(directory.resolve())
        given = {"pictures": str(pictures.resolve())} if pictures else {}
        try:
            with OnlyOne(source):
                answer = self._import(source, given, report)
        except ImportRuns as reason:
            raise CommandError(
                f"{directory} is being imported by another process.", returncode=2
            ) from reason
        self.stdout.write(json.dumps(answer, ensure_ascii=False))
        if not answer["created"] and not answer["unchanged"]:
            sys.exit(2)
        if answer["refused"]:
            sys.exit(1)

    def _import(self, source: str, given: dict, report: Path | None) -> dict:
        started = time.monotonic()
        run = begin_or_resume(
            kind=ImageImport.Kind.AIHUB,
            source=source,
            dataset=None,
            options=given,
            at=timezone.now(),
        )
        resumed = run.position
        if resumed:
            self.stderr.write(f"going on after {resumed} files")
        work = AihubImport(run, at=timezone.now())
        told = 0.0
        read = 0
        for count in work.go_on():
            read += count
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                self.stderr.write(f"{resumed + read} files, {read / (told - started):.0f} a second")
        landmarks = work.store.landmarks
        run = finish_import(run, at=timezone.now(), without=landmarks.without)
        if report:
            with report.open("w", encoding="utf-8", newline="") as output:
                write_report(run, output)
        return {
            "import": run.pk,
            "datasets": work.store.datasets,
            "created": run.added,
            "unchanged": run.unchanged,
            "resumed_after": resumed,
            "landmarks_created": landmarks.created,
            "landmarks_linked": landmarks.linked,
            "classes_without_landmark": len(landmarks.without),
            **refusals_listed(run),
            "seconds": round(time.monotonic() - started, 1),
        }
