"""Make a reference index from the catalogue's photos, with the model server's help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.catalogue.models import Photo
from apps.recognition import describing, index_building, serving
from apps.recognition.models import ReferenceIndex, ServedModel


class IndexNotBuilt(Exception):
    """There is nothing to build an index from, or no model to build it with."""


def build_from_photos(
    model: ServedModel, *, at: datetime, progress: Callable[[str], None] = lambda text: None
) -> ReferenceIndex:
    """Describe the photos the model has not seen, then build and let the index answer.

    What was described is kept, a hundred at a time: an interrupted run goes on where it stopped.
    Raises IndexNotBuilt.
    """
    see_photos(model, progress)
    return index_building.build(model, at=at)


def build_beside(
    model: ServedModel, *, at: datetime, progress: Callable[[str], None] = lambda text: None
) -> ReferenceIndex:
    """As `build_from_photos`; the index that answers stays as it is."""
    see_photos(model, progress)
    return index_building.build_beside(model, at=at)


def see_photos(model: ServedModel, progress: Callable[[str], None] = lambda text: None) -> None:
    """Describe all photos the model has not seen. Raises IndexNotBuilt."""
    if not Photo.objects.references().exists():
        raise IndexNotBuilt("There is no reference photo. Add some with import_photos --reference.")
    photos = describing.photos_without_embedding(model)
    try:
        describing.describe_photos(photos, model, progress)
    except serving.ServingError as error:
        raise IndexNotBuilt(f"The model server does not answer: {error}") from error
