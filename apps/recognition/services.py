"""What is done with a visitor's photo."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NoReturn

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from PIL import Image

from apps.catalogue.pictures import PreparedPicture, open_stored
from apps.operations.jobs import Effect, TryLater, add_job, count_unfinished, run_held
from apps.operations.limits import LimitReached
from apps.operations.measuring import recognition_seconds, recognitions
from apps.operations.models import Job
from apps.operations.statements import fetch_one, insert
from apps.recognition import pipeline, serving, shadow, verifying
from apps.recognition.feedback import take_back_photos
from apps.recognition.models import Feedback, RecognitionPhoto, RecognitionRequest
from apps.recognition.reference_index import NoReferenceIndex

logger = logging.getLogger(__name__)

TASK = "apps.recognition.tasks.recognize_photo"
# Longer than a request can take, so that the worker never doubles its work.
HELD_BY_REQUEST = timedelta(seconds=10)
ASK_AGAIN = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=24)
WORKER_SECONDS = 30.0
# Who is refused because many wait comes back after this time.
COME_BACK_SECONDS = 30


class TooManyWaiting(LimitReached):
    """So many photos wait for their answer that no more are taken for a moment."""


def answer_photos(
    photos: Sequence[PreparedPicture],
    *,
    requester: str = "",
    position: tuple[float, float] | None = None,
    top_k: int = 5,
    started: float | None = None,
    receipt: uuid.UUID | None = None,
) -> RecognitionRequest:
    """Store photos of one place and answer within RECOGNITION_WAIT_SECONDS, else leave it pending.

    started: time.perf_counter() at the beginning of the HTTP request, for `Server-Timing`.
    receipt: the one to give the request, where the caller must find it again.
    The returned request is done, or pending and in the hands of the workers.
    """
    request, job = submit_photos(
        photos,
        requester=requester,
        position=position,
        top_k=top_k,
        at=timezone.now(),
        receipt=receipt,
    )
    answer_now(request, job, photos)
    if started is not None:
        _time_the_rest(request, time.perf_counter() - started)
    return request


def submit_photos(
    photos: Sequence[PreparedPicture],
    *,
    requester: str,
    position: tuple[float, float] | None,
    top_k: int,
    at: datetime,
    receipt: uuid.UUID | None = None,
) -> tuple[RecognitionRequest, Job]:
    """Store prepared photos with their job, held by the caller for a moment.

    If the caller dies, the job's lease ends and the sweeper finds it. Raises TooManyWaiting.
    """
    latitude, longitude = position or (None, None)
    request = RecognitionRequest(
        receipt=receipt or uuid.uuid4(),
        requester=requester,
        top_k=top_k,
        latitude=latitude,
        longitude=longitude,
        submitted_at=at,
        timings={
            "decode": round(sum(photo.decode_seconds for photo in photos) * 1000, 2),
            "encode": round(sum(photo.encode_seconds for photo in photos) * 1000, 2),
        },
    )
    rows = [
        RecognitionPhoto(request=request, position=number, width=photo.width, height=photo.height)
        for number, photo in enumerate(photos, start=1)
    ]
    try:
        for row, photo in zip(rows, photos, strict=True):
            row.file.save(f"{uuid.uuid4()}.jpg", ContentFile(photo.content), save=False)
        with transaction.atomic():
            _refuse_when_many_wait()
            insert(request)
            for row in rows:
                row.request = request
            insert(*rows)
            job = add_job(task=TASK, subject=request.pk, at=at, held_for=HELD_BY_REQUEST)
    except BaseException:
        # No row, no file: nothing of a refused upload stays behind.
        _remove_files(rows)
        raise
    return request, job


def _refuse_when_many_wait() -> None:
    """Raise TooManyWaiting at PENDING_UPLOADS; whoever asks next waits for this transaction."""
    fetch_one("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [TASK])
    # Not in the same statement, which would count what was there before the lock was to be had.
    if count_unfinished(TASK) >= settings.PENDING_UPLOADS:
        raise TooManyWaiting("pending_uploads", settings.PENDING_UPLOADS, COME_BACK_SECONDS)


def answer_now(request: RecognitionRequest, job: Job, photos: Sequence[PreparedPicture]) -> None:
    """Try to answer within this HTTP request, from the pixels at hand."""
    run_held(
        job,
        do=lambda _: _answer(
            request, [photo.image for photo in photos], settings.RECOGNITION_WAIT_SECONDS
        ),
        give_up=fail_request,
    )


def answer_later(subject: str) -> Effect | None:
    """Recognize a stored request in the worker. Raises TryLater while the model server is away."""
    request = RecognitionRequest.objects.get(pk=subject)
    if request.state != RecognitionRequest.State.PENDING or request.deleted_at:
        return None
    images = []
    for photo in request.photos.all():
        with photo.file.open("rb") as content:
            images.append(open_stored(content))
    return _answer(request, images, WORKER_SECONDS)


def _answer(request: RecognitionRequest, images: Sequence[Image.Image], seconds: float) -> Effect:
    """Recognize; return what stores the answer."""
    position = None if request.latitude is None else (request.latitude, request.longitude)
    try:
        answer = pipeline.recognize(images, top_k=request.top_k, position=position, seconds=seconds)
    except serving.ServingDeadlineExceeded as error:
        _wait(request, "busy", timedelta(0), error)
    except (serving.ServingUnavailable, serving.ModelNotFound, serving.BadServingReply) as error:
        _wait(request, "model_server_down", ASK_AGAIN, error)
    except NoReferenceIndex as error:
        _wait(request, "no_reference_index", ASK_AGAIN, error)
    return lambda: _store(request, answer, at=timezone.now())


def _store(request: RecognitionRequest, answer: pipeline.Answer, *, at: datetime) -> None:
    if pipeline.store_answer(request, answer, at=at):
        transaction.on_commit(lambda: _measure(request))
        shadow.ask_later(request, at=at)
        verifying.verify_later(request, at=at)


def _measure(request: RecognitionRequest) -> None:
    recognitions.labels(request.certainty).inc()
    for step in ("decode", "encode", "model", "rank"):
        recognition_seconds.labels(step).observe(request.timings[step] / 1000)


def _wait(request: RecognitionRequest, reason: str, delay: timedelta, error: Exception) -> NoReturn:
    """Note for the visitor why the answer takes longer, and put the job off."""
    if timezone.now() - request.submitted_at > LONGEST_WAIT:
        raise error
    request.waiting_reason = reason
    RecognitionRequest.objects.filter(pk=request.pk, state=RecognitionRequest.State.PENDING).update(
        waiting_reason=reason
    )
    raise TryLater(f"{reason}: {error}", delay) from error


def _time_the_rest(request: RecognitionRequest, seconds: float) -> None:
    """Complete the timings by what none of the steps took, for this one answer."""
    known = sum(spent for step, spent in request.timings.items() if step != "other")
    request.timings["other"] = round(max(0.0, seconds * 1000 - known), 2)


def fail_request(subject: str, reason: str) -> None:
    """End a request that cannot be answered."""
    logger.error("Recognition request %s failed: %s", subject, reason)
    at = timezone.now()
    failed = RecognitionRequest.objects.filter(
        pk=subject, state=RecognitionRequest.State.PENDING
    ).update(
        state=RecognitionRequest.State.FAILED,
        error_code="recognition_failed",
        waiting_reason="",
        finished_at=at,
        latitude=None,
        longitude=None,
    )
    if failed:
        recognitions.labels("failed").inc()
        pipeline.tell_partner(RecognitionRequest.objects.get(pk=subject), at=at)


def delete_request(request: RecognitionRequest, *, at: datetime) -> None:
    """Remove the photos, the answer and the position of a request; its receipt answers 410."""
    with transaction.atomic():
        take_back_photos(request)
        rows = list(request.photos.all())
        request.photos.all().delete()
        Feedback.objects.filter(request=request).delete()
        request.candidates.all().delete()
        request.shadow_answers.all().delete()
        RecognitionRequest.objects.filter(pk=request.pk).update(
            deleted_at=at,
            state=RecognitionRequest.State.FAILED,
            error_code="deleted",
            finished_at=at,
            certainty="",
            unknown_probability=None,
            latitude=None,
            longitude=None,
        )
        transaction.on_commit(lambda: _remove_files(rows))


def _remove_files(rows: Sequence[RecognitionPhoto]) -> None:
    for row in rows:
        if row.file:
            row.file.delete(save=False)
