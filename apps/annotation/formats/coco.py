"""True COCO: one JSON document; the tags stand on every annotation."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from apps.annotation.formats.rows import ExportedDataset, Row


def write(dataset: ExportedDataset, rows: Iterable[Row], target: Path) -> None:
    """Write one file. Annotations wait in a temporary one, for COCO lists the images first."""
    licenses: dict[str, dict] = {}
    categories: dict[str, dict] = {}
    with (
        target.open("w", encoding="utf-8") as output,
        tempfile.TemporaryFile("w+", encoding="utf-8", dir=target.parent) as waiting,
    ):
        output.write('{"info":' + _json(_info(dataset)) + ',\n"images":[')
        images, annotations = _List(output), _List(waiting)
        last = None
        for row in rows:
            if row.image_id != last:
                images.add(_image(row, licenses))
                last = row.image_id
            annotations.add(_annotation(row, categories))
        output.write('],\n"annotations":[')
        waiting.seek(0)
        shutil.copyfileobj(waiting, output)
        output.write('],\n"licenses":' + _json(list(licenses.values())))
        output.write(',\n"categories":' + _json(list(categories.values())) + "}\n")


class _List:
    def __init__(self, output: TextIO):
        self._output = output
        self._separator = "\n"

    def add(self, entry: dict) -> None:
        self._output.write(self._separator + _json(entry))
        self._separator = ",\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _info(dataset: ExportedDataset) -> dict:
    return {
        "description": dataset.description,
        "url": dataset.url,
        "version": dataset.version,
        "year": dataset.year,
        "name": dataset.name,
    }


def _image(row: Row, licenses: dict[str, dict]) -> dict:
    license = licenses.setdefault(
        row.license_code,
        {
            "id": len(licenses) + 1,
            "name": row.license_name,
            "url": row.license_url,
            "code": row.license_code,
            "possession": row.license_holder,
        },
    )
    image = {
        "id": row.image_id,
        "file_name": row.image_name,
        "width": row.image_width,
        "height": row.image_height,
        "license": license["id"],
    }
    if row.image_external_id:
        image["external_id"] = row.image_external_id
    return image


def _annotation(row: Row, categories: dict[str, dict]) -> dict:
    key = f"landmark {row.place.id}" if row.place else f"other {_stated_name(row)}"
    category = categories.get(key)
    if category is None:
        category = categories[key] = {"id": len(categories) + 1, **_category(row)}
    annotation = {
        "id": row.id,
        "image_id": row.image_id,
        "category_id": category["id"],
        "bbox": list(row.box),
        "area": round(row.box.width * row.box.height, 4),
        "iscrowd": 0,
        "segmentation": [],
        **row.tags._asdict(),
    }
    if row.external_id:
        annotation["external_id"] = row.external_id
    return annotation


def _stated_name(row: Row) -> str:
    if row.other or not row.stated:
        return row.label
    categories = row.stated.get("categories") or [{}]
    return str(categories[0].get("name", row.label))


def _category(row: Row) -> dict:
    place = row.place
    if place is None:
        stated = (row.stated or {}).get("categories") or [{}]
        if row.other:
            stated = [{}]
        return {
            "name": _stated_name(row),
            "supercategory": stated[0].get("supercategory", ""),
            "metainfo": stated[0].get("metainfo", {}),
        }
    return {
        "name": place.slug,
        "supercategory": place.type1,
        "landmark_id": place.id,
        "metainfo": {
            "location1": place.region1,
            "location2": place.region2,
            "Type1": place.type1,
            "Type2": place.type2,
            "name_kr": place.name_ko,
            "name_en": place.name_en,
            "add": place.address,
        },
    }
