"""YOLO: a text file an image, a line a box: class and centre and size as parts of the image."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from apps.annotation.formats.rows import Classes, ExportedDataset, Row, Stems, folder


def write(dataset: ExportedDataset, rows: Iterable[Row], target: Path) -> None:
    """Write labels/*.txt and data.yaml, into a folder or a ZIP."""
    classes, stems = Classes(), Stems()
    with folder(target) as files:
        for _, of_image in groupby(rows, key=lambda row: row.image_id):
            shown = list(of_image)
            lines = [_line(row, classes.number(row.label)) for row in shown]
            files.write(f"labels/{stems.of(shown[0])}.txt", "\n".join(lines) + "\n")
        files.write("data.yaml", _description(dataset, classes))


def _line(row: Row, number: int) -> str:
    width, height = row.image_width, row.image_height
    parts = (
        (row.box.x + row.box.width / 2) / width,
        (row.box.y + row.box.height / 2) / height,
        row.box.width / width,
        row.box.height / height,
    )
    return " ".join([str(number), *(f"{part:.6f}" for part in parts)])


def _description(dataset: ExportedDataset, classes: Classes) -> str:
    # A JSON string is a YAML string too, whatever is in it.
    lines = [f"# {json.dumps(dataset.name, ensure_ascii=False)}", "path: .", "train: images"]
    lines += ["val: images", "names:"]
    for label, number in classes.numbers.items():
        lines.append(f"  {number}: {json.dumps(label, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
