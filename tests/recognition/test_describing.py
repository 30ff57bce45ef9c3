"""Many photos are described side by side; what is kept is what one after another gives."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.catalogue.models import Photo
from apps.catalogue.photos import attach_photo
from apps.catalogue.pictures import open_stored
from apps.recognition import serving
from apps.recognition.describing import PHOTOS_AT_ONCE, describe_photos
from apps.recognition.model_server import registered_model
from apps.recognition.models import PhotoEmbedding
from tests.factories.catalogue import LandmarkFactory, LicenseFactory
from tests.fakes import recording_server

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def photos(photo_of) -> list[Photo]:
    """More than are asked for at once, each another picture."""
    landmark, license = LandmarkFactory(), LicenseFactory()
    for seed in range(PHOTOS_AT_ONCE + 3):
        prepared = photo_of("gate", seed)
        attach_photo(
            landmark=landmark,
            content=prepared.content,
            sha256=prepared.sha256,
            license=license,
            source="test",
            reference=True,
            at=timezone.now(),
        )
    return list(Photo.objects.order_by("pk"))


def kept(photos: list[Photo]) -> list[bytes]:
    rows = dict(PhotoEmbedding.objects.values_list("photo", "embedding"))
    return [bytes(rows[photo.pk]) for photo in photos if photo.pk in rows]


def test_side_by_side_gives_each_photo_its_own_embedding(photos, model_settings):
    model = registered_model()

    number = describe_photos(photos, model)

    one_by_one = []
    for photo in photos:
        with photo.file.open("rb") as content:
            seen = serving.describe(open_stored(content), model=model, seconds=10)
        one_by_one.append(seen.astype(np.float16).tobytes())
    assert number == len(photos)
    assert kept(photos) == one_by_one
    assert len(set(one_by_one)) == len(photos)


def test_statements_do_not_grow_with_the_photos(photos, model_settings):
    model = registered_model()
    counts = []
    for some in (photos[:1], photos, photos):
        with CaptureQueriesContext(connection) as asked:
            describe_photos(some, model)
        counts.append(len(asked))

    assert counts == counts[:1] * 3
    assert PhotoEmbedding.objects.count() == len(photos)


def test_a_photo_without_its_file_keeps_no_other_back(photos, model_settings):
    model = registered_model()
    photos[1].file.storage.delete(photos[1].file.name)

    with pytest.raises(FileNotFoundError):
        describe_photos(photos, model)

    assert len(kept(photos)) == len(photos) - 1


def test_a_photo_deleted_meanwhile_is_left_out(photos, model_settings):
    def and_meanwhile():
        yield from photos
        Photo.objects.filter(pk=photos[0].pk).delete()

    describe_photos(and_meanwhile(), registered_model())

    connection.check_constraints()
    assert PhotoEmbedding.objects.count() == len(photos) - 1


def test_what_was_seen_stays_when_the_server_goes_away(photos, model_settings, settings):
    model = registered_model()
    embedding = np.eye(1, model.embedding_size)[0]
    with recording_server(embedding, version=model.version) as (address, _):
        settings.TF_SERVING_ADDRESS = address

        def and_then_nobody_listens():
            yield from photos[:-1]
            settings.TF_SERVING_ADDRESS = "127.0.0.1:9"
            yield photos[-1]

        with pytest.raises(serving.ServingUnavailable):
            describe_photos(and_then_nobody_listens(), model)

    # Those that were on their way may have been answered or not.
    certain = len(photos) - 1 - PHOTOS_AT_ONCE
    assert len(kept(photos[:certain])) == certain
    assert not kept(photos[-1:])
