"""Which visitors' photos teach the most: those that the model was unsure of, or not alone in."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.catalogue.models import Photo
from apps.recognition.models import Candidate, RecognitionRequest

# Questions about a place within BUSY_FOR from which on many visitors have the same one.
MANY = 20
BUSY_FOR = timedelta(days=30)


def ease_of(photo: Photo) -> int:
    """Return how little a visitor's photo teaches: 0 where it was hardest, 100 where nothing new.

    A hundred times what the first place is ahead of the second, halved where the canary saw
    another place, where the visitor said that the answer was wrong, and where many ask for it.
    """
    request = (
        RecognitionRequest.objects.filter(photos__kept_as=photo)
        .select_related("feedback")
        .prefetch_related("candidates", "shadow_answers")
        .order_by("-pk")
        .first()
    )
    if request is None or not hasattr(request, "feedback"):
        return 100
    ranked = sorted(request.candidates.all(), key=lambda candidate: candidate.rank)
    shares = [candidate.probability for candidate in ranked[:2]] + [0.0, 0.0]
    if request.known:
        margin = shares[0] - shares[1]
    else:
        margin = max(0.0, request.unknown_probability - shares[0])
    doubts = [
        any(not answer.agrees for answer in request.shadow_answers.all()),
        not request.feedback.correct,
        bool(ranked) and _is_busy(ranked[0]),
    ]
    return round(100 * min(1.0, max(0.0, margin)) / 2 ** sum(doubts))


def _is_busy(first: Candidate) -> bool:
    same = Candidate.objects.filter(
        landmark_id=first.landmark_id,
        rank=1,
        request__submitted_at__gt=timezone.now() - BUSY_FOR,
    )
    return same[:MANY].count() == MANY
