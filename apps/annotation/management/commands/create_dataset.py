"""Make a dataset out of a folder of pictures, with a task for each."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import User
from apps.annotation.pictures import SUFFIXES, PictureRefused, prepare_picture
from apps.annotation.services.preparing import (
    add_image,
    assign,
    dataset_named,
    known_image,
)
from apps.annotation.shapes import TAGS
from apps.catalogue.models import Landmark, License


class Command(BaseCommand):
    help = (
        "Make a dataset out of the pictures in DIR. A folder named after a landmark's slug says"
        " what its pictures show. Repeating adds what is new."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("name")
        parser.add_argument("--images", type=Path, required=True, metavar="DIR")
        parser.add_argument("--landmark", metavar="SLUG", help="what every picture shows")
        parser.add_argument("--license", default="INTERNAL", dest="license_code", metavar="CODE")
        parser.add_argument("--annotator", nargs="+", action="extend", default=[], metavar="USER")
        parser.add_argument("--redundancy", type=int, default=1, help="people per image, 1 to 9")
        parser.add_argument("--no-review", action="store_true")
        parser.add_argument("--source", default="folder")
        parser.add_argument(
            "--manifest",
            type=Path,
            help="CSV with file, x, y, width, height: suggested boxes; with --practice the answers",
        )
        parser.add_argument(
            "--practice", action="store_true", help="open to all, with the answer after a submit"
        )

    def handle(self, *, name: str, images: Path, **options) -> None:
        if not name.strip() or len(name) > 200:
            raise CommandError("A dataset needs a name of at most 200 characters.")
        if not images.is_dir():
            raise CommandError(f"{images} is not a folder.")
        if not 1 <= options["redundancy"] <= 9:
            raise CommandError("--redundancy is 1 to 9.")
        self.license = _one(License, "code", options["license_code"], "license")
        self.landmark = None
        if options["landmark"]:
            self.landmark = _one(Landmark, "slug", options["landmark"], "landmark")
        people = [_one(User, "username", person, "user") for person in options["annotator"]]
        self.slugs = {landmark.slug: landmark for landmark in Landmark.objects.all()}
        self.boxes = _manifest(options["manifest"])
        self.practice = options["practice"]
        dataset, _ = dataset_named(
            name,
            at=timezone.now(),
            needs_review=not (options["no_review"] or self.practice),
            redundancy=options["redundancy"],
            open_to_all=self.practice,
            practice=self.practice,
            source=options["source"],
        )
        assign(dataset, people)
        refused = []
        for number, path in enumerate(_files(images), start=1):
            try:
                self._take(dataset, path, images)
            except (PictureRefused, OSError) as reason:
                code = getattr(reason, "code", None) or str(reason)
                refused.append({"file": str(path.relative_to(images)), "reason": code})
            if number % 500 == 0:
                self.stderr.write(f"{number} files")
        report = {
            "id": dataset.pk,
            "images": dataset.images.count(),
            "tasks": dataset.tasks.count(),
            "refused": refused,
        }
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if refused:
            sys.exit(1 if report["images"] else 2)

    def _take(self, dataset, path: Path, folder: Path) -> None:
        if path.stat().st_size > settings.PHOTO_MAX_BYTES:
            raise PictureRefused("too_large")
        name = path.relative_to(folder)
        content = path.read_bytes()
        if known_image(dataset, hashlib.sha256(content).hexdigest()):
            return
        picture = prepare_picture(
            content,
            max_pixels=settings.PHOTO_MAX_PIXELS,
            min_side=settings.PHOTO_MIN_SIDE,
        )
        row = self.boxes.get(path.resolve())
        add_image(
            dataset,
            picture,
            name=str(name),
            license=self.license,
            landmark=self.landmark or self.slugs.get(name.parent.name),
            suggestion=row["bbox"] if row and not self.practice else None,
            truth=row if self.practice else None,
            at=timezone.now(),
        )


def _one(model, field: str, value: str, noun: str):
    found = model.objects.filter(**{field: value}).first()
    if found is None:
        raise CommandError(f"There is no {noun} {value!r}.")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix.lower() in SUFFIXES:
            yield path


def _manifest(path: Path | None) -> dict[Path, dict]:
    """Return what a manifest says of each file, by the file's whole path."""
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return {
                (path.parent / row["file"]).resolve(): {
                    "bbox": [int(row[name]) for name in ("x", "y", "width", "height")],
                    **{tag: row.get(tag) == "1" for tag in TAGS},
                }
                for row in csv.DictReader(lines)
                if row["x"]
            }
    except (OSError, KeyError, ValueError, TypeError) as fault:
        raise CommandError(f"{path} cannot be read as a manifest: {fault}") from fault
