"""What senders say of an answer: it is right, or it is another place."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from apps.catalogue.models import Landmark
from apps.catalogue.visitor_photos import forget_visitor_photo, keep_visitor_photo
from apps.recognition.models import Feedback, RecognitionPhoto, RecognitionRequest

logger = logging.getLogger(__name__)


class NothingToConfirm(Exception):
    """There is no answer yet that could be right."""


@transaction.atomic
def confirm_answer(request: RecognitionRequest, *, consent: bool, at: datetime) -> Feedback:
    """Store that an answer is right: its first place, or "not a landmark I know".

    Raises NothingToConfirm.
    """
    if request.state != RecognitionRequest.State.DONE:
        raise NothingToConfirm(str(request.receipt))
    first = request.candidates.order_by("rank").first() if request.known else None
    return _give(request, first.landmark if first else None, correct=True, consent=consent, at=at)


@transaction.atomic
def correct_answer(
    request: RecognitionRequest, *, landmark: Landmark | None, consent: bool, at: datetime
) -> Feedback:
    """Store what a photo shows where the answer was wrong or missing; None where the sender
    knows only that it is none of the guesses."""
    return _give(request, landmark, correct=False, consent=consent, at=at)


def _give(
    request: RecognitionRequest,
    landmark: Landmark | None,
    *,
    correct: bool,
    consent: bool,
    at: datetime,
) -> Feedback:
    # One word at a time: two clicks at once must not keep a photo twice.
    RecognitionRequest.objects.select_for_update().get(pk=request.pk)
    feedback, _ = Feedback.objects.update_or_create(
        request=request,
        defaults={
            "correct": correct,
            "landmark": landmark,
            "consent": consent,
            "given_at": at,
        },
    )
    photos = list(request.photos.select_related("kept_as").order_by("position"))
    for photo in photos:
        kept = photo.kept_as
        if kept and (not consent or kept.landmark_id != (landmark.pk if landmark else None)):
            _forget(photo)
            kept = None
        if consent and kept is None:
            _keep(photo, landmark, at)
    return feedback


def _keep(photo: RecognitionPhoto, landmark: Landmark | None, at: datetime) -> None:
    try:
        with photo.file.open("rb") as file:
            content = file.read()
    except FileNotFoundError:
        logger.warning("The file of %s is gone; there is nothing to keep", photo)
        return
    photo.kept_as = keep_visitor_photo(landmark=landmark, content=content, at=at)
    photo.save(update_fields=["kept_as"])


def _forget(photo: RecognitionPhoto) -> None:
    kept = photo.kept_as
    photo.kept_as = None
    photo.save(update_fields=["kept_as"])
    # The same picture may have been sent, and left with us, more than once.
    if not RecognitionPhoto.objects.filter(kept_as=kept).exists():
        forget_visitor_photo(kept)


def take_back_photos(request: RecognitionRequest) -> None:
    """Forget what was kept of a request that its sender deletes."""
    for photo in request.photos.filter(kept_as__isnull=False).select_related("kept_as"):
        _forget(photo)
