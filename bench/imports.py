"""A national catalogue from a CSV file into an empty portal, and the same file again."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.catalogue import FilledDatabase, filled_database
from bench.filling import places
from bench.rows import Row
from tests.running import ROOT

LANDMARKS = 25_000
HEADER = (
    *("name_ko", "name_en", "category", "region1", "region2", "address"),
    *("latitude", "longitude", "source", "external_ids"),
)


def run() -> list[Row]:
    """Import landmarks with their history, as a person at the shell does."""
    with tempfile.TemporaryDirectory() as folder, filled_database(landmarks=0) as database:
        path = Path(folder) / "landmarks.csv"
        write_list(path)
        first, memory = imported(database, path)
        again, _ = imported(database, path)
        history = database.call("bench.imports:history_rows")
    created = first["created"] == LANDMARKS and history >= LANDMARKS
    unchanged = again["unchanged"] == LANDMARKS
    rate = f"{first['processor']:.0f} s of processor time in the command, {history:,} history rows"
    return [
        Row(
            "import of 25,000 landmarks from CSV, checked and written",
            first["seconds"],
            "s",
            "≤ 60",
            created and first["seconds"] <= 60,
            rate,
        ),
        Row("… the same file again", again["seconds"], "s", "all unchanged", unchanged, ""),
        Row("… largest memory", memory, "MB", "", None, "of the command"),
    ]


def write_list(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number, place in enumerate(places(LANDMARKS)):
            position = ("", "") if place.latitude is None else (place.latitude, place.longitude)
            writer.writerow(
                [place.korean, place.english, "/".join(place.category), *place.district]
                + [place.address, *position, "bench", f"kto={number}"]
            )


def imported(database: FilledDatabase, path: Path) -> tuple[dict, float]:
    """Run the command; return its report with the seconds it took, and its memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import_landmarks", str(path)],
        cwd=ROOT,
        env=database.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"import_landmarks ended with {process.returncode}: {output[-500:]}")
    spent = {"seconds": seconds, "processor": usage.ru_utime + usage.ru_stime}
    return json.loads(output.splitlines()[-1]) | spent, usage.ru_maxrss / 1024


def history_rows() -> int:
    from apps.operations.models import AuditEntry

    return AuditEntry.objects.filter(subject_type="catalogue.landmark").count()
