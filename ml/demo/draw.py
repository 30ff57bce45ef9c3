"""Draw the demo pictures, their manifest and the words for them.

    python -m ml.demo.draw [--only SLUG] [--output DIR]

Takes about two seconds a picture on one core; the same code draws the same pictures.

The box of a landmark is the smallest one around the pixels of its silhouette inside the
picture, where the silhouette is what would be seen of it if nothing of the foreground
(visitors, trees) stood before it; the ground and the neighbourhood do hide it. A pixel
belongs to the silhouette when at least half of it does. Tags: truncated, the silhouette
touches the picture's edge; occluded, the foreground hides at least 1 % of it; reflection,
sunlight dazzles on it; none_of_these, none of the three.
"""

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ml.demo import everyday, views, words
from ml.demo.rendering import Picture, Shot, render

PICTURES = Path(__file__).parent / "pictures"
COLUMNS = [
    "file",
    "slug",
    "split",
    "x",
    "y",
    "width",
    "height",
    "truncated",
    "occluded",
    "reflection",
    "none_of_these",
]
FOLDERS = {"reference": "references", "sample": "samples", "view": "views"}
BYTES = 28_500  # what one picture may take on the average; the whole set stays under 10 MB
HIDDEN = 0.01


class Job(NamedTuple):
    """One picture to draw. file: below the output folder; number: of the view or the scene."""

    file: str
    slug: str
    split: str
    number: int


def jobs() -> list[Job]:
    """Return every picture of the set, in the order of the manifest."""
    found = []
    for slug in sorted(views.STANDS):
        for number, (name, view) in enumerate(zip(views.view_names(slug), views.PLAN, strict=True)):
            found.append(Job(f"{FOLDERS[view.split]}/{slug}/{name}", slug, view.split, number))
    names = sorted(
        f"{kind}/{kind}-{number + 1:02d}.jpg"
        for kind, count in everyday.COUNTS.items()
        for number in range(count)
    )
    for place, name in enumerate(names):
        kind, number = name.split("/")[0], int(name[-6:-4]) - 1
        # Even ones in name order fit the rejection, odd ones try it, as `ml.evaluate` does.
        split = "nonlandmark-try" if place % 2 else "nonlandmark-fit"
        found.append(Job(f"nonlandmarks/{name}", kind, split, number))
    return found


def draw(job: Job) -> tuple[np.ndarray, dict[str, str]]:
    """Return the pixels [height, width, 3] and the manifest row of one picture."""
    row = dict.fromkeys(COLUMNS, "") | {"file": job.file, "slug": job.slug, "split": job.split}
    if job.split.startswith("nonlandmark"):
        return everyday.picture(job.slug, job.number), row
    scene, shot = views.take(job.slug, job.number)
    picture = render(scene, shot)
    return picture.pixels, row | box(picture.silhouette) | tags(picture, shot)


def box(silhouette: np.ndarray) -> dict[str, str]:
    """Return x, y, width, height in pixels around a silhouette of shape [height, width]."""
    rows, columns = np.nonzero(silhouette >= 0.5)
    x, y = int(columns.min()), int(rows.min())
    size = (int(columns.max()) - x + 1, int(rows.max()) - y + 1)
    return {"x": str(x), "y": str(y), "width": str(size[0]), "height": str(size[1])}


def tags(picture: Picture, shot: Shot) -> dict[str, str]:
    """Return the four tags as "0" or "1"."""
    inside = picture.silhouette >= 0.5
    truncated = inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any()
    found = {
        "truncated": bool(truncated),
        "occluded": picture.hidden >= HIDDEN,
        "reflection": shot.glare > 0,
    }
    found["none_of_these"] = not any(found.values())
    return {name: str(int(value)) for name, value in found.items()}


def compressed(pixels: np.ndarray) -> bytes:
    """Return the picture as JPEG without metadata, less exact where it would be large."""
    for quality in range(86, 50, -4):
        file = io.BytesIO()
        Image.fromarray(pixels).save(
            file, "JPEG", quality=quality, optimize=True, progressive=True, subsampling=2
        )
        if file.tell() <= BYTES * 1.15:
            break
    return file.getvalue()


def draw_all(output: Path, only: str | None) -> Iterator[dict[str, str]]:
    """Draw the pictures, of one slug or of all, and yield their rows."""
    for job in jobs():
        if only in (None, job.slug):
            pixels, row = draw(job)
            path = output / job.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(compressed(pixels))
            yield row


def write_manifest(output: Path, drawn: list[dict[str, str]]) -> None:
    """Write manifest.csv; rows of pictures that were not drawn now stay as they were."""
    path = output / "manifest.csv"
    rows = {}
    if path.exists():
        with path.open(newline="") as file:
            rows = {row["file"]: row for row in csv.DictReader(file)}
    rows |= {row["file"]: row for row in drawn}
    order = [job.file for job in jobs()]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in order if name in rows)


def write_texts(output: Path) -> None:
    """Write texts.csv from the manifest: what the pictures that visitors see of landmarks show."""
    with (output / "manifest.csv").open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    shown = [job for job in jobs() if job.split in ("reference", "view") and job.file in rows]
    with (output / "texts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, words.COLUMNS, lineterminator="\n")
        writer.writeheader()
        for job in shown:
            tags = {name: rows[job.file][name] == "1" for name in ("occluded", "truncated")}
            writer.writerow({"file": job.file} | words.texts(job.number, **tags))


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the demo pictures and their manifest.")
    parser.add_argument(
        "--only", metavar="SLUG", help="one landmark, or one kind of everyday picture"
    )
    parser.add_argument("--output", type=Path, default=PICTURES, metavar="DIR")
    arguments = parser.parse_args()
    drawn = []
    for row in draw_all(arguments.output, arguments.only):
        drawn.append(row)
        print(row["file"], flush=True)
    write_manifest(arguments.output, drawn)
    write_texts(arguments.output)


if __name__ == "__main__":
    main()
