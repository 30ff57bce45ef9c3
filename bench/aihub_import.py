"""AI Hub's label files into a new installation: files a second, and what memory it takes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.catalogue import filled_database
from bench.rows import Row
from tests.running import ROOT

FILES = 24_000
A_CLASS = 200
SEED = 56


def run() -> list[Row]:
    """Import 24,000 generated files, with landmarks and licenses; then the same again."""
    with (
        tempfile.TemporaryDirectory(prefix="gilnun-aihub-") as folder,
        filled_database(landmarks=0) as database,
    ):
        write_labels(Path(folder), FILES)
        first = _imported(folder, database.environment)
        again = _imported(folder, database.environment)
    rate = FILES / first["seconds"]
    memory = first["megabytes"]
    return [
        Row(
            f"import_aihub, {FILES:,} label files",
            rate,
            "files/s",
            "≥ 3,000",
            rate >= 3000 and first["created"] == FILES,
            f"{first['landmarks_created']} landmarks made; {first['processor']:.1f} s of processor",
        ),
        Row("… largest memory of the process", memory, "MB", "≤ 300", memory <= 300, ""),
        Row(
            "… the same again, nothing new",
            FILES / again["seconds"],
            "files/s",
            "",
            None if again["created"] == 0 else False,
            "",
        ),
    ]


def _imported(folder: str, environment: dict[str, str]) -> dict:
    """Run the command in a process of its own; return its report and what it used."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import_aihub", folder],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"import_aihub ended with {status}: {output[-500:]}")
    report = json.loads(output.splitlines()[-1])
    return report | {
        "whole_seconds": time.perf_counter() - started,
        "megabytes": used.ru_maxrss / 1024,
        "processor": used.ru_utime + used.ru_stime,
    }


def write_labels(root: Path, count: int) -> None:
    """Write label files in AI Hub's layout, the same ones each time."""
    chance = random.Random(SEED)
    for number in range(0, count, A_CLASS):
        class_id = 1000 + number // A_CLASS
        name = f"가상의 장소 {class_id}"
        folder = root / "[라벨]서울특별시" / "서울특별시" / name
        folder.mkdir(parents=True)
        for picture in range(min(A_CLASS, count - number)):
            image_id = 40_000_000 + number + picture
            stem = f"{name}_{picture + 1:03}_{image_id}"
            document = label(chance, image_id, f"{stem}.jpg", class_id, name)
            text = json.dumps(document, ensure_ascii=False, indent=1)
            (folder / f"{stem}.json").write_text(text, encoding="utf-8")


def label(chance: random.Random, image_id: int, file_name: str, class_id: int, name: str) -> dict:
    x, y = chance.uniform(0, 2000), chance.uniform(0, 1500)
    flags = dict.fromkeys(("truncated", "hidden", "light_reflex", "na"), "0")
    return {
        "info": {
            "description": "2020 landmark Dataset",
            "url": "https://example.org/",
            "version": "1.0",
            "year": 2020,
        },
        "licenses": [{"id": 1, "possession": "가상의 소유자"}],
        "images": [
            {
                "image_id": image_id,
                "license": 1,
                "file_name": file_name,
                "width": 4032,
                "height": 3024,
            }
        ],
        "annotations": [
            {
                "id": f"{image_id}_1",
                "image_id": image_id,
                "category_id": class_id,
                "type": "Bounding box",
                "bbox": [
                    round(corner, 2)
                    for corner in (x, y, x + chance.uniform(20, 2000), y + chance.uniform(20, 1500))
                ],
                **flags,
                chance.choice(list(flags)): "1",
            }
        ],
        "categories": [
            {
                "id": class_id,
                "name": name,
                "supercategory": "문화유산",
                "metainfo": {
                    "location1": "서울특별시",
                    "location2": "종로구",
                    "Type1": "문화유산",
                    "Type2": "사적",
                    "name_kr": name,
                    "add": "서울특별시\u00a0종로구",
                },
            }
        ],
    }
