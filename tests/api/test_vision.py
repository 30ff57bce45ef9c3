"""The address in Google Vision's shape, asked by Google's own client and by hand."""

from __future__ import annotations

import base64
import json

import pytest
from django.test import Client
from google.auth.api_key import Credentials
from google.cloud import vision_v1 as vision
from google.cloud.vision_v1.services.image_annotator.transports.rest import (
    ImageAnnotatorRestTransport,
)

from apps.partners.models import KeyUsage, Scope
from apps.recognition.models import RecognitionRequest
from tests.partners.conftest import make_key  # noqa: F401
from tests.pictures import encoded, scene
from tests.running import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ADDRESS = "/v1/images:annotate"
DETECT = [{"type": "LANDMARK_DETECTION", "maxResults": 2}]


def photo(kind: str = "gate", seed: int = 100) -> str:
    return base64.b64encode(encoded(scene(kind, seed))).decode()


def asked(**values) -> dict:
    return {"image": {"content": photo()}, "features": DETECT} | values


@pytest.fixture
def key(make_key):  # noqa: F811
    return make_key(Scope.RECOGNIZE)


@pytest.fixture
def send(key):
    def send(*requests: dict, **headers):
        client = Client(headers={"x-goog-api-key": key.text, "Accept-Language": "en", **headers})
        return client.post(ADDRESS, {"requests": list(requests)}, content_type="application/json")

    return send


@pytest.mark.django_db(transaction=True)
def test_googles_client_finds_the_landmark(province, known_places, make_key, live_server):  # noqa: F811
    transport = ImageAnnotatorRestTransport(
        host=live_server.url, credentials=Credentials(make_key(Scope.RECOGNIZE).text)
    )
    with vision.ImageAnnotatorClient(transport=transport) as client:
        answer = client.landmark_detection(
            image=vision.Image(content=encoded(scene("gate", 100))), max_results=3
        )
        refused = client.batch_annotate_images(
            requests=[
                {
                    "image": {"source": {"image_uri": "https://example.org/a.jpg"}},
                    "features": [{"type_": vision.Feature.Type.LANDMARK_DETECTION}],
                }
            ]
        )

    first = answer.landmark_annotations[0]
    landmark = known_places["gate"]
    assert not answer.error.message
    assert first.description in ("gate place", "gate 장소")
    assert 0 < first.score <= 1
    assert first.locations[0].lat_lng.latitude == pytest.approx(landmark.latitude)
    assert len(first.bounding_poly.normalized_vertices) == 4
    assert not RecognitionRequest.objects.exists()
    assert refused.responses[0].error.code == 3


def test_names_come_in_the_language_asked_for(known_places, send):
    hinted = asked(imageContext={"languageHints": ["ko"]})

    english, korean = send(asked(), hinted).json()["responses"]

    assert english["landmarkAnnotations"][0]["description"] == "gate place"
    assert korean["landmarkAnnotations"][0]["description"] == "gate 장소"
    assert len(english["landmarkAnnotations"]) <= 2


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"image": {"source": {"imageUri": "https://example.org/a.jpg"}}}, 3),
        ({"image": {"source": {"gcsImageUri": "gs://bucket/a.jpg"}}}, 3),
        ({"image": {}}, 3),
        ({"image": {"content": "no base64!"}}, 3),
        ({"image": {"content": "AAAA"}}, 3),
        ({"image": "AAAA"}, 3),
        ({"features": [{"type": "FACE_DETECTION"}]}, 12),
        ({"features": [{"type": "LANDMARK_DETECTION"}, {"type": 1}]}, 12),
        ({"features": []}, 12),
        ({"features": [{"type": "LANDMARK_DETECTION", "maxResults": "x"}]}, 3),
    ],
    ids=str,
)
def test_one_bad_image_has_its_own_error_and_the_others_are_answered(
    known_places, send, request_, code
):
    bad, good = send(asked(**request_), asked()).json()["responses"]

    assert bad["error"]["code"] == code
    assert bad["error"]["message"]
    assert good["landmarkAnnotations"]


def test_a_picture_of_nothing_known_has_no_annotation(known_places, send):
    (answer,) = send(asked(image={"content": photo("plain", 500)})).json()["responses"]

    assert answer == {}


def test_while_recognition_is_away_each_image_says_so(known_places, send, settings):
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"

    assert send(asked()).json()["responses"][0]["error"]["code"] == 14


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "{}", '{"requests": {}}', '{"requests": []}', '{"requests": [1]}', "[" * 99999],
    ids=lambda body: body[:20],
)
def test_a_body_that_cannot_be_is_refused_as_a_whole(key, body):
    client = Client(headers={"x-goog-api-key": key.text})

    reply = client.post(ADDRESS, body, content_type="application/json")

    assert reply.status_code == 400
    assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_seventeen_images_are_too_many(send):
    assert send(*[asked()] * 17).status_code == 400


def test_keys_scopes_and_methods(make_key):  # noqa: F811
    def status(text: str | None, method: str = "post", path: str = ADDRESS) -> tuple[int, str]:
        headers = {"x-goog-api-key": text} if text else {}
        reply = getattr(Client(headers=headers), method)(path)
        error = json.loads(reply.content)["error"]
        assert error["code"] == reply.status_code
        return reply.status_code, error["status"]

    good = make_key(Scope.RECOGNIZE).text
    assert status(None) == (401, "UNAUTHENTICATED")
    assert status("gilnun_00000000_guess") == (401, "UNAUTHENTICATED")
    # A key in the address is not taken: addresses end up in logs.
    assert status(None, path=f"{ADDRESS}?key={good}") == (401, "UNAUTHENTICATED")
    assert status(make_key(Scope.READ).text) == (403, "PERMISSION_DENIED")
    assert status(good, "get")[0] == 405
    assert status(make_key(Scope.RECOGNIZE, per_minute=0).text) == (429, "RESOURCE_EXHAUSTED")


def test_every_image_counts(known_places, make_key):  # noqa: F811
    limited = make_key(Scope.RECOGNIZE, per_day=2)
    client = Client(headers={"Authorization": f"Api-Key {limited.text}"})

    reply = client.post(
        ADDRESS, {"requests": [asked(), asked(), asked()]}, content_type="application/json"
    )

    codes = [each.get("error", {}).get("code") for each in reply.json()["responses"]]
    assert (reply.status_code, codes) == (200, [None, None, 8])
    assert KeyUsage.objects.get(key=limited.row).used == 2
