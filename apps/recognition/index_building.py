"""Making reference indexes: beside the one that answers, and switched in one transaction.

Between two builds landmarks and photos join the index that answers, and leave it; nothing is
fitted again for them.
"""

from __future__ import annotations

import io
from datetime import datetime

import numpy as np
from django.db import connection, transaction
from django.db.models import F, Max, QuerySet
from pgvector import HalfVector

from apps.catalogue.models import Photo
from apps.operations.statements import fetch_all
from apps.recognition.models import (
    PhotoEmbedding,
    Prototype,
    ReferenceEmbedding,
    ReferenceIndex,
    ServedModel,
)
from apps.recognition.reference_index import search_space
from ml.inference.building import build_index
from ml.inference.index import prototypes_of

ROWS_AT_ONCE = 1000


def build(model: ServedModel, *, at: datetime) -> ReferenceIndex:
    """Build a new index from all kept embeddings and let it answer.

    Of a model the index before it stays, older ones are removed.
    """
    with transaction.atomic():
        index = build_beside(model, at=at)
        switch_to(index)
    return index


@transaction.atomic
def build_beside(model: ServedModel, *, at: datetime) -> ReferenceIndex:
    """Build a new index from all kept embeddings; the one that answers stays as it is."""
    photos, landmarks, embeddings = kept_embeddings(model, Photo.objects.references())
    _, _, nonlandmarks = kept_embeddings(model, Photo.objects.nonlandmarks())
    built = build_index(embeddings, landmarks, nonlandmarks)
    background = io.BytesIO()
    np.save(background, built.background.astype(np.float32), allow_pickle=False)
    _one_at_a_time()
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
    _store_references(index, photos, landmarks.tolist(), built.references)
    _store_prototypes(
        index, built.prototypes, built.prototype_labels.tolist(), built.reference_counts.tolist()
    )
    _forget_older(index)
    # Not in a minute, when the database would by itself: the first photos are asked for before.
    fetch_all("SELECT gilnun_analyze_references()", [])
    return index


def _forget_older(index: ReferenceIndex) -> None:
    """Of those of a model that do not answer, keep the newest."""
    older = ReferenceIndex.objects.filter(model=index.model, active=False).order_by("-version")
    ReferenceIndex.objects.filter(pk__in=[each.pk for each in older[1:]]).delete()


@transaction.atomic
def switch_to(index: ReferenceIndex) -> None:
    """Let an index and its model answer.

    The model that answered before is retired, and is what a rollback leads back to.
    """
    before = _answer_with(index)
    if before is not None:
        index.model.replaced = before
        index.model.save(update_fields=["replaced"])


@transaction.atomic
def switch_back_to(index: ReferenceIndex) -> None:
    """Let an index and its model answer again; what it had replaced itself stays noted."""
    _answer_with(index)


def _answer_with(index: ReferenceIndex) -> ServedModel | None:
    """Make the switch; return the other model that answered before, if there was one."""
    _one_at_a_time()
    ReferenceIndex.objects.filter(active=True).update(active=False)
    ReferenceIndex.objects.filter(pk=index.pk).update(active=True)
    index.active = True
    stable = ServedModel.objects.filter(stage=ServedModel.Stage.STABLE)
    before = stable.exclude(pk=index.model_id).first()
    if before is not None:
        before.stage = ServedModel.Stage.RETIRED
        before.save(update_fields=["stage"])
    index.model.stage = ServedModel.Stage.STABLE
    index.model.save(update_fields=["stage"])
    return before


# joining and leaving


def waiting_to_join(index: ReferenceIndex) -> QuerySet[Photo]:
    """References that the index does not have yet."""
    return Photo.objects.references().exclude(
        pk__in=ReferenceEmbedding.objects.filter(index=index).values("photo")
    )


def waiting_to_leave(index: ReferenceIndex) -> QuerySet[ReferenceEmbedding]:
    """Rows of photos that are references no more, or of another landmark by now."""
    rows = ReferenceEmbedding.objects.filter(index=index)
    return rows.filter(photo__reference=False) | rows.exclude(photo__landmark_id=F("landmark_id"))


@transaction.atomic
def follow_catalogue(index: ReferenceIndex, *, at: datetime) -> int:
    """Take out photos that left, put in those described meanwhile; return how many joined.

    The prototypes of their landmarks are made anew; projection and calibration stay.
    """
    _one_at_a_time()
    left = list(waiting_to_leave(index).defer("embedding"))
    ReferenceEmbedding.objects.filter(pk__in=[row.pk for row in left]).delete()
    ids, landmarks, embeddings = kept_embeddings(index.model, waiting_to_join(index))
    if not ids and not left:
        return 0
    if ids:
        vectors = search_space(index.pk).projection.apply(embeddings)
        _store_references(index, ids, landmarks.tolist(), vectors)
    _renew_prototypes(index, {*landmarks.tolist(), *(row.landmark_id for row in left)})
    ReferenceIndex.objects.filter(pk=index.pk).update(
        references=ReferenceEmbedding.objects.filter(index=index).count(), changed_at=at
    )
    return len(ids)


def _store_references(
    index: ReferenceIndex, photos: list, landmarks: list[int], vectors: np.ndarray
) -> None:
    ReferenceEmbedding.objects.bulk_create(
        (
            ReferenceEmbedding(
                index=index, photo_id=photo, landmark_id=landmark, embedding=HalfVector(vector)
            )
            for photo, landmark, vector in zip(photos, landmarks, vectors, strict=True)
        ),
        batch_size=ROWS_AT_ONCE,
    )


def _renew_prototypes(index: ReferenceIndex, landmarks: set[int]) -> None:
    Prototype.objects.filter(index=index, landmark__in=landmarks).delete()
    rows = ReferenceEmbedding.objects.filter(index=index, landmark__in=landmarks)
    found = list(rows.order_by("pk").values_list("landmark_id", "embedding"))
    if not found:
        return
    vectors = np.array([vector for _, vector in found], dtype=np.float32)
    labels = np.array([landmark for landmark, _ in found], dtype=np.int64)
    prototypes, names, counts = prototypes_of(vectors, labels)
    _store_prototypes(index, prototypes, names.tolist(), counts.tolist())


def _store_prototypes(
    index: ReferenceIndex, prototypes: np.ndarray, landmarks: list[int], counts: list[int]
) -> None:
    Prototype.objects.bulk_create(
        (
            Prototype(
                index=index, landmark_id=landmark, references=count, embedding=HalfVector(vector)
            )
            for landmark, count, vector in zip(landmarks, counts, prototypes, strict=True)
        ),
        batch_size=ROWS_AT_ONCE,
    )


def _one_at_a_time() -> None:
    """Two at once would take the same version number, or make each other's prototypes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('gilnun.reference_index'))")


def kept_embeddings(
    model: ServedModel, photos: QuerySet[Photo]
) -> tuple[list, np.ndarray, np.ndarray]:
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
