"""AI Hub's landmark JSON, read: one document an image; pure.

The traps: boxes are two corners, flags are strings, the image's key is image_id, ids of
annotations are strings such as "41544868_1".
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from apps.annotation.shapes import Box, Tags, from_corners

CENT = Decimal("0.01")
LONGEST_ID = 60


class DocumentRefused(Exception):
    """The document is not one of AI Hub's landmark set."""


class ImportedBox(NamedTuple):
    external_id: str
    box: Box
    tags: Tags


class Document(NamedTuple):
    """One image with what AI Hub says of it; `stated` is the whole document."""

    description: str
    url: str
    version: str
    year: int
    possession: str
    image_id: str
    file_name: str
    width: int
    height: int
    class_id: str
    class_name: str
    boxes: list[ImportedBox]
    stated: dict


def read_document(content: bytes) -> Document:
    """Return what a JSON file says. Raises DocumentRefused."""
    if b"\\u0000" in content:
        raise DocumentRefused("a NUL character")  # no database takes it
    try:
        stated = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as fault:
        raise DocumentRefused(f"no JSON: {fault}") from fault
    try:
        return _document(stated)
    except DocumentRefused:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as fault:
        raise DocumentRefused(f"{type(fault).__name__}: {fault}") from fault


def _document(stated: dict) -> Document:
    info = _one(stated, "info")
    image = _one(stated, "images")
    category = _one(stated, "categories")
    width, height = int(image["width"]), int(image["height"])
    boxes = [_box(entry, width, height) for entry in stated["annotations"]]
    if width <= 0 or height <= 0:
        raise DocumentRefused(f"an image of {width} × {height}")
    if not boxes:
        raise DocumentRefused("no annotation")
    if len({box.external_id for box in boxes}) != len(boxes):
        raise DocumentRefused("two annotations with one id")
    if not 1900 <= int(info["year"]) <= 2200:
        raise DocumentRefused(f"the year {info['year']}")
    ids = [str(image["image_id"]), *(box.external_id for box in boxes)]
    if any(not id or len(id) > LONGEST_ID for id in ids):
        raise DocumentRefused(f"an id of none or more than {LONGEST_ID} characters")
    return Document(
        description=str(info["description"]),
        url=str(info.get("url") or ""),
        version=str(info.get("version") or ""),
        year=int(info["year"]),
        possession=str(_one(stated, "licenses")["possession"]),
        image_id=str(image["image_id"]),
        file_name=str(image["file_name"]),
        width=width,
        height=height,
        class_id=str(category["id"]),
        class_name=str(category.get("metainfo", {}).get("name_kr") or category["name"]),
        boxes=boxes,
        stated=stated,
    )


def _one(stated: dict, name: str) -> dict:
    """Return the only entry of a list; some releases leave the list out."""
    entry = stated[name]
    return entry[0] if isinstance(entry, list) else entry


def _box(entry: dict, width: int, height: int) -> ImportedBox:
    corners = entry["bbox"]
    if not isinstance(corners, list) or len(corners) != 4:
        raise DocumentRefused(f"a box of {corners!r}")
    x1, y1, x2, y2 = (_number(corner) for corner in corners)
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        raise DocumentRefused(f"box {corners} in an image of {width} × {height}")
    flags = (entry[name] for name in ("truncated", "hidden", "light_reflex", "na"))
    return ImportedBox(
        external_id=str(entry["id"]),
        box=from_corners(x1, y1, x2, y2),
        tags=Tags(*(_flag(flag) for flag in flags)),
    )


def _number(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise DocumentRefused(f"a box of {value!r}")
    try:
        number = Decimal(str(value))
        if not number.is_finite():
            raise DocumentRefused(f"a box of {value!r}")
        return number.quantize(CENT)
    except InvalidOperation as fault:
        raise DocumentRefused(f"a box of {value!r}") from fault


def _flag(value: Any) -> bool:
    if str(value) not in ("0", "1"):
        raise DocumentRefused(f"a flag of {value!r}")
    return str(value) == "1"
