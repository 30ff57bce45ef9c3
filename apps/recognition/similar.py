"""Photos like this one: the catalogue's reference photos nearest to a picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from django.db.models import Q
from pgvector import HalfVector
from pgvector.django import CosineDistance
from PIL import Image

from apps.catalogue.models import Category, Landmark, Photo, Region
from apps.catalogue.pictures import open_stored
from apps.recognition import reference_index, serving
from apps.recognition.models import PhotoEmbedding, ReferenceEmbedding, ReferenceIndex

MOST = 100


class SimilarPhoto(NamedTuple):
    """A photo that anybody may see, of a published landmark; similarity: cosine, −1 to 1."""

    photo: Photo
    landmark: Landmark
    similarity: float


def similar_to_images(
    images: Sequence[Image.Image],
    *,
    limit: int = 20,
    region: Region | None = None,
    category: Category | None = None,
    seconds: float = 3.0,
) -> list[SimilarPhoto]:
    """Return the photos most like some upright pictures of one place, the likest first.

    region, category: only landmarks in it or in one of its parts. At most MOST are returned.
    Raises NoReferenceIndex or a ServingError.
    """
    deadline = time.monotonic() + seconds
    index = reference_index.active_index()
    embeddings = np.stack(
        [
            serving.describe(image, model=index.model, seconds=deadline - time.monotonic())
            for image in images
        ]
    )
    query = reference_index.project(index, embeddings)
    return _nearest(index, query, limit=limit, region=region, category=category)


def similar_to_photo(
    photo: Photo,
    *,
    limit: int = 20,
    region: Region | None = None,
    category: Category | None = None,
    seconds: float = 3.0,
) -> list[SimilarPhoto]:
    """Return other photos most like one of the catalogue; as `similar_to_images`.

    What the model saw in the photo is mostly kept; the model server is asked only where not.
    """
    index = reference_index.active_index()
    query = _kept(index, photo)
    if query is None:
        with photo.file.open("rb") as content:
            image = open_stored(content)
        embedding = serving.describe(image, model=index.model, seconds=seconds)
        query = reference_index.project(index, embedding[np.newaxis])
    return _nearest(
        index, query, limit=limit, region=region, category=category, without=[photo.sha256]
    )


def _kept(index: ReferenceIndex, photo: Photo) -> np.ndarray | None:
    kept = PhotoEmbedding.objects.filter(photo=photo, model=index.model).first()
    if kept is None:
        return None
    embedding = np.frombuffer(bytes(kept.embedding), dtype=np.float16).astype(np.float32)
    return reference_index.project(index, embedding[np.newaxis])


def _nearest(
    index: ReferenceIndex,
    query: np.ndarray,
    *,
    limit: int,
    region: Region | None,
    category: Category | None,
    without: Sequence[str] = (),
) -> list[SimilarPhoto]:
    """Ask the vector index; without: checksums of pictures that are not wanted."""
    found = (
        ReferenceEmbedding.objects.filter(index=index, photo__reference=True)
        .filter(Q(photo__license__needs_credit=False) | ~Q(photo__credit=""))
        .filter(photo__license__may_show=True, photo__landmark__state=Landmark.State.PUBLISHED)
        .exclude(photo__sha256__in=without)
    )
    if region is not None:
        found = found.filter(
            Q(photo__landmark__region=region) | Q(photo__landmark__region__parent=region)
        )
    if category is not None:
        found = found.filter(
            Q(photo__landmark__category=category)
            | Q(photo__landmark__category__parent=category)
            | Q(photo__landmark__category__parent__parent=category)
        )
    rows = (
        found.annotate(distance=CosineDistance("embedding", HalfVector(query)))
        .order_by("distance")
        .defer("embedding")
        .select_related("photo__license")[: min(limit, MOST)]
    )
    rows = list(rows)
    landmarks = Landmark.objects.with_names().in_bulk({row.photo.landmark_id for row in rows})
    return [
        SimilarPhoto(row.photo, landmarks[row.photo.landmark_id], 1 - float(row.distance))
        for row in rows
    ]
