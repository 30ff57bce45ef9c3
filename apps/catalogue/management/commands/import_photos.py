"""Import photos of landmarks from folders named after their slugs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.catalogue.models import Landmark, License
from apps.catalogue.photo_texts import NO_TEXTS, TEXTS_FILE, TextsUnreadable, read_photo_texts
from apps.catalogue.photos import attach_photo, photo_bounds
from apps.catalogue.pictures import PictureRefused, prepare
from apps.operations.audit import Change, record, snapshot
from apps.operations.models import AuditEntry


class Command(BaseCommand):
    help = (
        "Import DIR/<slug>/* as photos of landmarks; with --no-landmark DIR/** as rejections. "
        "DIR/texts.csv may say what they show: file (SLUG/NAME), alt_ko, alt_en, caption_ko, "
        "caption_en."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--license", required=True, dest="license_code")
        parser.add_argument("--credit", default="")
        parser.add_argument("--source", default="import")
        parser.add_argument("--reference", action="store_true", help="recognition may use them")
        parser.add_argument(
            "--no-landmark", action="store_true", help="pictures that show no landmark"
        )

    def handle(self, *, directory: Path, license_code: str, **options) -> None:
        license = License.objects.filter(code=license_code).first()
        if license is None:
            known = ", ".join(License.objects.order_by("code").values_list("code", flat=True))
            raise CommandError(f"There is no license {license_code!r}. Known: {known}.")
        if options["reference"] and not license.may_train:
            raise CommandError(f"{license_code} forbids training, so no photo may be a reference.")
        if not directory.is_dir():
            raise CommandError(f"{directory} is not a folder.")
        try:
            self._texts = read_photo_texts(directory)
        except TextsUnreadable as reason:
            raise CommandError(str(reason)) from reason
        added, unchanged, refused = 0, 0, []
        for path in _files(directory):
            try:
                new = self._take(path, directory, license, options)
            except (PictureRefused, OSError) as reason:
                code = getattr(reason, "code", None) or str(reason)
                refused.append({"file": str(path.relative_to(directory)), "reason": code})
                continue
            added += new
            unchanged += not new
            if (added + unchanged) % 500 == 0:
                self.stderr.write(f"{added + unchanged} photos")
        self.stdout.write(
            json.dumps(
                {"added": added, "unchanged": unchanged, "refused": refused}, ensure_ascii=False
            )
        )
        if refused:
            sys.exit(1 if added + unchanged else 2)

    def _take(self, path: Path, directory: Path, license: License, options: dict) -> bool:
        landmark = None
        if not options["no_landmark"]:
            slug = path.relative_to(directory).parts[0]
            landmark = Landmark.objects.filter(slug=slug).first()
            if landmark is None:
                raise OSError(f"there is no landmark {slug!r}")
        with path.open("rb") as file:
            photo = prepare(file, name=path.name, bounds=photo_bounds(license))
        texts = self._texts.get(path.relative_to(directory).as_posix(), NO_TEXTS)
        texts = texts.of(landmark) if landmark else texts
        now = timezone.now()
        with transaction.atomic():
            held, new = attach_photo(
                landmark=landmark,
                content=photo.content,
                sha256=photo.sha256,
                license=license,
                credit=options["credit"],
                source=options["source"],
                reference=options["reference"] and landmark is not None,
                alt_texts=texts.alt_texts,
                captions=texts.captions,
                at=now,
            )
            if new:
                change = Change(held, None, snapshot(held))
                created = AuditEntry.Action.CREATED
                record([change], by=None, by_name="import_photos", at=now, action=created)
        return new


def _files(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.rglob("*")):
        if path == directory / TEXTS_FILE:
            continue
        if path.is_file() and not path.name.startswith("."):
            yield path
