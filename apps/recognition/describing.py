"""Letting a model see catalogue photos, and keeping what it saw.

While the model is busy with some photos, the next are opened: decoding leaves Python's lock, so
threads fill the processors, and the model server has something to do all the time. Each photo is
a request of its own: on a processor eight in one request take longer than eight beside each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import numpy as np
from django.db import transaction
from PIL import Image

from apps.catalogue.models import Photo
from apps.catalogue.pictures import open_stored
from apps.recognition import serving
from apps.recognition.models import PhotoEmbedding, ServedModel

DESCRIBE_SECONDS = 30.0
# The model server runs two at a time; the others are being decoded. More would only let a
# visitor's photo wait longer behind them.
PHOTOS_AT_ONCE = 4
ROWS_AT_ONCE = 100


def photos_without_embedding(model: ServedModel) -> Iterator[Photo]:
    """Yield the photos an index needs that the model has not seen yet."""
    wanted = Photo.objects.references() | Photo.objects.nonlandmarks()
    return wanted.exclude(embeddings__model=model).order_by("pk").iterator(1000)


def describe_photos(
    photos: Iterable[Photo],
    model: ServedModel,
    progress: Callable[[str], None] = lambda text: None,
) -> int:
    """Let a model see photos and keep what it saw, a hundred at a time; return how many.

    One that cannot be read keeps no other back: OSError or RequestRefused is raised after the
    last. Any other ServingError ends it at once. What was seen before is kept in any case.
    """
    unreadable = None
    number, seen = 0, []
    with closing(_asked_ahead(photos, model)) as asked_ahead:
        try:
            for photo, asked in asked_ahead:
                try:
                    seen.append((photo, _answer(photo, asked, model)))
                except (OSError, serving.RequestRefused) as error:
                    unreadable = unreadable or error
                    continue
                number += 1
                if len(seen) == ROWS_AT_ONCE:
                    _remember(seen, model)
                    seen = []
                    progress(f"{number} photos described")
        finally:
            _remember(seen, model)
    if unreadable is not None:
        raise unreadable
    return number


def _asked_ahead(photos: Iterable[Photo], model: ServedModel) -> Iterator[tuple[Photo, Future]]:
    """Yield photos and what will be their embedding, in their order."""
    with ThreadPoolExecutor(PHOTOS_AT_ONCE, thread_name_prefix="describing") as pool:
        asked = deque()
        try:
            for photo in photos:
                asked.append((photo, pool.submit(_see, photo, model)))
                if len(asked) > PHOTOS_AT_ONCE:
                    yield asked.popleft()
            while asked:
                yield asked.popleft()
        finally:
            for _, left in asked:
                left.cancel()


def _see(photo: Photo, model: ServedModel) -> np.ndarray:
    """Ask from a thread, which has no database: the breaker is left to the caller."""
    return serving.describe_unguarded(_opened(photo), model=model, seconds=DESCRIBE_SECONDS)


def _answer(photo: Photo, asked: Future, model: ServedModel) -> np.ndarray:
    try:
        return asked.result()
    except serving.ServingUnavailable:
        # Once more, and now the breaker hears of it.
        return serving.describe(_opened(photo), model=model, seconds=DESCRIBE_SECONDS)


def _opened(photo: Photo) -> Image.Image:
    with photo.file.open("rb") as content:
        return open_stored(content)


@transaction.atomic
def _remember(seen: list[tuple[Photo, np.ndarray]], model: ServedModel) -> None:
    """Keep what a model sees in photos, each [D], L2-normalized; not of those deleted meanwhile."""
    there = Photo.objects.filter(pk__in=[photo.pk for photo, _ in seen])
    left = set(there.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    PhotoEmbedding.objects.bulk_create(
        [
            PhotoEmbedding(
                photo=photo, model=model, embedding=embedding.astype(np.float16).tobytes()
            )
            for photo, embedding in seen
            if photo.pk in left
        ],
        update_conflicts=True,
        unique_fields=["photo", "model"],
        update_fields=["embedding"],
    )
