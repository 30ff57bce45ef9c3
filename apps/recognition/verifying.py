"""After an answer: do details of the photo lie where those of a reference lie? By local features.

No answer waits for it. A candidate is marked as verified from so many agreeing places on that
references of other landmarks seldom reach it; its rank stays as it was told.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from django.conf import settings
from django.utils import timezone
from PIL import Image

from apps.catalogue.models import Photo
from apps.catalogue.pictures import open_stored
from apps.operations.breakers import CircuitBreaker
from apps.operations.jobs import Effect, TryLater, add_job
from apps.recognition import reference_index, serving
from apps.recognition.models import (
    Candidate,
    PhotoLocalFeatures,
    RecognitionRequest,
    ReferenceEmbedding,
)
from ml.contract import LOCAL_PROFILE, ImageSize, Labels, read_labels
from ml.export import newest_export
from ml.inference.local_features import StoredFeatures, stored

if TYPE_CHECKING:
    from ml.inference.local_matching import Match

logger = logging.getLogger(__name__)

TASK = "apps.recognition.tasks.verify_candidates"
SECONDS = 30.0
# Whoever asked has gone on by then; a queue of photos must not keep the workers from answers.
WORTH_IT = timedelta(minutes=2)
ASK_AGAIN = timedelta(seconds=5)
MOST_LINES = 60
# What fails here must not keep visitors' questions from being asked.
breaker = CircuitBreaker("local_features")


class Described(NamedTuple):
    """Local features of a picture, and the size in pixels that their places count in."""

    features: StoredFeatures
    size: ImageSize


class Verified(NamedTuple):
    """What geometry says of a candidate; photo and lines only where it confirms it."""

    candidate: Candidate
    inliers: int
    photo: Photo | None
    lines: list[list[float]] | None


def local_export() -> Path | None:
    """Return the export of local features that verification asks, where it is wanted and there."""
    return newest_export(settings.MODELS_DIR, LOCAL_PROFILE) if settings.VERIFY_MATCHES else None


def local_labels() -> Labels | None:
    """Return what the local features that verification asks say of themselves; None without."""
    folder = local_export()
    if folder is None:
        if settings.VERIFY_MATCHES:
            logger.warning("There are no local features: python -m ml.export --profile local")
        return None
    return read_labels(folder)


def verify_later(request: RecognitionRequest, *, at: datetime) -> None:
    """Have the candidates of an answered request verified, where the settings want it."""
    if settings.VERIFY_MATCHES and request.known:
        add_job(task=TASK, subject=request.pk, at=at)


def verify_candidates(subject: str, keep: Callable[[], None]) -> Effect | None:
    """Compare a request's photos with references of its candidates; return what stores it."""
    request = RecognitionRequest.objects.filter(pk=subject, deleted_at=None).first()
    if request is None or request.index_id is None or request.state != "done":
        return None
    if timezone.now() - request.finished_at > WORTH_IT:
        return None
    labels = local_labels()
    if labels is None:
        return None
    images = []
    for photo in request.photos.order_by("position"):
        with photo.file.open("rb") as content:
            images.append(open_stored(content))
    try:
        query = _projected(request, images)
        asked = [_described(image, labels) for image in images]
        found = []
        for candidate in request.candidates.order_by("rank"):
            found.append(_verified(candidate, asked, query, labels))
            keep()
    except serving.ServingError as error:
        raise TryLater(str(error), ASK_AGAIN) from error
    return lambda: _store(_only_the_best(found))


def _only_the_best(found: Sequence[Verified]) -> list[Verified]:
    """A photo shows one place: where roofs of two palaces agree with it, more agree of one."""
    best = max(found, key=lambda each: each.inliers, default=None)
    return [each if each is best else Verified(each.candidate, 0, None, None) for each in found]


def leave_unverified(subject: str, reason: str) -> None:
    """Give up: the answer stands as it is."""
    logger.warning("The candidates of request %s were not verified: %s", subject, reason)


def _store(found: Sequence[Verified]) -> None:
    for each in found:
        # Nothing where the request was deleted meanwhile.
        Candidate.objects.filter(pk=each.candidate.pk).update(
            inliers=each.inliers, match_photo=each.photo, match_lines=each.lines
        )


def _projected(request: RecognitionRequest, images: Sequence[Image.Image]) -> np.ndarray:
    embeddings = [
        serving.describe(image, model=request.index.model, seconds=SECONDS, guard=breaker)
        for image in images
    ]
    return reference_index.project(request.index, np.stack(embeddings))


def _described(image: Image.Image, labels: Labels) -> Described:
    # Here and not above: SciPy and scikit-image are for workers, web processes go without.
    from ml.inference.verification import strongest_served

    found, size = serving.local_features(image, labels=labels, seconds=SECONDS)
    return Described(stored(strongest_served(found)), size)


def _verified(
    candidate: Candidate, asked: Sequence[Described], query: np.ndarray, labels: Labels
) -> Verified:
    """Match each photo with the candidate's nearest references; the best match counts."""
    from ml.inference.local_matching import NO_MATCH, match

    best, shown, photo = NO_MATCH, None, None
    for reference in _nearest_references(candidate, query):
        known = described_photo(reference, labels)
        # The page shows the first photo of a request: its lines are drawn from that one.
        found = match(asked[0].features, known.features)
        if found.inliers > best.inliers:
            best, shown, photo = found, known.size, reference
    if photo is None or best.inliers < labels.calibration["least_inliers"]:
        return Verified(candidate, 0, None, None)
    return Verified(candidate, best.inliers, photo, lines_of(best, asked[0].size, shown))


def lines_of(found: Match, query: ImageSize, reference: ImageSize) -> list[list[float]]:
    """Return [x, y, x, y] of agreeing places, shares of both pictures' sides; every n-th of many.

    query, reference: the sizes in pixels that the places count in.
    """
    every = max(1, -(-found.inliers // MOST_LINES))
    lines = np.concatenate([_shares(found.query, query), _shares(found.reference, reference)], 1)
    return lines[::every].round(4).tolist()


def _shares(places: np.ndarray, size: ImageSize) -> np.ndarray:
    """(y, x) in pixels → (x, y) as shares of the sides."""
    return places[:, ::-1] / np.array([size.width, size.height])


def _nearest_references(candidate: Candidate, query: np.ndarray) -> list[Photo]:
    from ml.inference.verification import REFERENCES_EACH

    rows = list(
        ReferenceEmbedding.objects.filter(
            index_id=candidate.request.index_id,
            photo__landmark_id=candidate.landmark_id,
            photo__reference=True,
        )
        .select_related("photo")
        .order_by("pk")
    )
    rows.sort(key=lambda row: -float(np.dot(row.embedding, query)))
    return [row.photo for row in rows[:REFERENCES_EACH]]


def described_photo(photo: Photo, labels: Labels) -> Described:
    """Return what is kept of a photo of the catalogue, or describe it now and keep it.

    Raises a ServingError.
    """
    model = f"{labels.model} {labels.version}"
    kept = PhotoLocalFeatures.objects.filter(photo=photo, model=model).first()
    if kept is not None:
        with np.load(io.BytesIO(bytes(kept.content)), allow_pickle=False) as arrays:
            features = StoredFeatures(arrays["locations"], arrays["descriptors"])
        return Described(features, ImageSize(kept.height, kept.width))
    with photo.file.open("rb") as content:
        found = _described(open_stored(content), labels)
    buffer = io.BytesIO()
    np.savez(buffer, **found.features._asdict())
    PhotoLocalFeatures.objects.update_or_create(
        photo=photo,
        model=model,
        defaults={
            "content": buffer.getvalue(),
            "width": found.size.width,
            "height": found.size.height,
        },
    )
    return found
