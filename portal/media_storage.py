"""Media on the local disk: a file is there whole, or not at all."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class AtomicFileSystemStorage(FileSystemStorage):
    """Write beside the place, then put the file there in one step.

    A process that dies, or a full disk, leaves no half of a picture under a name that counts.
    """

    PART = ".part"

    def _save(self, name: str, content: File) -> str:
        part = f"{name}.{uuid.uuid4().hex}{self.PART}"
        try:
            written = Path(self.path(super()._save(part, content)))
            with written.open("rb") as file:
                os.fsync(file.fileno())
            while True:
                try:
                    # Unlike a rename, a link does not replace what somebody put there meanwhile.
                    os.link(written, self.path(name))
                    return name
                except FileExistsError:
                    name = self.get_available_name(name)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(self.path(part))
