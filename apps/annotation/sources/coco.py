"""True COCO: images, licenses, categories, and boxes that become suggestions.

The file is read piece by piece, once for each of its lists: what images refer to comes first,
and of the boxes only the largest of each image is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

import ijson

from apps.annotation.sources.entries import (
    BAD_LINE,
    Entry,
    EntryRefused,
    SourceRefused,
)
from apps.annotation.sources.files import Files

MOST_NAMED = 50_000  # categories or licenses


class _Box(NamedTuple):
    corner: tuple[float, float, float, float]
    category: object


class CocoPictures:
    """The images of a COCO file. `open_list` opens it from its beginning. Raises SourceRefused."""

    def __init__(self, open_list: Callable[[], BinaryIO], files: Files):
        self.files = files
        self._open = open_list
        self._categories: dict[object, tuple[str, ...]] = {}
        self._licenses: dict[object, tuple[str, ...]] = {}
        self._boxes: dict[object, _Box] = {}
        self.notes = {"boxes_left_out": 0}
        self.total = 0
        self._look()

    def _look(self) -> None:
        try:
            for named, list_name in (
                (self._categories, "categories"),
                (self._licenses, "licenses"),
            ):
                for entry in islice(self._objects(list_name), MOST_NAMED):
                    named[_key(entry.get("id"))] = _names(entry)
            for annotation in self._objects("annotations"):
                self._take_box(annotation)
            self.total = sum(1 for _ in self._objects("images"))
        except (ijson.JSONError, UnicodeDecodeError) as fault:
            raise SourceRefused("no_json", str(fault)) from fault
        if not self.total:
            raise SourceRefused("no_images")

    def _objects(self, list_name: str) -> Iterator[dict]:
        """Yield the objects of a top-level list, one at a time."""
        with self._open() as file:
            for entry in ijson.items(file, f"{list_name}.item", use_float=True):
                if isinstance(entry, dict):
                    yield entry

    def _take_box(self, annotation: dict) -> None:
        image = _key(annotation.get("image_id"))
        box = annotation.get("bbox")
        if image is None or not isinstance(box, list) or len(box) != 4:
            self.notes["boxes_left_out"] += 1
            return
        try:
            corner = tuple(float(number) for number in box)
        except (TypeError, ValueError):
            self.notes["boxes_left_out"] += 1
            return
        earlier = self._boxes.get(image)
        if earlier is not None:
            self.notes["boxes_left_out"] += 1
            if earlier.corner[2] * earlier.corner[3] >= corner[2] * corner[3]:
                return
        self._boxes[image] = _Box(corner, _key(annotation.get("category_id")))

    def entries(self) -> Iterator[Entry]:
        for number, image in enumerate(self._objects("images"), start=1):
            yield self._entry(image, f"image {number}")

    def _entry(self, image: dict, line: str) -> Entry:
        name = image.get("file_name")
        if not isinstance(name, str) or not name:
            return Entry("", BAD_LINE, line=line)
        try:
            found = self.files.find(name)
        except EntryRefused as reason:
            return Entry(name, str(reason), line=line)
        box = self._boxes.get(_key(image.get("id")))
        return Entry(
            name=found,
            category=self._categories.get(box.category, ()) if box else (),
            licenses=self._licenses.get(_key(image.get("license")), ()),
            box=box.corner if box else None,
            box_size=_size(image),
            line=line,
        )


def _key(value: Any) -> object:
    """Ids are numbers, or strings in some files; anything else names nothing."""
    return value if isinstance(value, int | str) else None


def _size(image: dict) -> tuple[int, int] | None:
    width, height = image.get("width"), image.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def _names(entry: dict) -> tuple[str, ...]:
    """Return all by which a category or license may be known here, the surest first."""
    described = entry.get("metainfo") if isinstance(entry.get("metainfo"), dict) else {}
    values = [
        *(entry.get(key) for key in ("slug", "external_id", "url", "code", "name")),
        *(described.get(key) for key in ("name_kr", "name_en")),
    ]
    return tuple(value.strip() for value in values if isinstance(value, str) and value.strip())
