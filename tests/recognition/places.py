"""Places of which recognition has references."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from apps.catalogue.models import Landmark
from apps.catalogue.photos import attach_photo
from apps.catalogue.pictures import PreparedPicture
from apps.recognition.indexing import build_from_photos
from apps.recognition.model_server import registered_model
from tests.factories.catalogue import LandmarkFactory, LicenseFactory

REFERENCES = 6


def learn_places(photo_of: Callable[..., PreparedPicture]) -> dict[str, Landmark]:
    """Make three places with reference photos, pictures of none, and an index of them."""
    places = {
        kind: LandmarkFactory(slug=kind, names={"ko": f"{kind} 장소", "en": f"{kind} place"})
        for kind in ("tower", "gate", "bridge")
    }
    for kind, landmark in [*places.items(), ("plain", None)]:
        for seed in range(REFERENCES):
            photo = photo_of(kind, seed)
            attach_photo(
                landmark=landmark,
                content=photo.content,
                sha256=photo.sha256,
                license=LicenseFactory(),
                source="test",
                reference=landmark is not None,
                at=timezone.now(),
            )
    build_from_photos(registered_model(), at=timezone.now())
    with connection.cursor() as cursor:
        # What other tests took back lies in the index of vectors until it is cleaned up: hundreds
        # of the very same vectors, behind which it does not find these few.
        cursor.execute("SET LOCAL enable_indexscan = off")
    return places
