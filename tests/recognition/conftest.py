import io
from collections.abc import Callable

import pytest
from django.utils import timezone

from apps.catalogue.models import Landmark
from apps.catalogue.photos import attach_photo
from apps.catalogue.pictures import Bounds, PreparedPicture, prepare
from apps.recognition.indexing import build_from_photos
from apps.recognition.model_server import registered_model
from tests.factories.catalogue import LandmarkFactory, LicenseFactory
from tests.pictures import encoded, scene

BOUNDS = Bounds(max_bytes=20 * 2**20, max_pixels=80_000_000, min_side=64, stored_side=2048)
REFERENCES = 6


@pytest.fixture
def photo_of() -> Callable[..., PreparedPicture]:
    """Make a prepared photo of a kind of scene; the seed varies it."""

    def make(kind: str, seed: int) -> PreparedPicture:
        content = encoded(scene(kind, seed))
        return prepare(io.BytesIO(content), name="photo.jpg", bounds=BOUNDS)

    return make


@pytest.fixture
def known_places(db, model_settings, photo_of) -> dict[str, Landmark]:
    """Three places with reference photos, pictures of none, and an index of them."""
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
    return places
