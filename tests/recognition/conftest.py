import io
from collections.abc import Callable

import pytest

from apps.catalogue.models import Landmark
from apps.catalogue.pictures import Bounds, PreparedPicture, prepare
from tests.pictures import encoded, scene
from tests.recognition.places import learn_places

BOUNDS = Bounds(max_bytes=20 * 2**20, max_pixels=80_000_000, min_side=64, stored_side=2048)


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
    return learn_places(photo_of)
