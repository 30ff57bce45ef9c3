"""What there is to learn from: pictures with their landmark, from every layout Gilnun reads."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ml.pictures import in_class_folders

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


class InvalidManifest(ValueError):
    """A list of pictures cannot be read; the message names file and place."""


class Box(NamedTuple):
    """Natural pixels of the upright picture."""

    x: float
    y: float
    width: float
    height: float


class Example(NamedTuple):
    """One picture of one landmark; `label` is its slug or class id."""

    file: Path
    label: str
    box: Box | None = None


def read_manifest(source: Path) -> list[Example]:
    """Examples of a folder or file, whatever its layout; in the order of their file names.

    A JSON file is Gilnun's COCO export, whose images lie beside it or in `images/`; a CSV file
    has the columns file, slug and optionally x, y, width, height; a folder with `[라벨]…` parts
    is AI Hub's layout; any other folder has CLASS/picture. Raises InvalidManifest and NoPictures.
    """
    source = Path(source)
    if source.suffix == ".json":
        found = list(_from_coco(source))
    elif source.suffix == ".csv":
        found = list(_from_csv(source))
    elif any(one.name.startswith("[라벨]") for one in source.iterdir() if one.is_dir()):
        found = list(_from_aihub(source))
    else:
        pictures = in_class_folders(source)
        found = [
            Example(file, label)
            for file, label in zip(pictures.files, pictures.classes, strict=True)
        ]
    if not found:
        raise InvalidManifest(f"{source} names no pictures")
    return sorted(found, key=lambda example: str(example.file))


def _from_coco(file: Path) -> Iterator[Example]:
    """Boxes of completed annotations; the label is the category's slug, else its name."""
    try:
        content = json.loads(file.read_bytes())
        images = {image["id"]: image["file_name"] for image in content["images"]}
        categories = {
            category["id"]: str(category.get("slug") or category["name"])
            for category in content["categories"]
        }
        annotations = content["annotations"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidManifest(f"{file} is no COCO export: {error!r}") from error
    for annotation in annotations:
        label = categories.get(annotation["category_id"])
        if label is not None:
            name = images[annotation["image_id"]]
            yield Example(_beside(file, name), label, Box(*annotation["bbox"]))


def _beside(file: Path, name: str) -> Path:
    in_folder = file.parent / "images" / name
    return in_folder if in_folder.is_file() else file.parent / name


def _from_csv(file: Path) -> Iterator[Example]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            try:
                yield Example(file.parent / row["file"], row["slug"], _box_of(row))
            except (KeyError, ValueError) as error:
                raise InvalidManifest(f"{file}: {row}: {error!r}") from error


def _box_of(row: dict[str, str]) -> Box | None:
    if not row.get("width"):
        return None
    return Box(*(float(row[name]) for name in ("x", "y", "width", "height")))


def _from_aihub(folder: Path) -> Iterator[Example]:
    """Label files are one JSON for each image, the bbox of which is [x1, y1, x2, y2]."""
    pictures = {
        file.name: file
        for part in folder.iterdir()
        if part.name.startswith("[원천]")
        for file in part.rglob("*")
        if file.suffix.lower() in PICTURE_SUFFIXES
    }
    labels = (part for part in folder.iterdir() if part.name.startswith("[라벨]"))
    for file in (file for part in labels for file in part.rglob("*.json")):
        try:
            content = json.loads(file.read_bytes())
            picture = pictures.get(content["images"][0]["file_name"])
            x1, y1, x2, y2 = content["annotations"][0]["bbox"]
            label = str(content["annotations"][0]["category_id"])
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise InvalidManifest(f"{file} is no label file of AI Hub: {error!r}") from error
        if picture is not None:
            yield Example(picture, label, Box(x1, y1, x2 - x1, y2 - y1))
