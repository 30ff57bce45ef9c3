"""Pictures as TFRecord shards: `python -m ml.data.shards SOURCE --output DIR`.

Writes DIR/{train,held_out}-00000.tfrecord …, classes.json (labels in the order of their
numbers, and how many pictures each has), counts.csv and contact_sheet.jpg, and prints one JSON
object. DIR may be s3://BUCKET/PREFIX on object storage (`shard_files`). Pictures are cut to
their box with --crop box (and a margin around it), turned upright and shrunk to --side. Several
sources are joined. --folders writes the same split as FOLDER/{references,queries}/LABEL/ too,
for `ml.evaluate`. --shuffle-labels makes a set that a run must not be able to learn.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageOps

from ml.data import shard_files
from ml.data.manifest import Box, Example, InvalidManifest, read_manifest
from ml.data.splitting import difference_hash, groups_of, held_out

JPEG_QUALITY = 92
BOX_MARGIN = 0.1  # of the box's longer side, on each side
PICTURES_A_SHARD = 2000
SHEET_CELL = 96
SHEET_COLUMNS = 12
SPLITS = ("train", "held_out")
FOLDER_OF = {"train": "references", "held_out": "queries"}


class ShardSet(NamedTuple):
    """What was written: labels by number, pictures by split, files that could not be read."""

    classes: list[str]
    counts: dict[str, int]
    refused: list[dict[str, str]]


class _Prepared(NamedTuple):
    jpeg: bytes
    hash: int


def write_shards(
    sources: Path | Sequence[Path],
    output: str,
    *,
    crop: str = "whole",
    side: int = 512,
    held_out_share: float = 0.15,
    seed: int = 1,
    folders: Path | None = None,
    shuffle_labels: bool = False,
) -> ShardSet:
    """Read, cut, shrink, split and write all pictures of one or more sources.

    crop: "whole" or "box". folders: where to write them as class folders too. shuffle_labels: the
    same labels, dealt anew over the pictures. A file that cannot be read is listed and passed
    over. Pictures are prepared one at a time, so memory does not grow with their number.
    """
    sources = [sources] if isinstance(sources, str | Path) else sources
    examples = [example for source in sources for example in read_manifest(source)]
    readable, hashes, refused = [], [], []
    for example in examples:
        try:
            hashes.append(prepared(example, crop, side).hash)
            readable.append(example)
        except (OSError, ValueError, SyntaxError) as error:
            refused.append({"file": str(example.file), "reason": str(error)})
    if shuffle_labels:
        readable = _dealt_anew(readable, seed)
    labels = [example.label for example in readable]
    outside = held_out(groups_of(hashes), labels, held_out_share, seed)
    classes = sorted(set(labels))
    numbers = {label: number for number, label in enumerate(classes)}
    counts = {}
    with shard_files.written(output) as target:
        for split in SPLITS:
            chosen = [
                example
                for example, is_out in zip(readable, outside, strict=True)
                if is_out == (split == "held_out")
            ]
            # Classes come in one after another: reading them so would train on one at a time.
            order = np.random.default_rng(seed).permutation(len(chosen))
            _write_split(target, split, [chosen[index] for index in order], numbers, crop, side)
            if folders is not None:
                _write_folders(folders / FOLDER_OF[split], chosen, crop, side)
            counts[split] = len(chosen)
        _write_overview(target, readable, outside, classes, side)
    return ShardSet(classes, counts, refused)


def _dealt_anew(examples: list[Example], seed: int) -> list[Example]:
    order = np.random.default_rng(seed).permutation(len(examples))
    return [
        example._replace(label=examples[other].label)
        for example, other in zip(examples, order, strict=True)
    ]


def prepared(example: Example, crop: str, side: int) -> _Prepared:
    """A picture upright, cut and shrunk, as JPEG, and its hash; raises OSError and ValueError."""
    with Image.open(example.file) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    if crop == "box" and example.box is not None:
        image = image.crop(_with_margin(example.box, image.size))
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return _Prepared(buffer.getvalue(), difference_hash(image))


def _with_margin(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    margin = BOX_MARGIN * max(box.width, box.height)
    left, top = max(0, box.x - margin), max(0, box.y - margin)
    right = min(size[0], box.x + box.width + margin)
    bottom = min(size[1], box.y + box.height + margin)
    if right - left < 1 or bottom - top < 1:
        raise ValueError(f"box {tuple(box)} lies outside the picture of {size}")
    return math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)


def _write_split(
    folder: Path, split: str, examples: Sequence[Example], numbers: dict[str, int], crop, side
) -> None:
    for start in range(0, len(examples), PICTURES_A_SHARD):
        name = f"{split}-{start // PICTURES_A_SHARD:05d}.tfrecord"
        with tf.io.TFRecordWriter(str(folder / name)) as writer:
            for example in examples[start : start + PICTURES_A_SHARD]:
                jpeg = prepared(example, crop, side).jpeg
                writer.write(_record(jpeg, numbers[example.label]))


def _write_folders(folder: Path, examples: Sequence[Example], crop: str, side: int) -> None:
    for number, example in enumerate(examples):
        if Path(example.label).name != example.label:
            raise InvalidManifest(f"{example.file}: {example.label!r} cannot name a folder")
        target = folder / example.label / f"{number:07d}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(prepared(example, crop, side).jpeg)


def _record(jpeg: bytes, label: int) -> bytes:
    feature = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def _write_overview(
    folder: Path, examples: list[Example], outside: list[bool], classes: list[str], side: int
) -> None:
    training, kept = Counter(), Counter()
    for example, is_out in zip(examples, outside, strict=True):
        (kept if is_out else training)[example.label] += 1
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["label", "train", "held_out"])
    writer.writerows([label, training[label], kept[label]] for label in classes)
    (folder / "counts.csv").write_text(table.getvalue(), encoding="utf-8", newline="")
    sheet = contact_sheet(_one_of_each(examples), side)
    (folder / "contact_sheet.jpg").write_bytes(sheet)
    content = {"classes": classes, "training": [training[label] for label in classes]}
    (folder / "classes.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _one_of_each(examples: list[Example]) -> Iterator[Example]:
    seen = set()
    for example in examples:
        if example.label not in seen:
            seen.add(example.label)
            yield example


def contact_sheet(examples: Iterator[Example], side: int, most: int = 240) -> bytes:
    """A JPEG of small pictures with their labels, one of each class, at most `most`."""
    chosen = [example for example, _ in zip(examples, range(most), strict=False)]
    rows = max(1, math.ceil(len(chosen) / SHEET_COLUMNS))
    sheet = Image.new("RGB", (SHEET_COLUMNS * SHEET_CELL, rows * (SHEET_CELL + 14)), "white")
    draw = ImageDraw.Draw(sheet)
    for place, example in enumerate(chosen):
        image = Image.open(io.BytesIO(prepared(example, "whole", side).jpeg))
        cell = ImageOps.fit(image, (SHEET_CELL - 4, SHEET_CELL - 4))
        left = place % SHEET_COLUMNS * SHEET_CELL
        top = place // SHEET_COLUMNS * (SHEET_CELL + 14)
        sheet.paste(cell, (left + 2, top + 2))
        text = example.label.encode("ascii", "replace").decode()[:15]
        draw.text((left + 2, top + SHEET_CELL - 2), text, fill="black")
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.data.shards")
    parser.add_argument("sources", type=Path, nargs="+", metavar="SOURCE")
    parser.add_argument("--output", required=True, metavar="DIR")
    parser.add_argument("--crop", choices=("whole", "box"), default="whole")
    parser.add_argument("--side", type=int, default=512, metavar="PIXELS")
    parser.add_argument("--held-out", type=float, default=0.15, metavar="SHARE")
    parser.add_argument("--folders", type=Path, metavar="DIR", help="the split as class folders")
    parser.add_argument(
        "--shuffle-labels",
        action="store_true",
        help="deal the labels anew over the pictures: of these nothing can be learned",
    )
    options = parser.parse_args(arguments)
    written = write_shards(
        options.sources,
        options.output,
        crop=options.crop,
        side=options.side,
        held_out_share=options.held_out,
        folders=options.folders,
        shuffle_labels=options.shuffle_labels,
    )
    print(
        json.dumps(
            {"classes": len(written.classes), **written.counts, "refused": written.refused},
            ensure_ascii=False,
        )
    )
    return 1 if written.refused else 0


if __name__ == "__main__":
    sys.exit(main())
