"""What the portal does with the model server's answers, good and bad."""

import re

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.recognition import reference_index, services
from apps.recognition.models import PhotoEmbedding
from tests.fakes import recording_server
from tests.pictures import encoded, scene

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def embedding_of(landmark) -> np.ndarray:
    kept = PhotoEmbedding.objects.filter(photo__landmark=landmark).order_by("pk").first()
    values = np.frombuffer(bytes(kept.embedding), np.float16).astype(np.float32)
    return values / np.linalg.norm(values)


def test_the_page_shows_what_the_model_server_said(known_places, settings):
    """A server that sees a gate in the picture of a tower is believed."""
    upload = SimpleUploadedFile("photo.jpg", encoded(scene("tower", 3)), "image/jpeg")
    version = reference_index.active_index().model.version
    with recording_server(embedding_of(known_places["gate"]), version=version) as (address, fake):
        settings.TF_SERVING_ADDRESS = address

        answered = Client().post("/recognize/", {"photo": upload})
        page = Client().get(answered["Location"]).content.decode()

    assert answered.status_code == 303
    assert re.findall(r'data-landmark="([^"]+)"', page)[0] == "gate"
    assert fake.asked == [("landmarks-tiny", version, (1, 48, 64, 3))]


@pytest.mark.R7
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda values: values * np.nan, id="not finite"),
        pytest.param(lambda values: values[:-1], id="wrong length"),
        pytest.param(lambda values: values * 3, id="not normalized"),
    ],
)
def test_a_bad_answer_is_never_stored(known_places, photo_of, settings, spoil):
    version = reference_index.active_index().model.version
    spoiled = spoil(embedding_of(known_places["gate"]))
    with recording_server(spoiled, version=version) as (address, _):
        settings.TF_SERVING_ADDRESS = address

        answered = services.answer_photos([photo_of("gate", 1)])

    answered.refresh_from_db()
    assert (answered.state, answered.waiting_reason) == ("pending", "model_server_down")
    assert not answered.candidates.exists()


@pytest.mark.R7
def test_an_answer_of_another_version_is_never_stored(known_places, photo_of, settings):
    with recording_server(embedding_of(known_places["gate"]), version=99) as (address, _):
        settings.TF_SERVING_ADDRESS = address

        answered = services.answer_photos([photo_of("gate", 1)])

    assert answered.state == "pending"
