"""Let recognition know the catalogue's present reference photos."""

from __future__ import annotations

import json
import sys
import time

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.recognition.indexing import IndexNotBuilt, build_from_photos
from apps.recognition.model_server import running_model_server


class Command(BaseCommand):
    help = "Describe new reference photos, fit the projection anew and switch to the new index."

    def handle(self, **options) -> None:
        started = time.monotonic()
        try:
            with running_model_server() as model:
                index = build_from_photos(
                    model, at=timezone.now(), progress=lambda text: self.stderr.write(text)
                )
        except IndexNotBuilt as reason:
            self.stdout.write(json.dumps({"error": str(reason)}, ensure_ascii=False))
            sys.exit(2)
        self.stdout.write(
            json.dumps(
                {
                    "model": model.name,
                    "version": index.version,
                    "references": index.references,
                    "seconds": round(time.monotonic() - started, 2),
                }
            )
        )
