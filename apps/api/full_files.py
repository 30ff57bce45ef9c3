"""The whole catalogue as files, made every night by a worker.

The cursor of the feed is taken before the first row is read. What changes meanwhile may be in a
file or not; it comes after that cursor in any case, so that file and feed together give the
present catalogue. Rows are read and written a thousand at a time: memory does not grow.
"""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from django.conf import settings
from django.core.files import File
from django.utils import timezone

from apps.api.v1.landmark_rows import FIELDS, FIRST_LANGUAGE, Speech, write_landmarks
from apps.catalogue.content import feed_end_cursor
from apps.catalogue.models import FullFile, Landmark
from apps.operations.events import record_event
from apps.operations.jobs import Effect, add_job
from apps.operations.models import Job
from apps.operations.stored_files import discard_files

TASK = "apps.api.tasks.make_full_files"
READY = "catalogue.full_files_ready"
AT_ONCE = 1000
# Addresses in the files begin at the host that they were fetched from.
SPEECH = Speech(FIRST_LANGUAGE, "")
COLUMNS = (
    *("id", "slug", "name", "name_en", "category_id", "category", "region_code", "region"),
    *("latitude", "longitude", "address", "external_ids", "names", "photos"),
    *("article_language", "article_title", "article_body", "source", "updated_at", "url"),
)


def ask_for_full_files(*, at: datetime | None = None) -> int:
    """Add the job of this night, where it is time and nobody did; return how many jobs."""
    now = at or timezone.now()
    night = _last_night(now)
    if FullFile.objects.filter(made_at__gte=night).exists():
        return 0
    subject = night.isoformat()
    if Job.objects.filter(task=TASK, subject=subject).exists():
        return 0
    add_job(task=TASK, subject=subject, at=now)
    return 1


def _last_night(now: datetime) -> datetime:
    night = timezone.localtime(now).replace(
        hour=settings.FULL_FILES_HOUR, minute=0, second=0, microsecond=0
    )
    return night if night <= now else night - timedelta(days=1)


def make_full_files(subject: str, keep: Callable[[], None]) -> Effect:
    """Write one file of each format; return what remains to be stored. Long work of a job."""
    cursor = feed_end_cursor()
    with tempfile.TemporaryDirectory() as folder:
        writers = [write(Path(folder)) for write in FORMATS.values()]
        landmarks = 0
        for plain, features in _pages():
            for writer in writers:
                writer.write(features if isinstance(writer, GeoJSON) else plain)
            landmarks += len(plain)
            keep()
        made = [
            _store(kind, writer.close(), landmarks, cursor)
            for kind, writer in zip(FORMATS, writers, strict=True)
        ]

    def keep_the_newest() -> None:
        now = timezone.now()
        for file in made:
            file.made_at = now
        FullFile.objects.bulk_create(made)
        files = [{"id": f.pk, "format": f.format, "size": f.size, "sha256": f.sha256} for f in made]
        payload = {"cursor": cursor, "landmarks": landmarks, "files": files}
        record_event(kind=READY, subject=made[0], payload=payload, at=now)
        old = FullFile.objects.filter(
            made_at__lt=now - timedelta(days=settings.FULL_FILES_KEPT_DAYS)
        )
        discard_files([file.file.name for file in old], after=now)
        old.delete()

    return keep_the_newest


def give_up(subject: str, reason: str) -> None:
    """The job is parked for a person; the files of the night before stay."""


def _pages() -> Iterator[tuple[list[str], list[str]]]:
    """Yield published landmarks as JSON, and as GeoJSON features, in the order of their ids."""
    last = 0
    while True:
        rows = Landmark.objects.published().filter(pk__gt=last).order_by("pk")
        keys = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        if not keys:
            return
        last = keys[-1]
        fields = tuple(FIELDS)
        found = write_landmarks(keys, fields=fields, speech=SPEECH)
        features = write_landmarks(keys, fields=fields, speech=SPEECH, geo=True)
        yield [row.text for row in found], [row.text for row in features]


def _store(kind: str, path: Path, landmarks: int, cursor: str) -> FullFile:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        row = FullFile(
            format=kind,
            size=path.stat().st_size,
            sha256=digest,
            landmarks=landmarks,
            cursor=cursor,
        )
        content.seek(0)
        row.file.save(path.name, File(content), save=False)
    return row


class JSONLines:
    """One landmark a line, as `landmarks/{id}/` shows it."""

    def __init__(self, folder: Path):
        self.path = folder / "landmarks.jsonl"
        self.file = self.path.open("w", encoding="utf-8", newline="\n")

    def write(self, texts: list[str]) -> None:
        self.file.writelines(f"{text}\n" for text in texts)

    def close(self) -> Path:
        self.file.close()
        return self.path


class GeoJSON(JSONLines):
    """One feature collection, each feature on a line of its own."""

    def __init__(self, folder: Path):
        self.path = folder / "landmarks.geojson"
        self.file = self.path.open("w", encoding="utf-8", newline="\n")
        self.file.write('{"type":"FeatureCollection","features":[\n')
        self.first = True

    def write(self, texts: list[str]) -> None:
        for text in texts:
            self.file.write(text if self.first else f",\n{text}")
            self.first = False

    def close(self) -> Path:
        self.file.write("\n]}\n")
        return super().close()


class CSV:
    """One landmark a line; what has parts is JSON in its column."""

    def __init__(self, folder: Path):
        self.path = folder / "landmarks.csv"
        self.file = self.path.open("w", encoding="utf-8", newline="")
        self.rows = csv.DictWriter(self.file, COLUMNS)
        self.rows.writeheader()

    def write(self, texts: list[str]) -> None:
        self.rows.writerows(flat(text) for text in texts)

    def close(self) -> Path:
        self.file.close()
        return self.path


class Parquet:
    """The columns of the CSV with their types."""

    def __init__(self, folder: Path):
        # Only the worker that makes files needs it; it takes 60 MB.
        import pyarrow
        from pyarrow import parquet

        kinds = {
            "id": pyarrow.int64(),
            "category_id": pyarrow.int64(),
            "latitude": pyarrow.float64(),
            "longitude": pyarrow.float64(),
            "updated_at": pyarrow.timestamp("us", tz="UTC"),
        }
        self.schema = pyarrow.schema(
            [(name, kinds.get(name, pyarrow.string())) for name in COLUMNS]
        )
        self.table = pyarrow.Table
        self.path = folder / "landmarks.parquet"
        self.writer = parquet.ParquetWriter(self.path, self.schema, compression="zstd")

    def write(self, texts: list[str]) -> None:
        rows = [flat(text) for text in texts]
        for row in rows:
            row["updated_at"] = datetime.fromisoformat(row["updated_at"])
        self.writer.write_table(self.table.from_pylist(rows, schema=self.schema))

    def close(self) -> Path:
        self.writer.close()
        return self.path


FORMATS = {
    FullFile.Format.JSON_LINES: JSONLines,
    FullFile.Format.CSV: CSV,
    FullFile.Format.GEOJSON: GeoJSON,
    FullFile.Format.PARQUET: Parquet,
}


def flat(text: str) -> dict:
    """Return a landmark's JSON as the columns of a table."""
    row = orjson.loads(text)
    article = row["article"] or {}
    english = (
        name["text"]
        for name in row["names"]
        if (name["language"], name["kind"]) == ("en", "official")
    )
    return {
        **{name: row[name] for name in COLUMNS if name in FIELDS},
        "name_en": next(english, None),
        "category_id": row["category"]["id"],
        "category": row["category"]["path"],
        "region_code": row["region"]["code"],
        "region": row["region"]["path"],
        **{name: _json(row[name]) for name in ("external_ids", "names", "photos")},
        **{f"article_{name}": article.get(name) for name in ("language", "title", "body")},
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
