"""Pictures of the demo set that show what each tag means; they come with the product."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from apps.annotation.shapes import TAGS, Box

# The samples are what people practise on; their answers are not given away here.
SPLIT = "reference"
SHOWN = 3
# Where the tag is plain to see; others of the same tags stand in for what is not there.
FIRST = {
    "truncated": ("cheomseongdae-06", "dabotap-06", "dongdaemun-design-plaza-01"),
    "occluded": ("cheomseongdae-03", "dabotap-05", "hwaseong-fortress-hwaseomun-05"),
    "reflection": ("hwaseong-fortress-hwaseomun-08", "independence-gate-08", "sungnyemun-08"),
    "none_of_these": ("cheomseongdae-01", "independence-gate-01", "lotte-world-tower-01"),
    "several": ("cheomseongdae-08", "dabotap-08", "seokgatap-08"),
    "box": ("dabotap-01",),
}


class Example(NamedTuple):
    file: str  # its path below the demo folder
    slug: str
    box: Box
    tags: frozenset[str]
    width: int
    height: int

    @property
    def stem(self) -> str:
        return Path(self.file).stem


@lru_cache(maxsize=2)
def examples(folder: Path) -> tuple[Example, ...]:
    """Return the pictures of the manifest that may serve as examples; none without a manifest."""
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        return ()
    found = []
    with manifest.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            path = folder / row["file"]
            if row["split"] != SPLIT or not row["x"] or not path.is_file():
                continue
            with Image.open(path) as image:
                width, height = image.size
            box = Box(*(int(row[name]) for name in ("x", "y", "width", "height")))
            tags = frozenset(tag for tag in TAGS if row[tag] == "1")
            found.append(Example(row["file"], row["slug"], box, tags, width, height))
    return tuple(found)


def examples_of(folder: Path) -> dict[str, list[Example]]:
    """Return examples of each tag alone, of several at once, and of a good box."""
    known = examples(folder)
    groups = {tag: [one for one in known if one.tags == {tag}] for tag in TAGS}
    groups["several"] = [one for one in known if len(one.tags) > 1]
    groups["box"] = groups["none_of_these"]
    return {name: _chosen(group, FIRST[name]) for name, group in groups.items()}


def _chosen(group: list[Example], first: tuple[str, ...]) -> list[Example]:
    chosen = [one for stem in first for one in group if one.stem == stem]
    for one in group:
        if len(chosen) >= SHOWN:
            break
        if one.slug not in {other.slug for other in chosen}:
            chosen.append(one)
    return chosen[:SHOWN]


def example_file(folder: Path, name: str) -> Path | None:
    """Return the file of an example, or None: only what the manifest lists is served."""
    known = {one.file for one in examples(folder)}
    return folder / name if name in known else None
