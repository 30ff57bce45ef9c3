"""Import pictures into a dataset, each with a task: from a folder, ZIP, CSV, COCO or AI Hub."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.annotation.models import Dataset, ImageImport
from apps.annotation.services.import_runs import (
    ImportRuns,
    OnlyOne,
    begin_or_resume,
    finish_import,
    refusals_listed,
    write_report,
)
from apps.annotation.services.import_sources import import_further, kind_of
from apps.annotation.services.preparing import dataset_named
from apps.annotation.sources.entries import SourceRefused
from apps.catalogue.models import Landmark, License

TOLD_EVERY = 5.0  # seconds


class Command(BaseCommand):
    help = (
        "Import pictures into a dataset. SOURCE is a folder, a ZIP, a CSV of files, a COCO file"
        " (its boxes become suggestions) or a folder of AI Hub's. Stopped and started again, it"
        " goes on where it was; the same again adds nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("dataset", help="number or name; a new name makes a new dataset")
        parser.add_argument("source", type=Path)
        parser.add_argument(
            "--kind", choices=ImageImport.Kind.values, help="where the look of SOURCE misleads"
        )
        parser.add_argument(
            "--images", type=Path, help="folder or ZIP that a list's names count from"
        )
        parser.add_argument(
            "--license", default="INTERNAL", metavar="CODE", help="of pictures that name none"
        )
        parser.add_argument("--landmark", default="", metavar="SLUG", help="what they show")
        parser.add_argument("--credit", default="", help="of pictures that name none")

        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write every refused file to a CSV"
        )

    def handle(self, *, dataset: str, source: Path, **options) -> None:
        try:
            kind = options["kind"] or kind_of(source)
            given = _checked(options)
            run = begin_or_resume(
                kind=kind,
                source=str(source.resolve()),
                dataset=_dataset(dataset),
                options=given,
                at=timezone.now(),
            )
            with OnlyOne(f"{run.dataset_id} {run.source}"):
                report = self._import(run)
            if options["report"]:
                with options["report"].open("w", encoding="utf-8", newline="") as output:
                    write_report(run, output)
        except SourceRefused as reason:
            raise CommandError(str(reason), returncode=2) from reason
        except ImportRuns as reason:
            text = f"{source} is being imported by another process."
            raise CommandError(text, returncode=2) from reason
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if report["refused"]:
            sys.exit(1 if report["added"] or report["unchanged"] else 2)

    def _import(self, run: ImageImport) -> dict:
        started = told = time.monotonic()
        resumed = run.position
        if resumed:
            self.stderr.write(f"going on after {resumed} files")
        read = resumed
        for count in import_further(run, at=timezone.now()):
            read += count
            if time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                self.stderr.write(f"{read} files")
        run = finish_import(run, at=timezone.now())
        return {
            "import": run.pk,
            "dataset": run.dataset_id,
            "added": run.added,
            "unchanged": run.unchanged,
            "resumed_after": resumed,
            "images": run.dataset.images.count(),
            "tasks": run.dataset.tasks.count(),
            **run.notes,
            **refusals_listed(run),
            "seconds": round(time.monotonic() - started, 1),
        }


def _dataset(named: str) -> Dataset:
    if named.isdecimal():
        found = Dataset.objects.filter(pk=int(named)).first()
        if found is None:
            raise CommandError(f"There is no dataset {named}.", returncode=2)
        return found
    if not named.strip() or len(named) > 200:
        raise CommandError("A dataset needs a name of at most 200 characters.", returncode=2)
    return dataset_named(named, at=timezone.now(), source="import")[0]


def _checked(options: dict) -> dict:
    """Return the options to keep with the import. Raises CommandError."""
    if not License.objects.filter(code=options["license"]).exists():
        known = ", ".join(License.objects.order_by("code").values_list("code", flat=True))
        text = f"There is no license {options['license']!r}. Known: {known}."
        raise CommandError(text, returncode=2)
    slug = options["landmark"]
    if slug and not Landmark.objects.filter(slug=slug).exists():
        raise CommandError(f"There is no landmark {slug!r}.", returncode=2)
    images = options["images"]
    if images and not images.exists():
        raise CommandError(f"{images} is not here.", returncode=2)
    given = {"license": options["license"], "landmark": slug, "credit": options["credit"]}
    return given | ({"images": str(images.resolve())} if images else {})
