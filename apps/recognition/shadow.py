"""Asking the canary what the stable model was asked; what it says is compared, never shown."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import Aggregate, Avg, Case, Count, FloatField, Value, When
from django.utils import timezone

from apps.catalogue.pictures import open_stored
from apps.operations.breakers import CircuitBreaker
from apps.operations.jobs import Effect, add_job
from apps.recognition import pipeline
from apps.recognition.models import (
    RecognitionRequest,
    ReferenceIndex,
    ServedModel,
    ShadowAnswer,
)

logger = logging.getLogger(__name__)

TASK = "apps.recognition.tasks.ask_canary"
SECONDS = 30.0
# A canary that fails must not keep visitors' questions from being asked.
breaker = CircuitBreaker("canary")


class Comparison(NamedTuple):
    """How a canary did beside the stable model; milliseconds of the model server's answers.

    agreement: share of answers with the same first place; None where none was asked.
    """

    asked: int
    agreement: float | None
    p50: float | None
    p95: float | None
    stable_p50: float | None
    stable_p95: float | None


def ask_later(request: RecognitionRequest, *, at: datetime) -> bool:
    """Add a job for some of the answered requests, while there is a canary; say whether so.

    Which ones is drawn by the receipt, so that a repeated job is not a second draw.
    """
    if request.receipt.int % 100 >= settings.SHADOW_PERCENT or _canary_index() is None:
        return False
    add_job(task=TASK, subject=request.pk, at=at)
    return True


def ask_canary(subject: str) -> Effect | None:
    """Let the canary answer a request; return what stores its answer."""
    index = _canary_index()
    request = RecognitionRequest.objects.filter(pk=subject, deleted_at=None).first()
    if index is None or request is None or request.state != RecognitionRequest.State.DONE:
        return None
    images = []
    for photo in request.photos.all():
        with photo.file.open("rb") as content:
            images.append(open_stored(content))
    answer = pipeline.recognize_with(
        index, images, top_k=request.top_k, position=None, seconds=SECONDS, guard=breaker
    )
    return lambda: _store(request, answer)


def leave_unasked(subject: str, reason: str) -> None:
    """Give up on one question; the visitor has the stable model's answer."""
    logger.warning("The canary was not asked about request %s: %s", subject, reason)


def _store(request: RecognitionRequest, answer: pipeline.Answer) -> None:
    ranking = answer.ranking
    first = ranking.candidates[0] if ranking.candidates else None
    stable_first = request.candidates.order_by("rank").first()
    known = ranking.certainty != RecognitionRequest.Certainty.UNKNOWN
    same_place = first and stable_first and first.label == stable_first.landmark_id
    stable = ServedModel.objects.filter(name=request.model_name, version=request.model_version)
    ShadowAnswer.objects.update_or_create(
        request=request,
        model=answer.index.model,
        defaults={
            "stable": stable.first(),
            "landmark_id": first.label if first else None,
            "certainty": ranking.certainty,
            "probability": first.probability if first else 0.0,
            "agrees": bool(same_place) if known and request.known else known == request.known,
            "model_milliseconds": answer.model_seconds * 1000,
            "stable_milliseconds": request.timings.get("model", 0.0),
            "asked_at": timezone.now(),
        },
    )


def _canary_index() -> ReferenceIndex | None:
    canaries = ReferenceIndex.objects.filter(model__stage=ServedModel.Stage.CANARY)
    return (
        canaries.select_related("model").defer(*ReferenceIndex.LARGE).order_by("-version").first()
    )


class _Percentile(Aggregate):
    """percentile_cont of PostgreSQL: share is 0 to 1."""

    function = "percentile_cont"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def comparison(model: ServedModel) -> Comparison:
    """Return how a model did beside the one that answered, over all requests it was asked."""
    agreed = Case(When(agrees=True, then=Value(1.0)), default=Value(0.0))
    found = ShadowAnswer.objects.filter(model=model).aggregate(
        asked=Count("pk"),
        agreement=Avg(agreed),
        p50=_Percentile("model_milliseconds", share=0.5),
        p95=_Percentile("model_milliseconds", share=0.95),
        stable_p50=_Percentile("stable_milliseconds", share=0.5),
        stable_p95=_Percentile("stable_milliseconds", share=0.95),
    )
    return Comparison(**found)
