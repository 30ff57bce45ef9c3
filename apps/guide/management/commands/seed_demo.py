"""The product's own first content: landmarks with texts, routes, and drawings of 12 places."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from apps.annotation.services.practice import add_practice_dataset, remove_practice_dataset
from apps.catalogue.models import Landmark, License, Photo
from apps.catalogue.photo_texts import NO_TEXTS, read_photo_texts
from apps.catalogue.photos import attach_photo, photo_bounds
from apps.catalogue.pictures import prepare
from apps.catalogue.seeding import add_missing_landmarks
from apps.guide.models import Route
from apps.guide.route_services import add_missing_routes
from apps.guide.services import add_missing_articles
from apps.operations.audit import record_deletion
from apps.recognition.indexing import IndexNotBuilt, build_from_photos
from apps.recognition.model_server import running_model_server
from apps.recognition.models import ReferenceIndex

SEED_SOURCE = "gilnun-seed"
DEMO_SOURCE = "gilnun-demo"
LICENSE_CODE = "CC0-1.0"
REFERENCE_SPLIT = "reference"
VIEW_SPLIT = "view"
NONLANDMARK_SPLIT = "nonlandmark-fit"
SAMPLE_SPLIT = "sample"


class Command(BaseCommand):
    help = "Add the seed landmarks, their texts and the demo drawings; or take them away again."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--remove", action="store_true", help="take the seeded rows away")
        parser.add_argument(
            "--catalogue-only", action="store_true", help="landmarks and texts, no drawings"
        )

    def handle(self, *, remove: bool, catalogue_only: bool, **options) -> None:
        try:
            report = self._remove() if remove else self._add(catalogue_only)
        except IndexNotBuilt as reason:
            self.stdout.write(json.dumps({"error": str(reason)}, ensure_ascii=False))
            sys.exit(2)
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        if report.get("refused"):
            sys.exit(1)

    def _add(self, catalogue_only: bool) -> dict:
        now = timezone.now()
        counts: Counter = Counter(landmarks=add_missing_landmarks(at=now), articles=0, photos=0)
        with _seed_file("guide", "articles.csv").open(encoding="utf-8", newline="") as lines:
            articles = add_missing_articles(lines, at=now)
        counts["articles"] = articles.created
        counts["routes"] = add_missing_routes(at=now)
        refused = [{"line": line, "reason": reason} for line, reason in articles.refused]
        if not catalogue_only:
            counts["photos"] = self._add_drawings()
            counts["practice"] = add_practice_dataset(
                settings.DEMO_PICTURES_DIR,
                split=SAMPLE_SPLIT,
                license=License.objects.get(code=LICENSE_CODE),
                source=DEMO_SOURCE,
                at=now,
            )
            if counts["photos"] or not ReferenceIndex.objects.filter(active=True).exists():
                self._build_index()
        return {**counts, "refused": refused}

    def _add_drawings(self) -> int:
        folder = settings.DEMO_PICTURES_DIR
        license = License.objects.get(code=LICENSE_CODE)
        landmarks = {
            landmark.slug: landmark for landmark in Landmark.objects.prefetch_related("names")
        }
        added = 0
        with (folder / "manifest.csv").open(encoding="utf-8", newline="") as lines:
            rows = [
                row
                for row in csv.DictReader(lines)
                if row["split"] in (REFERENCE_SPLIT, VIEW_SPLIT, NONLANDMARK_SPLIT)
            ]
        texts = read_photo_texts(folder)
        # Pages show a place's pictures in the order in which they came: first what it is known by.
        rows.sort(key=lambda row: row["split"] == VIEW_SPLIT)
        for row in rows:
            landmark = None if row["split"] == NONLANDMARK_SPLIT else landmarks[row["slug"]]
            said = texts[row["file"]].of(landmark) if landmark else NO_TEXTS
            path = folder / row["file"]
            with path.open("rb") as file:
                photo = prepare(file, name=path.name, bounds=photo_bounds(license))
            _, new = attach_photo(
                landmark=landmark,
                content=photo.content,
                sha256=photo.sha256,
                license=license,
                source=DEMO_SOURCE,
                reference=row["split"] == REFERENCE_SPLIT,
                alt_texts=said.alt_texts,
                captions=said.captions,
                at=timezone.now(),
            )
            added += new
        return added

    def _build_index(self) -> None:
        with running_model_server(patience=settings.MODEL_SERVER_START_SECONDS) as model:
            build_from_photos(model, at=timezone.now())

    def _remove(self) -> dict:
        with transaction.atomic():
            gone = partial(
                record_deletion, by=None, by_name="seed_demo", at=timezone.now(), batch=uuid4()
            )
            practice = remove_practice_dataset(source=DEMO_SOURCE)
            photos = list(Photo.objects.filter(source=DEMO_SOURCE))
            gone(photos)
            Photo.objects.filter(source=DEMO_SOURCE).delete()
            # A route of the seed that loses its places is nothing to keep; one of staff is.
            routes = Route.objects.filter(source=SEED_SOURCE)
            gone(list(routes))
            routes.delete()
            # A seed landmark that has photos by now belongs to the installation.
            unused = Landmark.objects.filter(source=SEED_SOURCE, photos=None)
            removed = unused.count()
            for part in (unused.filter(parent__isnull=False), unused.filter(parts=None)):
                gone(list(part))
                part.delete()
            ReferenceIndex.objects.filter(active=True).update(active=False)
            transaction.on_commit(lambda: [photo.file.delete(save=False) for photo in photos])
        if Photo.objects.references().exists():
            self._build_index()
        return {"photos": len(photos), "landmarks": removed, "practice": practice}


def _seed_file(app: str, name: str) -> Path:
    return Path(apps.get_app_config(app).path) / "seed" / name
