"""What is done with photos."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime

from django.core.files.base import ContentFile
from PIL import Image

from apps.catalogue.models import Landmark, License, Photo


def attach_photo(
    *,
    landmark: Landmark | None,
    content: bytes,
    sha256: str,
    license: License,
    source: str,
    at: datetime,
    credit: str = "",
    reference: bool = False,
) -> tuple[Photo, bool]:
    """Store a prepared JPEG as a photo of a landmark; without one it shows no landmark.

    sha256 is that of the file as it was given: the same file again changes nothing but
    `reference`. Returns the photo and whether it is new.
    """
    known = Photo.objects.filter(landmark=landmark, sha256=sha256).first()
    if known:
        if reference and not known.reference:
            known.reference = True
            known.save(update_fields=["reference"])
        return known, False
    width, height = Image.open(io.BytesIO(content), formats=["JPEG"]).size
    photo = Photo(
        landmark=landmark,
        shows_no_landmark=landmark is None,
        reference=reference,
        sha256=sha256,
        bytes=len(content),
        width=width,
        height=height,
        license=license,
        credit=credit,
        source=source,
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
