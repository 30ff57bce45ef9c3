import json
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.partners.models import Scope
from apps.partners.services import create_api_key, revoke_api_key
from apps.recognition.models import RecognitionRequest
from tests.pictures import encoded, scene
from tests.running import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ADDRESS = "/api/v1/recognitions/"


def client_with(*scopes: Scope, **options) -> Client:
    made = create_api_key(name="partner", scopes=list(scopes), at=timezone.now(), **options)
    return Client(headers={"Authorization": f"Api-Key {made.text}"})


@pytest.fixture
def partner() -> Client:
    return client_with(Scope.RECOGNIZE)


def upload(kind: str = "gate", seed: int = 100, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, encoded(scene(kind, seed)), "image/jpeg")


def problem_of(response) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert problem["status"] == response.status_code
    assert problem["detail"]
    return response.status_code, problem["code"]


def test_post_answers_with_candidates_in_the_promised_shape(known_places, partner):
    response = partner.post(ADDRESS, {"photo": upload()})

    answer = response.json()
    assert response.status_code == 201
    assert answer["status"] == "done"
    assert answer["known"] is True
    assert answer["certainty"] in ("sure", "unsure")
    assert answer["model"] == {"name": "landmarks-tiny", "version": 1}
    first = answer["candidates"][0]
    assert first["rank"] == 1
    assert first["landmark"]["slug"] == "gate"
    assert first["landmark"]["url"] == "http://testserver/landmarks/gate/"
    assert first["evidence"]["source"] == "reference"
    assert first["evidence"]["inliers"] is None
    probabilities = [candidate["probability"] for candidate in answer["candidates"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) + answer["unknown_probability"] <= 1 + 1e-6
    assert "error" not in answer
    for step in ("decode", "encode", "model", "rank", "other"):
        assert f"{step};dur=" in response["Server-Timing"]


@pytest.mark.S4
def test_get_repeats_the_answer_to_its_own_key_only(known_places, partner):
    created = partner.post(ADDRESS, {"photo": upload()})

    again = partner.get(created["Location"].removeprefix("http://testserver"))

    assert again.json() == created.json()
    stranger = client_with(Scope.RECOGNIZE)
    assert problem_of(stranger.get(f"{ADDRESS}{created.json()['id']}/")) == (404, "not_found")


def test_a_public_request_is_not_seen_through_the_api(known_places, partner):
    public = RecognitionRequest.objects.create(submitted_at=timezone.now())

    assert problem_of(partner.get(f"{ADDRESS}{public.receipt}/")) == (404, "not_found")


@pytest.mark.S16
def test_delete_ends_in_410(known_places, partner):
    address = f"{ADDRESS}{partner.post(ADDRESS, {'photo': upload()}).json()['id']}/"

    assert partner.delete(address).status_code == 204
    assert problem_of(partner.get(address)) == (410, "gone")
    assert problem_of(partner.delete(address)) == (410, "gone")


def test_names_come_in_the_language_asked_for(known_places, partner):
    answer = partner.post(ADDRESS, {"photo": upload()}, headers={"Accept-Language": "en"}).json()

    assert answer["candidates"][0]["landmark"]["name"] == "gate place"


def test_pending_while_the_model_server_is_away(known_places, partner, settings):
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"

    response = partner.post(ADDRESS, {"photo": upload()})

    answer = response.json()
    assert (response.status_code, answer["status"]) == (201, "pending")
    assert (answer["candidates"], answer["model"], answer["certainty"]) == ([], None, None)


def test_several_photos_position_and_top_k(known_places, partner):
    fields = {"photo": [upload(seed=1), upload(seed=2)], "lat": 37.57, "lon": 126.97, "top_k": 1}

    answer = partner.post(ADDRESS, fields).json()

    assert answer["position_used"] is True
    assert len(answer["candidates"]) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (400, "empty_file")),
        ({"photo": SimpleUploadedFile("a.jpg", b"")}, (400, "empty_file")),
        ({"photo": SimpleUploadedFile("a.jpg", b"a text" * 99)}, (415, "unsupported_type")),
        ({"photo": SimpleUploadedFile("a.jpg", b"\xff\xd8\xff cut")}, (400, "corrupt_image")),
        ({"photo": [upload() for _ in range(6)]}, (400, "too_many_files")),
        ({"photo": upload(), "lat": "91", "lon": "1"}, (422, "invalid")),
        ({"photo": upload(), "lat": "1"}, (422, "invalid")),
        ({"photo": upload(), "top_k": "6"}, (422, "invalid")),
        ({"photo": upload(), "lat": "nan", "lon": "1"}, (422, "invalid")),
    ],
)
def test_bad_input_is_a_problem_and_leaves_nothing(known_places, partner, fields, expected):
    for files in (value for value in fields.values() if isinstance(value, list)):
        for file in files:
            file.seek(0)
    if isinstance(fields.get("photo"), SimpleUploadedFile):
        fields["photo"].seek(0)

    response = partner.post(ADDRESS, fields)

    assert problem_of(response) == expected
    assert not RecognitionRequest.objects.exists()


def test_other_content_types_are_refused(partner):
    response = partner.post(ADDRESS, "a photo", content_type="text/plain")

    assert problem_of(response) == (415, "unsupported_media_type")


def test_without_a_key_and_with_a_wrong_one():
    assert problem_of(Client().post(ADDRESS)) == (401, "not_authenticated")
    wrong = Client(headers={"Authorization": "Api-Key gilnun_00000000_guess"})
    assert problem_of(wrong.post(ADDRESS)) == (401, "not_authenticated")


def test_a_key_without_the_scope_is_forbidden():
    assert problem_of(client_with(Scope.READ).post(ADDRESS)) == (403, "forbidden")


@pytest.mark.S8
def test_a_revoked_or_expired_key_is_refused_at_once():
    made = create_api_key(name="partner", scopes=[Scope.RECOGNIZE], at=timezone.now())
    client = Client(headers={"Authorization": f"Api-Key {made.text}"})
    revoke_api_key(made.row, at=timezone.now())
    expired = client_with(Scope.RECOGNIZE, expires_at=timezone.now())

    assert problem_of(client.get(f"{ADDRESS}{uuid4()}/"))[0] == 401
    assert problem_of(expired.get(f"{ADDRESS}{uuid4()}/"))[0] == 401


def test_the_limit_of_a_key_is_exact():
    client = client_with(Scope.RECOGNIZE, per_minute=3)

    answers = [client.get(f"{ADDRESS}{uuid4()}/") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert problem_of(answers[-1]) == (429, "limit_reached")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(partner, settings):
    settings.API_REQUEST_MAX_BYTES = 1000

    assert problem_of(partner.post(ADDRESS, {"photo": upload()})) == (413, "too_large")


def test_an_unknown_address_is_a_problem():
    assert problem_of(Client().get("/api/v1/nothing/")) == (404, "not_found")


@pytest.mark.S8
def test_only_hashes_of_keys_are_stored():
    made = create_api_key(name="partner", scopes=[Scope.READ], at=timezone.now())

    stored = " ".join(str(value) for value in vars(made.row).values())
    assert made.text not in stored
    assert made.text.split("_")[2] not in stored
