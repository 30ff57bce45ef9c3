"""Make a reference index from the catalogue's photos, with the model server's help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.catalogue.models import Photo
from apps.catalogue.pictures import open_stored
from apps.recognition import reference_index, serving
from apps.recognition.models import ReferenceIndex, ServedModel

DESCRIBE_SECONDS = 30.0


class IndexNotBuilt(Exception):
    """There is nothing to build an index from, or no model to build it with."""


def build_from_photos(
    model: ServedModel, *, at: datetime, progress: Callable[[str], None] = lambda text: None
) -> ReferenceIndex:
    """Describe the photos the model has not seen, then build and switch.

    What was described is kept at once: an interrupted run goes on where it stopped.
    Raises IndexNotBuilt.
    """
    if not Photo.objects.references().exists():
        raise IndexNotBuilt("There is no reference photo. Add some with import_photos --reference.")
    try:
        for number, photo in enumerate(reference_index.photos_without_embedding(model), start=1):
            with photo.file.open("rb") as content:
                image = open_stored(content)
            embedding = serving.describe(image, model=model, seconds=DESCRIBE_SECONDS)
            reference_index.remember_embedding(photo, model, embedding)
            if number % 100 == 0:
                progress(f"{number} photos described")
    except serving.ServingError as error:
        raise IndexNotBuilt(f"The model server does not answer: {error}") from error
    return reference_index.build(model, at=at)
