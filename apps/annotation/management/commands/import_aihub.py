"""Import AI Hub's landmark annotations: [라벨]…/{class}/*.json, one file an image."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.annotation.aihub import Document, DocumentRefused, read_document
from apps.annotation.services.importing import AihubImport

BATCH = 1000
LISTED = 1000


class Command(BaseCommand):
    help = (
        "Import AI Hub's annotations as completed ones. Pictures are not read: sizes are taken as"
        " stated. Stopped and started again, it goes on where it was."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("directory", type=Path)

    def handle(self, *, directory: Path, **options) -> None:
        if not directory.is_dir():
            raise CommandError(f"{directory} is not a folder.")
        self.refused: list[dict] = []
        self.refusals = 0
        store = AihubImport(at=timezone.now())
        created = read = 0
        documents = self._documents(directory)
        while batch := list(islice(documents, BATCH)):
            created += store.store(batch)
            read += len(batch)
            self.stderr.write(f"{read} files")
        report = {
            "datasets": [dataset.pk for dataset in store.datasets],
            "created": created,
            "unchanged": read - created,
            "classes_without_landmark": len(store.unmatched),
            "refused": self.refused,
        }
        if self.refusals > len(self.refused):
            report["refused_not_listed"] = self.refusals - len(self.refused)
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if not read:
            sys.exit(2)
        if self.refusals:
            sys.exit(1)

    def _documents(self, directory: Path) -> Iterator[Document]:
        for path in sorted(directory.rglob("*.json")):
            try:
                yield read_document(path.read_bytes())
            except (DocumentRefused, OSError) as reason:
                self.refusals += 1
                if len(self.refused) < LISTED:
                    file = str(path.relative_to(directory))
                    self.refused.append({"file": file, "reason": str(reason)})
