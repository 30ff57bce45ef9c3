"""Write a dataset's completed annotations to a file."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.annotation.exporting import build
from apps.annotation.formats import FORMATS, ONE_FILE
from apps.annotation.models import Dataset
from apps.annotation.services.exports import picture_for_export
from apps.operations.audit import Change, record
from apps.operations.models import AuditEntry


class Command(BaseCommand):
    help = (
        "Write completed annotations: accepted ones, or submitted ones where nobody reviews."
        " aihub, yolo and voc write a folder, or one archive where PATH ends in .zip;"
        " so do all formats with pictures."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--dataset", type=int, required=True, metavar="ID")
        parser.add_argument("--format", required=True, choices=list(FORMATS))
        parser.add_argument("--output", type=Path, required=True, metavar="PATH")
        parser.add_argument("--with-images", action="store_true", help="the pictures too")
        parser.add_argument("--reason", default="", help="what for; the log of changes keeps it")

    def handle(
        self,
        *,
        dataset: int,
        format: str,
        output: Path,
        with_images: bool,
        reason: str,
        **options,
    ) -> None:
        wanted = Dataset.objects.filter(pk=dataset).first()
        if wanted is None:
            raise CommandError(f"There is no dataset {dataset}.")
        if format in ONE_FILE and output.is_dir() and not with_images:
            raise CommandError(f"{output} is a folder; {format} writes one file.")
        output.parent.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        # What is half written has another name, so that nobody takes it for the whole.
        partial = output.with_name(f".{os.getpid()}-{output.name}")
        try:
            summary = build(
                wanted,
                format=format,
                target=partial,
                open_picture=picture_for_export if with_images else None,
            )
            if partial.is_dir() and output.exists():
                shutil.copytree(partial, output, dirs_exist_ok=True)
            else:
                partial.replace(output)
        except OSError as fault:
            raise CommandError(f"{output} cannot be written: {fault}") from fault
        finally:
            if partial.is_dir():
                shutil.rmtree(partial)
            partial.unlink(missing_ok=True)
        record(
            [Change(wanted, None, {"exported": format, "with_images": with_images})],
            by=None,
            by_name="export_annotations",
            at=timezone.now(),
            action=AuditEntry.Action.CREATED,
            note=reason,
        )
        report = {
            "dataset": wanted.pk,
            "format": format,
            "output": str(output),
            **summary._asdict(),
            "filter": "accepted, or submitted where nobody reviews",
            "seconds": round(time.perf_counter() - started, 2),
        }
        self.stdout.write(json.dumps(report, ensure_ascii=False))
