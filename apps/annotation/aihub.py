"""AI Hub's landmark JSON, read: one document an image; pure.

The traps: boxes are two corners, flags are strings, the image's key is image_id, ids of
annotations are strings such as "41544868_1".
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson

from apps.annotation.shapes import Box, Tags, from_corners

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CENT = Decimal("0.01")
LONGEST_ID = 60
FLAGS = ("truncated", "hidden", "light_reflex", "na")


class DocumentRefused(Exception):
    """The document is not one of AI Hub's landmark set."""


class ImportedBox(NamedTuple):
    external_id: str
    box: Box
    tags: Tags


class Place(NamedTuple):
    """The class as the document describes it; texts are "" where nothing is said."""

    class_id: str
    name_ko: str
    name: str
    location1: str
    location2: str
    type1: str
    type2: str
    address: str


class Document(NamedTuple):
    """One image with what AI Hub says of it; `stated` is the whole document, as JSON."""

    description: str
    url: str
    version: str
    year: int
    possession: str
    image_id: str
    file_name: str
    width: int
    height: int
    place: Place
    boxes: list[ImportedBox]
    stated: str


def read_document(content: bytes) -> Document:
    """Return what a JSON file says. Raises DocumentRefused."""
    if b"\\u0000" in content:
        raise DocumentRefused("a NUL character")  # no database takes it
    content = content.removeprefix(BYTE_ORDER_MARK)
    try:
        stated = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise DocumentRefused(f"no JSON: {fault}") from fault
    try:
        return _document(stated, content.decode())
    except DocumentRefused:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as fault:
        raise DocumentRefused(f"{type(fault).__name__}: {fault}") from fault


def _document(stated: dict, text: str) -> Document:
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
        place=_place(category),
        boxes=boxes,
        stated=text,
    )


def _place(category: dict) -> Place:
    described = category.get("metainfo") or {}

    def text(name: str) -> str:
        # Addresses come with non-breaking spaces.
        return " ".join(str(described.get(name) or "").split())

    return Place(
        class_id=str(category["id"]),
        name_ko=text("name_kr") or str(category["name"]),
        name=str(category["name"]),
        location1=text("location1"),
        location2=text("location2"),
        type1=text("Type1") or str(category.get("supercategory") or ""),
        type2=text("Type2"),
        address=text("add"),
    )


def _one(stated: dict, name: str) -> dict:
    """Return the only entry of a list; some releases leave the list out."""
    entry = stated[name]
    return entry[0] if isinstance(entry, list) else entry


def _box(entry: dict, width: int, height: int) -> ImportedBox:
    corners = entry["bbox"]
    if not isinstance(corners, list) or len(corners) != 4:
        raise DocumentRefused(f"a box of {corners!r}")
    x1, y1, x2, y2 = map(_number, corners)
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        raise DocumentRefused(f"box {corners} in an image of {width} × {height}")
    return ImportedBox(
        external_id=str(entry["id"]),
        box=from_corners(x1, y1, x2, y2),
        tags=Tags(*[_flag(entry[name]) for name in FLAGS]),
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
