"""Photos of the catalogue that look alike, verified: do details of both lie in the same places?

By the worker, where the settings want it. Whoever opens the page first has it asked; the page
shows what is known by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.catalogue.models import Photo
from apps.operations.jobs import TryLater, add_job
from apps.operations.models import Job
from apps.recognition import serving
from apps.recognition.models import PhotoMatch
from apps.recognition.reference_index import NoReferenceIndex
from apps.recognition.similar import similar_to_photo
from apps.recognition.verifying import (
    ASK_AGAIN,
    SECONDS,
    described_photo,
    lines_of,
    local_labels,
)

TASK = "apps.recognition.tasks.match_photos"
# Of the likest photos so many are compared: half a second of a core each.
COMPARED = 5
# References change; a page that is opened often asks no more often than this.
ASKED_EVERY = timedelta(days=1)


def match_later(photo: Photo, *, at: datetime) -> None:
    """Have a photo compared with those most like it, where the settings want it and it is due."""
    if not settings.VERIFY_MATCHES:
        return
    asked = Job.objects.filter(task=TASK, subject=str(photo.pk), created_at__gt=at - ASKED_EVERY)
    if not asked.exists():
        add_job(task=TASK, subject=photo.pk, at=at)


def matches_of(photo: Photo, others: Iterable[Photo]) -> dict[UUID, PhotoMatch]:
    """Return by their keys what is known of some photos compared with one, of 0 inliers too."""
    if not settings.VERIFY_MATCHES:
        return {}
    found = PhotoMatch.objects.filter(photo=photo, other__in=list(others))
    return {each.other_id: each for each in found}


def match_photos(subject: str, keep: Callable[[], None]) -> None:
    """Compare a photo with those most like it; each comparison is stored at once."""
    photo = Photo.objects.filter(pk=subject).first()
    labels = local_labels()
    if photo is None or labels is None:
        return
    # Here and not above: SciPy and scikit-image are for workers, web processes go without.
    from ml.inference.local_matching import match

    try:
        alike = similar_to_photo(photo, limit=COMPARED, seconds=SECONDS)
        asked = described_photo(photo, labels)
        for each in alike:
            known = described_photo(each.photo, labels)
            found = match(asked.features, known.features)
            confirmed = found.inliers >= labels.calibration["least_inliers"]
            PhotoMatch.objects.update_or_create(
                photo=photo,
                other=each.photo,
                defaults={
                    "inliers": found.inliers if confirmed else 0,
                    "lines": lines_of(found, asked.size, known.size) if confirmed else None,
                },
            )
            keep()
    except NoReferenceIndex:
        return
    except serving.ServingError as error:
        raise TryLater(str(error), ASK_AGAIN) from error


def leave_unmatched(subject: str, reason: str) -> None:
    """Give up: the page shows the photos as alike, none as verified."""
