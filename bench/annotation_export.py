"""Writing completed annotations to COCO: time, and the memory it takes.

Label Studio 1.23 needs 21.8 s for 10,000 on PostgreSQL, 10.4 s on SQLite (the same machine class).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from bench.rows import Row
from tests.running import ROOT

DATA_DIR = ROOT / ".gilnun" / "bench-export"
PLACES = 500


class Export(NamedTuple):
    seconds: float
    annotations: int
    peak_megabytes: float
    size_megabytes: float


def run() -> list[Row]:
    export = measure(10_000)
    note = "Label Studio 10.4–21.8 s"
    return [
        Row("10,000 completed to COCO", export.seconds, "s", "≤ 1", export.seconds <= 1, note),
    ]


def run_large() -> list[Row]:
    export = measure(1_000_000)
    note = f"{export.size_megabytes:.0f} MB"
    peak = export.peak_megabytes
    return [
        Row("1,000,000 completed to COCO", export.seconds, "s", "≤ 60", export.seconds <= 60, note),
        Row("memory while writing them", peak, "MB", "≤ 250", peak <= 250),
    ]


def measure(annotations: int) -> Export:
    """Export a dataset of that many completed annotations by the command, as an operator does."""
    environment = os.environ | {
        "GILNUN_DATA_DIR": str(DATA_DIR),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "GILNUN_SEED": "catalogue",
    }
    environment.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "export.json"
        command = [sys.executable, "-m", "bench.annotation_export", str(annotations), str(target)]
        output = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, text=True, stdout=subprocess.PIPE
        ).stdout
        report = json.loads(output.splitlines()[-1])
        assert report["annotations"] == annotations, report
        size = target.stat().st_size / 2**20
    return Export(report["seconds"], report["annotations"], report["peak_kilobytes"] / 1024, size)


def completed_dataset(annotations: int) -> int:
    """Return a dataset with that many completed annotations, made at the first call."""
    from django.db import connection, transaction
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.annotation.models import Annotation, Dataset
    from tests.crowd import copy, fill

    name = f"{annotations} completed"
    if earlier := Dataset.objects.filter(name=name).first():
        return earlier.pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        dataset = Dataset.objects.create(
            name=name, year=2026, source="bench", created_at=timezone.now()
        )
        fill(dataset, annotations)
        cursor.execute(_PLACES, [PLACES, dataset.pk])
        dataset.tasks.update(
            state="accepted", submitted_at=timezone.now(), completed_at=timezone.now()
        )
        first = Annotation.objects.create(
            task=dataset.tasks.order_by("pk").first(),
            by=User.objects.create(username=name, password="!"),
            x=100,
            y=50,
            width=640,
            height=480,
            truncated=True,
            created_at=timezone.now(),
        )
        copies = copy(
            Annotation,
            task_id="task.id",
            landmark_id="image.landmark_id",
            x="task.id % 2000",
            y="task.id % 1000",
        )
        cursor.execute(
            f"{copies}, annotation_annotationtask AS task"
            " JOIN annotation_annotationimage AS image ON image.id = task.image_id"
            f" WHERE row.id = {first.pk} AND task.dataset_id = {dataset.pk}"
            f" AND task.id <> {first.task_id} ORDER BY task.id"
        )
        cursor.execute("ANALYZE annotation_annotation, annotation_annotationtask")
    return dataset.pk


_PLACES = """
    WITH places AS (
        SELECT array_agg(id) AS ids FROM (
            SELECT id FROM catalogue_landmark ORDER BY id LIMIT %s
        ) AS chosen
    )
    UPDATE annotation_annotationimage SET landmark_id = ids[1 + id %% array_length(ids, 1)]
    FROM places WHERE dataset_id = %s
"""


def main(annotations: int, target: Path) -> None:
    import django
    from django.conf import settings

    with settings.CLUSTER.in_use():
        django.setup()
        from django.core.management import call_command

        call_command("set_up", verbosity=0)
        dataset = completed_dataset(annotations)
        command = ["export_annotations", "--dataset", str(dataset), "--format", "coco"]
        exporting = subprocess.Popen(
            [sys.executable, "manage.py", *command, "--output", str(target)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        report = json.loads(exporting.stdout.read().splitlines()[-1])
        _, status, usage = os.wait4(exporting.pid, 0)
        exporting.stdout.close()
        assert status == 0, report
        print(json.dumps(report | {"peak_kilobytes": usage.ru_maxrss}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
