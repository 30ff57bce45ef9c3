import pytest
from django.test import Client
from django.utils import timezone

from apps.catalogue.models import Photo
from apps.partners.models import Scope
from apps.partners.services import create_api_key
from apps.recognition.models import Feedback
from apps.recognition.services import delete_request
from tests.factories.catalogue import LandmarkFactory
from tests.factories.recognition import (
    CandidateFactory,
    RecognitionPhotoFactory,
    RecognitionRequestFactory,
)
from tests.recognition.test_feedback import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def key():
    return create_api_key(name="partner", scopes=[Scope.RECOGNIZE], at=timezone.now())


@pytest.fixture
def partner(key) -> Client:
    return Client(headers={"Authorization": f"Api-Key {key.text}"})


@pytest.fixture
def answered(key):
    answered = RecognitionRequestFactory(requester=key.row.prefix)
    RecognitionPhotoFactory(request=answered, file=jpeg())
    CandidateFactory(request=answered, landmark=LandmarkFactory(slug="gate"))
    return answered


def give(client, answered, body):
    address = f"/api/v1/recognitions/{answered.receipt}/feedback/"
    return client.post(address, body, content_type="application/json")


def test_a_right_answer_is_confirmed(partner, answered):
    response = give(partner, answered, {"correct": True, "consent": True})

    answer = response.json()
    assert response.status_code == 201
    assert (answer["correct"], answer["consent"]) == (True, True)
    assert answer["landmark"]["slug"] == "gate"
    assert Photo.objects.get().landmark.slug == "gate"


@pytest.mark.parametrize("known", [True, False])
def test_a_wrong_answer_is_corrected(partner, answered, known):
    landmark = LandmarkFactory(slug="tower").pk if known else None

    response = give(partner, answered, {"landmark": landmark, "consent": False})

    assert response.status_code == 201
    assert response.json()["correct"] is False
    assert Feedback.objects.get().landmark_id == landmark
    assert not Photo.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"consent": True},
        {"correct": True, "landmark": None},
        {"landmark": 10**9},
        {"landmark": 10**30},
        {"landmark": "gate"},
        {"correct": "perhaps"},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_named(partner, answered, body):
    response = give(partner, answered, body)

    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    assert not Feedback.objects.exists()


def test_a_pending_answer_cannot_be_confirmed(partner, key):
    pending = RecognitionRequestFactory(pending=True, requester=key.row.prefix)

    response = give(partner, pending, {"correct": True})

    assert response.status_code == 422
    assert "correct" in response.json()["errors"]


def test_feedback_is_for_the_key_that_asked(partner, answered):
    other = create_api_key(name="other", scopes=[Scope.RECOGNIZE], at=timezone.now())
    stranger = Client(headers={"Authorization": f"Api-Key {other.text}"})

    assert give(stranger, answered, {"correct": True}).status_code == 404
    assert give(Client(), answered, {"correct": True}).status_code == 401
    delete_request(answered, at=timezone.now())
    assert give(partner, answered, {"correct": True}).status_code == 410
