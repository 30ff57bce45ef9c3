"""AI Hub's layout of folders → rows: read, stored batch by batch, noted how far it came."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from django.db import transaction

from apps.annotation.aihub import DocumentRefused, read_document
from apps.annotation.aihub_folders import PictureFolders, label_files
from apps.annotation.models import ImageImport
from apps.annotation.services.aihub_storing import AihubStore, LabelFile
from apps.annotation.services.import_runs import Refusal, note_progress

BATCH = 1000
LARGEST = 1024 * 1024  # a label file has about one kilobyte


class AihubImport:
    """One pass over a folder. Stopped and begun again, it goes on behind the last batch."""

    def __init__(self, run: ImageImport, *, at: datetime):
        self._run = run
        self._root = Path(run.source)
        self._pictures = PictureFolders(Path(run.options.get("pictures") or run.source))
        self.store = AihubStore(at=at, dataset=run.dataset)

    def go_on(self) -> Iterator[int]:
        """Store batch after batch; yield how many files each had."""
        # While the database works on one batch, the next one is read.
        with ThreadPoolExecutor(max_workers=1) as reader:
            paths = label_files(self._root, after=self._run.last_name)
            ahead = reader.submit(self._read, paths)
            while (batch := ahead.result()).last_name:
                ahead = reader.submit(self._read, paths)
                with transaction.atomic():
                    stored = self.store.store(batch.files)
                    note_progress(
                        self._run,
                        read=batch.read,
                        added=stored.added,
                        refused=[*batch.refused, *stored.refused],
                        last_name=batch.last_name,
                    )
                yield batch.read

    def _read(self, paths: Iterator[str]) -> Batch:
        files, refused = [], []
        path = ""
        for path in islice(paths, BATCH):
            try:
                document = read_document(read_label(self._root, path))
            except (DocumentRefused, OSError) as reason:
                refused.append((path, str(reason)))
                continue
            folder, name = os.path.split(os.path.join(self._root, path))
            picture = self._pictures.find(
                folder, os.path.basename(document.file_name), name[: -len(".json")]
            )
            files.append(LabelFile(path, document, picture))
        return Batch(files, refused, path)


class Batch(NamedTuple):
    """Some label files in their order; last_name is "" when there were none."""

    files: list[LabelFile]
    refused: list[Refusal]
    last_name: str

    @property
    def read(self) -> int:
        return len(self.files) + len(self.refused)


def read_label(root: Path, path: str) -> bytes:
    """Return a label file's content. Raises DocumentRefused and OSError."""
    if path.endswith("/") or not path:
        raise DocumentRefused("the folder cannot be read")
    with open(os.path.join(root, path), "rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise DocumentRefused("larger than 1 MB")
    return content
