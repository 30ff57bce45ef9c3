"""Media on an S3-compatible service: what goes wrong there is an OSError, and soon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from apps.operations.outages import StorageAway

# A visitor waits meanwhile: boto's own defaults are a minute, five times. A second try helps
# against a refusal; where the service says nothing, both together end within seven seconds, of
# which two are for its word that it wants the file.
PATIENCE = Config(
    connect_timeout=1, read_timeout=1.5, retries={"mode": "standard", "total_max_attempts": 2}
)


@contextmanager
def named_errors() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StorageAway(str(error)) from error


class PatientS3Storage(S3Storage):
    """Raises StorageAway where the service is away, refuses, or breaks off."""

    def __init__(self, **settings) -> None:
        super().__init__(**settings)
        self.client_config = self.client_config.merge(PATIENCE)

    def _save(self, name, content):
        with named_errors():
            return super()._save(name, content)

    def _open(self, name, mode="rb"):
        with named_errors():
            return super()._open(name, mode)

    def exists(self, name):
        with named_errors():
            return super().exists(name)

    def delete(self, name):
        with named_errors():
            super().delete(name)

    def size(self, name):
        with named_errors():
            return super().size(name)
