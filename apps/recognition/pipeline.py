"""From photos to ranked landmarks, stored as the answer of a request."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.db import transaction
from PIL import Image
from psycopg.types.json import Jsonb

from apps.operations.breakers import CircuitBreaker
from apps.operations.events import record_event
from apps.operations.statements import fetch_one, insert
from apps.recognition import reference_index, serving
from apps.recognition.models import Candidate, RecognitionRequest, ReferenceIndex
from ml.inference.ranking import Ranking, rank_landmarks


class Answer(NamedTuple):
    """What recognition says, and how long its steps took (seconds)."""

    index: ReferenceIndex
    ranking: Ranking
    position_used: bool
    model_seconds: float
    rank_seconds: float


def recognize(
    images: Sequence[Image.Image],
    *,
    top_k: int,
    position: tuple[float, float] | None,
    seconds: float,
) -> Answer:
    """Rank the landmarks that photos of one place may show, within about `seconds`.

    position: latitude and longitude in degrees, when the visitor offered them.
    Raises NoReferenceIndex or a ServingError.
    """
    index = reference_index.active_index()
    return recognize_with(index, images, top_k=top_k, position=position, seconds=seconds)


def recognize_with(
    index: ReferenceIndex,
    images: Sequence[Image.Image],
    *,
    top_k: int,
    position: tuple[float, float] | None,
    seconds: float,
    guard: CircuitBreaker | None = None,
) -> Answer:
    """As `recognize`, by the model and the references of a given index."""
    deadline = time.monotonic() + seconds
    started = time.perf_counter()
    embeddings = np.stack(
        [
            serving.describe(
                image, model=index.model, seconds=deadline - time.monotonic(), guard=guard
            )
            for image in images
        ]
    )
    described = time.perf_counter()
    query = reference_index.project(index, embeddings)
    evidence = reference_index.gather_evidence(index, query)
    distances = None
    if position is not None:
        landmarks = np.unique(evidence.reference_labels).tolist()
        distances = reference_index.distances_km(landmarks, *position)
    ranking = rank_landmarks(
        evidence,
        reference_index.search_space(index.pk).calibration,
        top_k=top_k,
        distances_km=distances,
    )
    return Answer(
        index=index,
        ranking=ranking,
        position_used=distances is not None,
        model_seconds=described - started,
        rank_seconds=time.perf_counter() - described,
    )


@transaction.atomic(savepoint=False)
def store_answer(request: RecognitionRequest, answer: Answer, *, at: datetime) -> bool:
    """Write the answer once; return False when the request has one or was deleted."""
    model = answer.index.model
    timings = request.timings | {
        "model": round(answer.model_seconds * 1000, 2),
        "rank": round(answer.rank_seconds * 1000, 2),
        "other": 0.0,
    }
    values = {
        "state": RecognitionRequest.State.DONE,
        "certainty": answer.ranking.certainty,
        "unknown_probability": answer.ranking.unknown_probability,
        "position_used": answer.position_used,
        "index_id": answer.index.pk,
        "model_name": model.name,
        "model_version": model.version,
        "waiting_reason": "",
        "timings": timings,
        "finished_at": at,
        "latitude": None,
        "longitude": None,
    }
    set_values = ", ".join(f"{name} = %({name})s" for name in values)
    stored = fetch_one(
        f"""
        UPDATE {RecognitionRequest._meta.db_table} SET {set_values}
        WHERE id = %(id)s AND state = 'pending' AND deleted_at IS NULL RETURNING id
        """,  # nosec B608
        values | {"id": request.pk, "timings": Jsonb(timings)},
    )
    if not stored:
        return False
    candidates = [
        Candidate(
            request=request,
            landmark_id=candidate.label,
            rank=rank,
            probability=candidate.probability,
            similarity=candidate.similarity,
            source=candidate.source,
        )
        for rank, candidate in enumerate(answer.ranking.candidates, start=1)
    ]
    if candidates:
        insert(*candidates)
    for name, value in values.items():
        setattr(request, name, value)
    tell_partner(request, at=at)
    return True


def tell_partner(request: RecognitionRequest, *, at: datetime) -> None:
    """Raise the event of a partner's request that ended; visitors look for themselves."""
    if request.requester:
        record_event(
            kind="recognition.finished",
            subject=request,
            payload={
                "requester": request.requester,
                "id": str(request.receipt),
                "status": request.state,
            },
            at=at,
        )
