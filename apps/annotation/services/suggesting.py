"""Boxes to begin with, from where the model that answers looks; people correct them.

The model is asked in a process of its own (`ml.suggest_boxes`): it needs the network's inside,
which no model server shows.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from apps.annotation.models import AnnotationImage, Dataset
from apps.annotation.services.importing import suggested_box
from apps.operations.jobs import add_job

logger = logging.getLogger(__name__)

TASK = "apps.annotation.tasks.suggest_boxes"


class CannotSuggest(Exception):
    """There is no model here whose inside can be looked at; the message says why."""


def suggest_later(dataset: Dataset, *, at: datetime) -> None:
    """Let a worker suggest boxes for the images of a dataset that have none."""
    add_job(task=TASK, subject=dataset.pk, at=at)


def suggest_in_background(subject: str, keep: Callable[[], None]) -> None:
    """Do it; what is suggested is kept at once, so that a stopped job goes on where it was."""
    for _ in suggest_boxes(Dataset.objects.get(pk=subject)):
        keep()


def leave_without(subject: str, reason: str) -> None:
    """Give up: people draw from nothing."""
    logger.error("No boxes are suggested for dataset %s: %s", subject, reason)


def without_suggestion(dataset: Dataset) -> QuerySet[AnnotationImage]:
    """Images to suggest a box for; a known answer is for people to find without help."""
    return dataset.images.filter(suggestion__isnull=True, truth__isnull=True, broken="").exclude(
        file=""
    )


def suggest_boxes(dataset: Dataset) -> Iterator[bool]:
    """Suggest a box for each image that has none; yields for each whether it got one.

    Raises CannotSuggest.
    """
    images = without_suggestion(dataset).order_by("pk")
    if not images.exists():
        return
    with _looking() as box_in:
        for image in images.iterator(200):
            with image.file.open("rb") as content:
                found = box_in(content.read())
            box = suggested_box(tuple(found), image.width, image.height) if found else None
            if box is not None:
                # Somebody may have brought a better one meanwhile.
                AnnotationImage.objects.filter(pk=image.pk, suggestion__isnull=True).update(
                    suggestion=box
                )
            yield box is not None


@contextmanager
def _looking() -> Iterator[Callable[[bytes], list[int] | None]]:
    """Yield a function from the content of a picture to its box in pixels, or None."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ml.suggest_boxes", "--models", str(settings.MODELS_DIR)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "picture")

            def box_in(content: bytes) -> list[int] | None:
                file.write_bytes(content)
                try:
                    process.stdin.write(f"{file}\n")
                    process.stdin.flush()
                    line = process.stdout.readline()
                except BrokenPipeError:
                    line = ""
                if not line:
                    raise CannotSuggest(process.stderr.read().strip()[-500:])
                return json.loads(line)["box"]

            yield box_in
    finally:
        process.kill()
        process.communicate()
