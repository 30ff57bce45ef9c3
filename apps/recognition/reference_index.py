"""Reference photos in one space: built beside the old, searched, switched in one transaction."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from django.db.models import Max
from pgvector import HalfVector

from apps.catalogue.models import Landmark, Photo
from apps.recognition.models import (
    PhotoEmbedding,
    Prototype,
    ReferenceEmbedding,
    ReferenceIndex,
    ServedModel,
)
from ml.inference.building import build_index
from ml.inference.calibration import Calibration
from ml.inference.projection import Projection
from ml.inference.ranking import NEAREST_BACKGROUND, NEAREST_REFERENCES, Evidence

ROWS_AT_ONCE = 1000
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


class NoReferenceIndex(Exception):
    """No index is active: recognition has nothing to compare with yet."""


class SearchSpace(NamedTuple):
    """What a process keeps of an index: the rest stays in the database."""

    projection: Projection
    background: np.ndarray  # float32 [m, 512]
    calibration: Calibration


def active_index() -> ReferenceIndex:
    """Return the active index with its model, without its large columns."""
    index = (
        ReferenceIndex.objects.filter(active=True)
        .select_related("model")
        .defer("projection", "background")
        .first()
    )
    if index is None:
        raise NoReferenceIndex
    return index


@lru_cache(maxsize=2)
def search_space(index_id: int) -> SearchSpace:
    """Return the projection, background and calibration of an index; they never change."""
    index = ReferenceIndex.objects.get(pk=index_id)
    return SearchSpace(
        projection=Projection.from_bytes(bytes(index.projection)),
        background=np.load(io.BytesIO(bytes(index.background)), allow_pickle=False),
        calibration=Calibration.from_json(index.calibration),
    )


def project(index: ReferenceIndex, embeddings: np.ndarray) -> np.ndarray:
    """Return one query [512] for the embeddings [n, D] of photos of one place."""
    query = search_space(index.pk).projection.apply(embeddings).mean(axis=0)
    return query / max(float(np.linalg.norm(query)), 1e-12)


def gather_evidence(index: ReferenceIndex, query: np.ndarray) -> Evidence:
    """Return what the index says about a projected photo [512], L2-normalized."""
    vector = HalfVector(query).to_text()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            -- A photo answers for the landmark it belongs to now, also where it moved there or
            -- its entry was merged after the index was built.
            SELECT landmark.id, 1 - (nearest.embedding <=> %(query)s::halfvec)
            FROM recognition_referenceembedding nearest
            JOIN catalogue_photo photo ON photo.id = nearest.photo_id AND photo.reference
            JOIN catalogue_landmark own ON own.id = photo.landmark_id
            LEFT JOIN catalogue_landmarkredirect redirect ON redirect.old_slug = own.slug
            JOIN catalogue_landmark landmark
              ON landmark.id = coalesce(redirect.landmark_id, own.id)
             AND landmark.state = 'published'
            WHERE nearest.index_id = %(index)s
            ORDER BY nearest.embedding <=> %(query)s::halfvec
            LIMIT %(limit)s
            """,
            {"query": vector, "index": index.pk, "limit": NEAREST_REFERENCES},
        )
        references = cursor.fetchall()
        cursor.execute(
            """
            SELECT landmark_id, 1 - (embedding <=> %(query)s::halfvec), "references"
            FROM recognition_prototype
            WHERE index_id = %(index)s AND landmark_id = ANY(%(landmarks)s)
            """,
            {
                "query": vector,
                "index": index.pk,
                "landmarks": sorted({landmark for landmark, _ in references}),
            },
        )
        prototypes = cursor.fetchall()
    background = search_space(index.pk).background @ query.astype(np.float32)
    return Evidence(
        np.array([row[0] for row in references], dtype=np.int64),
        np.array([row[1] for row in references], dtype=np.float32),
        np.array([row[0] for row in prototypes], dtype=np.int64),
        np.array([row[1] for row in prototypes], dtype=np.float32),
        np.array([row[2] for row in prototypes], dtype=np.int64),
        np.sort(background)[::-1][:NEAREST_BACKGROUND],
    )


def distances_km(landmark_ids: list[int], latitude: float, longitude: float) -> dict[int, float]:
    """Return the great-circle distance from a position (degrees) to each located landmark."""
    places = Landmark.objects.filter(pk__in=landmark_ids, latitude__isnull=False).values_list(
        "pk", "latitude", "longitude"
    )
    return {
        landmark: _great_circle_km(latitude, longitude, other_latitude, other_longitude)
        for landmark, other_latitude, other_longitude in places
    }


def _great_circle_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Haversine formula; degrees in, kilometres out."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_phi = (phi2 - phi1) / 2
    half_lambda = math.radians(lon2 - lon1) / 2
    chord = math.sin(half_phi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


# building


def photos_without_embedding(model: ServedModel) -> Iterator[Photo]:
    """Yield the photos an index needs that the model has not seen yet."""
    wanted = Photo.objects.references() | Photo.objects.nonlandmarks()
    return wanted.exclude(embeddings__model=model).order_by("pk").iterator(ROWS_AT_ONCE)


def remember_embedding(photo: Photo, model: ServedModel, embedding: np.ndarray) -> None:
    """Keep what a model sees in a photo: [D], L2-normalized."""
    PhotoEmbedding.objects.update_or_create(
        photo=photo, model=model, defaults={"embedding": embedding.astype(np.float16).tobytes()}
    )


def build(model: ServedModel, *, at: datetime) -> ReferenceIndex:
    """Build a new index from all kept embeddings and switch to it in one transaction.

    The index before it stays for going back, older ones are removed. Readers see the old
    index until the switch.
    """
    photos, landmarks, embeddings = _kept_embeddings(model, Photo.objects.references())
    _, _, nonlandmarks = _kept_embeddings(model, Photo.objects.nonlandmarks())
    built = build_index(embeddings, landmarks, nonlandmarks)
    background = io.BytesIO()
    np.save(background, built.background.astype(np.float32), allow_pickle=False)
    with transaction.atomic():
        # Two builders at once would take the same version number.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('gilnun.reference_index'))")
        newest = ReferenceIndex.objects.aggregate(newest=Max("version"))["newest"] or 0
        index = ReferenceIndex.objects.create(
            model=model,
            version=newest + 1,
            projection=built.projection.to_bytes(),
            projection_version=built.projection.version,
            background=background.getvalue(),
            calibration=built.calibration.to_json(),
            references=len(photos),
            nonlandmarks=len(nonlandmarks),
            built_at=at,
        )
        ReferenceEmbedding.objects.bulk_create(
            (
                ReferenceEmbedding(
                    index=index, photo_id=photo, landmark_id=landmark, embedding=HalfVector(vector)
                )
                for photo, landmark, vector in zip(
                    photos, landmarks.tolist(), built.references, strict=True
                )
            ),
            batch_size=ROWS_AT_ONCE,
        )
        Prototype.objects.bulk_create(
            (
                Prototype(
                    index=index,
                    landmark_id=landmark,
                    references=count,
                    embedding=HalfVector(vector),
                )
                for landmark, count, vector in zip(
                    built.prototype_labels.tolist(),
                    built.reference_counts.tolist(),
                    built.prototypes,
                    strict=True,
                )
            ),
            batch_size=ROWS_AT_ONCE,
        )
        switch_to(index)
        ReferenceIndex.objects.filter(version__lt=newest).delete()
    return index


@transaction.atomic
def switch_to(index: ReferenceIndex) -> None:
    """Make an index the one that answers."""
    ReferenceIndex.objects.filter(active=True).update(active=False)
    ReferenceIndex.objects.filter(pk=index.pk).update(active=True)
    index.active = True


def _kept_embeddings(model: ServedModel, photos) -> tuple[list, np.ndarray, np.ndarray]:
    """Return photo ids, landmark ids int64 [n] and embeddings float32 [n, D], in photo order."""
    rows = (
        PhotoEmbedding.objects.filter(model=model, photo__in=photos)
        .order_by("photo_id")
        .values_list("photo_id", "photo__landmark_id", "embedding")
    )
    ids, landmarks, vectors = [], [], []
    for photo, landmark, embedding in rows.iterator(ROWS_AT_ONCE):
        ids.append(photo)
        landmarks.append(landmark or 0)
        vectors.append(np.frombuffer(bytes(embedding), dtype=np.float16))
    if vectors:
        matrix = np.stack(vectors).astype(np.float32)
    else:
        matrix = np.zeros((0, model.embedding_size), dtype=np.float32)
    return ids, np.array(landmarks, dtype=np.int64), matrix
