"""Reference photos in one space, searched for what looks like a photo."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from pgvector import HalfVector

from apps.catalogue.models import Landmark
from apps.operations.statements import columns, fetch_all, fetch_one, instances
from apps.recognition.models import ReferenceIndex, ServedModel
from ml.inference.calibration import Calibration
from ml.inference.projection import Projection
from ml.inference.ranking import NEAREST_BACKGROUND, NEAREST_REFERENCES, Evidence

_ACTIVE = f"""
    SELECT {columns(ReferenceIndex, "served", without=ReferenceIndex.LARGE)},
           {columns(ServedModel, "model")}
    FROM {ReferenceIndex._meta.db_table} served
    JOIN {ServedModel._meta.db_table} model ON model.id = served.model_id
    WHERE served.active
"""  # nosec B608
# A photo answers for the landmark it belongs to now, also where it moved there or its entry was
# merged after the index was built. The limit is no parameter: the plan would be made without it.
_NEAREST = f"""
    SELECT landmark.id, 1 - (nearest.embedding <=> %(query)s::halfvec)
    FROM recognition_referenceembedding nearest
    JOIN catalogue_photo photo ON photo.id = nearest.photo_id AND photo.reference
    JOIN catalogue_landmark own ON own.id = photo.landmark_id
    LEFT JOIN catalogue_landmarkredirect redirect ON redirect.old_slug = own.slug
    JOIN catalogue_landmark landmark
      ON landmark.id = coalesce(redirect.landmark_id, own.id) AND landmark.state = 'published'
    WHERE nearest.index_id = %(index)s
    ORDER BY nearest.embedding <=> %(query)s::halfvec
    LIMIT {int(NEAREST_REFERENCES)}
"""  # nosec B608
_PROTOTYPES = """
    SELECT landmark_id, 1 - (embedding <=> %(query)s::halfvec), "references"
    FROM recognition_prototype
    WHERE index_id = %(index)s AND landmark_id = ANY(%(landmarks)s::bigint[])
"""
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
    row = fetch_one(_ACTIVE, [])
    if row is None:
        raise NoReferenceIndex
    index, index.model = instances(row, ReferenceIndex, ServedModel, without=ReferenceIndex.LARGE)
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
    asked = {"query": vector, "index": index.pk}
    references = fetch_all(_NEAREST, asked)
    landmarks = sorted({landmark for landmark, _ in references})
    prototypes = fetch_all(_PROTOTYPES, asked | {"landmarks": landmarks})
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
