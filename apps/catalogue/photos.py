"""What is done with photos."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from apps.catalogue.likeness import perceptual_hash
from apps.catalogue.models import Landmark, License, Photo
from apps.catalogue.models.photo import ALIKE_BITS
from apps.catalogue.photo_texts import Texts, plain_texts, tidy_texts
from apps.catalogue.pictures import Bounds, open_stored, upload_bounds
from apps.operations.stored_files import discard_files


def photo_bounds(license: License) -> Bounds:
    """Return what a file may be that becomes a photo of the catalogue, and how large it is kept.

    Where the license forbids changes it keeps its size.
    """
    side = settings.PHOTO_MASTER_SIDE if license.may_modify else None
    return upload_bounds()._replace(stored_side=side)


def attach_photo(
    *,
    landmark: Landmark | None,
    content: bytes,
    sha256: str,
    license: License,
    source: str,
    at: datetime,
    credit: str = "",
    author: str = "",
    source_url: str = "",
    reference: bool = False,
    alt_texts: Texts | None = None,
    captions: Texts | None = None,
) -> tuple[Photo, bool]:
    """Store a prepared JPEG as a photo of a landmark; without one it shows no landmark.

    sha256 is that of the file as it was given: the same file again changes nothing but
    `reference`. Returns the photo and whether it is new. Its renditions come by themselves.
    On a page that is public already, a text that was not given says no more than the name.
    """
    known = Photo.objects.filter(landmark=landmark, sha256=sha256).first()
    if known:
        if reference and not known.reference:
            known.reference = True
            known.save(update_fields=["reference"])
        return known, False
    alt_texts, captions = tidy_texts(alt_texts), tidy_texts(captions)
    if landmark is not None and landmark.state == Landmark.State.PUBLISHED:
        plain = plain_texts(landmark)
        alt_texts, captions = {**plain.alt_texts, **alt_texts}, {**plain.captions, **captions}
    image = open_stored(io.BytesIO(content))
    photo = Photo(
        landmark=landmark,
        shows_no_landmark=landmark is None,
        reference=reference,
        sha256=sha256,
        bytes=len(content),
        width=image.width,
        height=image.height,
        license=license,
        credit=credit,
        author=author,
        alt_texts=alt_texts,
        captions=captions,
        source=source,
        source_url=source_url,
        perceptual_hash=perceptual_hash(image),
        created_at=at,
    )
    name = hashlib.sha256(content).hexdigest()
    photo.file.save(f"{name[:2]}/{name}.jpg", ContentFile(content), save=False)
    try:
        photo.save()
    except BaseException:
        photo.file.delete(save=False)
        raise
    return photo, True


def alike_photos(photo: Photo, *, most: int = 5) -> Sequence[Photo]:
    """Return other photos that look like this one, the likeliest first."""
    if photo.perceptual_hash is None:
        return []
    others = Photo.objects.alike(photo.perceptual_hash).exclude(pk=photo.pk)
    return list(others.prefetch_related("landmark__names")[:most])


class AlikePair(NamedTuple):
    """Two photos that look alike; the newer one first."""

    photo: Photo
    other: Photo
    differing_bits: int


NEWEST_AT_ONCE = 500
PAIRS = """
SELECT one.id, other.id, other.differing_bits
  FROM (SELECT id, created_at, perceptual_hash FROM catalogue_photo
         WHERE perceptual_hash IS NOT NULL
         ORDER BY created_at DESC, id DESC LIMIT %(most)s OFFSET %(first)s) one
 CROSS JOIN LATERAL (
    -- The index gives the nearest ones; the photo itself is among them.
    SELECT id, created_at, perceptual_hash <~> one.perceptual_hash AS differing_bits
      FROM catalogue_photo
     WHERE perceptual_hash IS NOT NULL
     ORDER BY perceptual_hash <~> one.perceptual_hash
     LIMIT 4) other
 WHERE other.differing_bits <= %(bits)s
   AND (other.created_at, other.id) < (one.created_at, one.id)
 ORDER BY other.differing_bits, one.created_at DESC, one.id
"""


def alike_pairs(*, page: int) -> tuple[list[AlikePair], bool]:
    """Return pairs among the newest photos and all others, and whether older ones follow."""
    values = {"most": NEWEST_AT_ONCE, "first": (page - 1) * NEWEST_AT_ONCE, "bits": ALIKE_BITS}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, values)
        found = cursor.fetchall()
    keys = {key for row in found for key in row[:2]}
    photos = Photo.objects.select_related("license", "landmark").prefetch_related("landmark__names")
    held = photos.in_bulk(keys)
    pairs = [AlikePair(held[one], held[other], int(bits)) for one, other, bits in found]
    looked_at = Photo.objects.exclude(perceptual_hash=None).order_by("-created_at", "-pk")
    return pairs, looked_at[page * NEWEST_AT_ONCE :].exists()


def forget_files(sender, instance: Photo, **_) -> None:
    """Discard the files of a deleted photo, however it came to be deleted.

    What the public saw goes at once; the stored picture later, for the photo may come back.
    """
    now = timezone.now()
    discard_files(instance.rendition_names(), after=now)
    kept = timedelta(days=settings.DELETED_PHOTOS_KEPT_DAYS)
    discard_files([instance.file.name], after=now + kept)
