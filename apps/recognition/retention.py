"""What visitors and partners sent is not kept for longer than was said."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.recognition.models import RecognitionPhoto, RecognitionRequest
from apps.recognition.services import delete_request

AT_ONCE = 100


def delete_old_requests(*, at: datetime | None = None) -> int:
    """Delete photos and answers that are older than VISITOR_PHOTOS_KEPT_DAYS; return how many.

    Photos that their sender left with us to learn from stay, and with them the receipt that can
    take them back. The sweeper asks every few seconds.
    """
    at = at or timezone.now()
    before = at - timedelta(days=settings.VISITOR_PHOTOS_KEPT_DAYS)
    kept = RecognitionPhoto.objects.filter(request=OuterRef("pk"), kept_as__isnull=False)
    old = RecognitionRequest.objects.filter(deleted_at=None, submitted_at__lt=before)
    found = old.exclude(Exists(kept)).order_by("submitted_at")[:AT_ONCE]
    for request in found:
        delete_request(request, at=at)
    return len(found)
