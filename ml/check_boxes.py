"""How far suggested boxes lie over boxes that are known.

    python -m ml.check_boxes --export MODELS/NAME/VERSION --boxes ml/demo/pictures/manifest.csv
    python -m ml.check_boxes --export MODELS/NAME/VERSION --boxes BOXES.json --pictures DIR

The CSV has file, x, y, width and height in pixels; the JSON a list of `{"file", "sha256", "box"}`,
box as left, top, right, bottom in hundredths of the picture. Files lie below --pictures, or beside
the list. Prints one JSON object: the mean overlap (intersection over union) of the suggestions with
its 95 %, and that of a centred box of 70 % of each side and of 70 % of the area.
"""

import argparse
import csv
import hashlib
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from ml.inference.activation import Shares
from ml.metrics import interval
from ml.suggest_boxes import Looker

CENTRED = 0.7


class OtherPicture(ValueError):
    """A file is not the one that the box was drawn on."""


class Known(NamedTuple):
    """A picture and its box, as shares of it."""

    file: Path
    box: Shares


def known_boxes(file: Path, pictures: Path) -> Iterator[Known]:
    """The boxes of a list; pictures without one are passed over. Raises OtherPicture."""
    if file.suffix == ".json":
        for row in json.loads(file.read_bytes()):
            picture = pictures / row["file"]
            if hashlib.sha256(picture.read_bytes()).hexdigest() != row["sha256"]:
                raise OtherPicture(f"{picture} is not the picture that was looked at")
            yield Known(picture, Shares(*(side / 100 for side in row["box"])))
        return
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["width"]:
                yield Known(pictures / row["file"], _shares(row, pictures / row["file"]))


def _shares(row: dict[str, str], picture: Path) -> Shares:
    with Image.open(picture) as image:
        wide, high = image.size
    x, y, width, height = (float(row[name]) for name in ("x", "y", "width", "height"))
    return Shares(x / wide, y / high, (x + width) / wide, (y + height) / high)


def overlap(one: Shares, other: Shares) -> float:
    """Intersection over union."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (_area(one) + _area(other) - shared)


def centred(side: float) -> Shares:
    """A box in the middle, of this share of each side."""
    return Shares((1 - side) / 2, (1 - side) / 2, (1 + side) / 2, (1 + side) / 2)


def measured(looker: Looker, boxes: list[Known]) -> dict[str, float | list[float]]:
    """Mean overlaps over some boxes, the suggestions' with its 95 %."""
    found = np.array([overlap(known.box, _suggested(looker, known.file)) for known in boxes])
    return {
        "n": len(boxes),
        "overlap": float(found.mean()),
        "interval": list(interval(lambda drawn: float(found[drawn].mean()), len(found))),
        "centred_sides": _mean_overlap(boxes, centred(CENTRED)),
        "centred_area": _mean_overlap(boxes, centred(math.sqrt(CENTRED))),
    }


def _suggested(looker: Looker, file: Path) -> Shares:
    with Image.open(file) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    x, y, width, height = looker.box(image)
    return Shares(
        x / image.width, y / image.height, (x + width) / image.width, (y + height) / image.height
    )


def _mean_overlap(boxes: list[Known], box: Shares) -> float:
    return float(np.mean([overlap(known.box, box) for known in boxes]))


def _area(box: Shares) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.check_boxes")
    parser.add_argument("--export", type=Path, required=True, metavar="DIR")
    parser.add_argument("--boxes", type=Path, required=True, metavar="FILE")
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    options = parser.parse_args(arguments)
    boxes = list(known_boxes(options.boxes, options.pictures or options.boxes.parent))
    print(json.dumps(measured(Looker(options.export), boxes)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
