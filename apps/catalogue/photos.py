"""What is done with photos."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction

from apps.catalogue.likeness import perceptual_hash
from apps.catalogue.models import Landmark, License, Photo
from apps.catalogue.pictures import Bounds, open_stored, upload_bounds
from apps.catalogue.renditions import remove_files


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
) -> tuple[Photo, bool]:
    """Store a prepared JPEG as a photo of a landmark; without one it shows no landmark.

    sha256 is that of the file as it was given: the same file again changes nothing but
    `reference`. Returns the photo and whether it is new. Its renditions come by themselves.
    """
    known = Photo.objects.filter(landmark=landmark, sha256=sha256).first()
    if known:
        if reference and not known.reference:
            known.reference = True
            known.save(update_fields=["reference"])
        return known, False
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


def forget_files(sender, instance: Photo, **_) -> None:
    """Remove the files of a deleted photo once the deletion counts, however it came about."""
    names = [instance.file.name, *instance.rendition_names()]
    transaction.on_commit(partial(remove_files, names))
