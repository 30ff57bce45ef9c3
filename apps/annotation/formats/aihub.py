"""AI Hub's landmark JSON: one file an image. Alike COCO at first sight, and not COCO.

Boxes are two corners, flags are the strings "0" and "1", ids of annotations are strings,
the key of an image is image_id, licenses name a possession.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from apps.annotation.formats.rows import ExportedDataset, Row, Stems, folder
from apps.annotation.shapes import Tags

FLAGS = {
    "truncated": "truncated",
    "occluded": "hidden",
    "reflection": "light_reflex",
    "none_of_these": "na",
}
DECIMALS = 2


def write(dataset: ExportedDataset, rows: Iterable[Row], target: Path) -> None:
    """Write one JSON file an image, into a folder or a ZIP."""
    stems = Stems()
    with folder(target) as files:
        for _, of_image in groupby(rows, key=lambda row: row.image_id):
            shown = list(of_image)
            text = json.dumps(_document(dataset, shown), ensure_ascii=False, indent=1)
            files.write(f"{stems.of(shown[0])}.json", text + "\n")


def _document(dataset: ExportedDataset, rows: list[Row]) -> dict:
    """Return what an import stated, with the present annotations; else our own words."""
    row = rows[0]
    document = dict(row.stated) if row.stated else _own(dataset, row)
    category_id = document["categories"][0]["id"] if document.get("categories") else 0
    changed = [row for row in rows if not row.external_id and row.place]
    if row.stated and changed:
        own = _category(changed[0])
        if own["metainfo"]["name_kr"] != _name_of(document):
            document["categories"] = [own]
            category_id = own["id"]
    earlier = {
        str(annotation.get("id")): annotation
        for annotation in (row.stated or {}).get("annotations", [])
    }
    document["annotations"] = [
        {
            "id": row.external_id or f"{_image_id(row)}_{number}",
            "image_id": _image_id(row),
            "category_id": category_id,
            "type": "Bounding box",
            **earlier.get(row.external_id, {}),
            "bbox": _corners(row),
            **_flags(row.tags),
        }
        for number, row in enumerate(rows, start=1)
    ]
    return document


def _name_of(document: dict) -> str:
    categories = document.get("categories") or [{}]
    return categories[0].get("metainfo", {}).get("name_kr") or categories[0].get("name", "")


def _own(dataset: ExportedDataset, row: Row) -> dict:
    return {
        "info": {
            "description": dataset.description,
            "url": dataset.url,
            "version": dataset.version,
            "year": dataset.year,
        },
        "licenses": [{"id": 1, "possession": row.license_holder or row.license_name}],
        "images": [
            {
                "image_id": _image_id(row),
                "license": 1,
                "file_name": row.image_name.rsplit("/", 1)[-1],
                "width": row.image_width,
                "height": row.image_height,
            }
        ],
        "annotations": [],
        "categories": [_category(row)],
    }


def _category(row: Row) -> dict:
    place = row.place
    if place is None:
        names = ("location1", "location2", "Type1", "Type2", "name_kr", "add")
        metainfo = dict.fromkeys(names, "") | {"name_kr": row.other}
        return {"id": 0, "name": row.label, "supercategory": "", "metainfo": metainfo}
    return {
        "id": int(place.aihub_id) if place.aihub_id.isdecimal() else place.id,
        "name": place.name_en or place.name_ko,
        "supercategory": place.type1,
        "metainfo": {
            "location1": place.region1,
            "location2": place.region2,
            "Type1": place.type1,
            "Type2": place.type2,
            "name_kr": place.name_ko,
            "add": place.address,
        },
    }


def _image_id(row: Row) -> int | str:
    given = row.image_external_id
    if not given:
        return row.image_id
    return int(given) if given.isdecimal() else given


def _corners(row: Row) -> list[int | float]:
    box = row.box
    # Sums of floats would end in …0000001; a box has at most two decimals.
    return [box.x, box.y, round(box.right, DECIMALS), round(box.bottom, DECIMALS)]


def _flags(tags: Tags) -> dict[str, str]:
    return {FLAGS[name]: "1" if value else "0" for name, value in tags._asdict().items()}
