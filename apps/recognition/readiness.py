"""Whether the model server would answer a visitor, asked seldom however often it is looked up."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.cache import cache

from apps.recognition import serving
from apps.recognition.models import ServedModel

logger = logging.getLogger(__name__)
# Less than what a load balancer gives a probe.
PATIENCE = 2.0
# What was found is good for so many seconds; what is broken is looked at again sooner.
FINE_FOR = 10
BROKEN_FOR = 2
# What stands in /readyz, which everybody may read: the log has the details.
WORDS = {
    serving.ServingUnavailable: "unreachable",
    serving.ServingDeadlineExceeded: "too_slow",
    serving.ModelNotFound: "not_loaded",
    serving.BadServingReply: "bad_answer",
    serving.RequestRefused: "refused",
}


def trouble_with(model: ServedModel) -> str:
    """Return in a word what keeps the model server from answering; empty where nothing does."""
    key = f"canary:{settings.TF_SERVING_ADDRESS}:{model.name}:{model.version}"
    known = cache.get(key)
    if known is None:
        known = _found(model)
        cache.set(key, known, BROKEN_FOR if known else FINE_FOR)
    return known


def _found(model: ServedModel) -> str:
    try:
        serving.try_canary(model, seconds=PATIENCE)
    except serving.ServingError as error:
        logger.warning("The model server does not answer for %s: %s", model, error)
        return WORDS.get(type(error), "unreachable")
    return ""
