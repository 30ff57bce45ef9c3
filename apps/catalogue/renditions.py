"""Fixed sizes and formats of photos, made in a background job and never while a page waits.

The rows are the truth: `renditions_due` says what is to be made, and the database sets it
where license, landmark or focal point change. A photo without renditions is shown as it was
stored; one whose license forbids changes gets none.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from apps.catalogue import decoding
from apps.catalogue.likeness import perceptual_hash
from apps.catalogue.models import Photo
from apps.catalogue.pictures import open_stored
from apps.operations.jobs import TryLater, add_job
from apps.operations.models import Job
from apps.operations.stored_files import discard_files, keep_files

logger = logging.getLogger(__name__)

TASK = "apps.catalogue.tasks.make_renditions"
SUBJECT = "photos"
# A visitor's photo may wait behind this one.
SECONDS_AT_ONCE = 3.0
STORAGE_AWAY = timedelta(seconds=60)
AFTER_PARKED = timedelta(minutes=10)


def ask_for_renditions() -> bool:
    """Add the job where photos wait for it and nobody has it; say whether it was added."""
    if not Photo.objects.filter(renditions_due=True).exists():
        return False
    jobs = Job.objects.filter(task=TASK)
    tried = jobs.filter(
        state=Job.State.PARKED, finished_at__gte=timezone.now() - AFTER_PARKED
    ).exists()
    if tried or jobs.unfinished().exists():
        return False
    add_job(task=TASK, subject=SUBJECT, at=timezone.now())
    return True


def make_due_renditions(subject: str) -> None:
    """Make renditions for a moment. Raises TryLater where more photos wait."""
    until = time.monotonic() + SECONDS_AT_ONCE
    for _ in each_due():
        if time.monotonic() > until:
            raise TryLater("more photos wait", timedelta(0))


def each_due() -> Iterator[Photo]:
    """Make the renditions of one due photo after the other, the oldest first; yield each."""
    while photo := _next():
        try:
            _complete(photo)
        except FileNotFoundError:
            _fail(photo, "The file is missing.")
        except (decoding.DecodingFailed, RenditionsFailed) as error:
            _fail(photo, f"{type(error).__name__}: {error}")
        except decoding.AllBusy as error:
            raise TryLater("all decoding processes are busy", timedelta(seconds=5)) from error
        except OSError as error:
            raise TryLater(f"the storage does not answer: {error}", STORAGE_AWAY) from error
        yield photo


class RenditionsFailed(Exception):
    """The stored picture cannot be read."""


def _next() -> Photo | None:
    due = Photo.objects.filter(renditions_due=True).select_related("license")
    return due.order_by("created_at", "pk").first()


def _complete(photo: Photo) -> None:
    """Make what a photo lacks, or take away what it may not have."""
    wanted = photo.landmark_id and photo.license.may_show and photo.license.may_modify
    if not wanted and photo.perceptual_hash is not None:
        _store(photo, {}, "", photo.perceptual_hash)
        return
    with photo.file.open("rb") as file:
        content = file.read()
    try:
        looks = perceptual_hash(open_stored(ContentFile(content)))
    except Exception as error:
        # Broken files raise much; none of it is a fault of the storage.
        raise RenditionsFailed(str(error)) from error
    if not wanted:
        _store(photo, {}, "", looks)
        return
    sizes, files = render(content, focal=(photo.focal_x, photo.focal_y))
    # By content, and of this photo alone: its files go with it.
    key = hashlib.sha256(photo.pk.bytes)
    for blob in files.values():
        key.update(hashlib.sha256(blob).digest())
    made = Photo(renditions_key=key.hexdigest())
    blobs = {made.rendition_name(*name): blob for name, blob in files.items()}
    keep_files(blobs)
    for name, blob in blobs.items():
        _save(name, blob)
    _store(photo, sizes, made.renditions_key, looks)


def render(
    content: bytes, *, focal: tuple[float, float]
) -> tuple[dict[str, list[list[int]]], dict[tuple[str, int, str], bytes]]:
    """Return sizes by shape, and files by shape, width and format, of a stored picture."""
    request = {
        "verb": "render",
        "focal": focal,
        "widths": settings.RENDITION_WIDTHS,
        "card_widths": settings.RENDITION_CARD_WIDTHS,
    }
    answer, blobs = decoding.decoders.ask(request, [content], seconds=settings.RENDITION_SECONDS)
    if "refused" in answer:
        raise RenditionsFailed(answer["refused"])
    names = [tuple(name) for name in answer["files"]]
    return answer["sizes"], dict(zip(names, blobs, strict=True))


def _save(name: str, content: bytes) -> None:
    """Store a file under the name of its content; what is there is the same."""
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))


@transaction.atomic
def _store(photo: Photo, sizes: dict, key: str, looks: str | None) -> None:
    """Note what was made, unless somebody changed the photo meanwhile: then it is due again."""
    same = Photo.objects.filter(
        pk=photo.pk,
        focal_x=photo.focal_x,
        focal_y=photo.focal_y,
        license=photo.license,
        landmark=photo.landmark_id,
    )
    same.update(
        renditions=sizes,
        renditions_key=key,
        perceptual_hash=looks,
        renditions_due=False,
        renditions_error="",
    )
    if photo.renditions_key and photo.renditions_key != key:
        discard_files(photo.rendition_names(), after=timezone.now())


def _fail(photo: Photo, reason: str) -> None:
    logger.error("No renditions of photo %s: %s", photo.pk, reason)
    Photo.objects.filter(pk=photo.pk).update(renditions_due=False, renditions_error=reason[:500])


def give_up(subject: str, reason: str) -> None:
    """Note that the job was parked; the photos stay due, and it is added again later."""
    logger.error("Renditions of %s are put off: %s", subject, reason)
