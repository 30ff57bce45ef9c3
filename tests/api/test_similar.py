"""`similar/`: photos of the catalogue that look like one that is sent or named."""

from __future__ import annotations

import base64
from uuid import uuid4

import pytest
from django.test import Client

from apps.catalogue.models import Landmark, License, Photo
from apps.partners.models import Scope
from apps.recognition.models import RecognitionRequest
from tests.api.test_recognitions import client_with, problem_of, upload
from tests.pictures import encoded, scene

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ADDRESS = "/api/v1/similar/"


@pytest.fixture
def partner(known_places) -> Client:
    License.objects.update(may_show=True, needs_credit=False)
    return client_with(Scope.RECOGNIZE)


def test_a_photo_finds_those_of_its_place_first_and_is_not_kept(partner):
    reply = partner.post(ADDRESS, {"photo": upload(), "limit": 4})

    results = reply.json()["results"]
    assert reply.status_code == 200
    assert len(results) == 4
    assert results[0]["landmark"]["slug"] == "gate"
    similarities = [each["similarity"] for each in results]
    assert similarities == sorted(similarities, reverse=True)
    assert set(results[0]["photo"]) == {
        *("id", "url", "width", "height", "license", "credit", "source"),
    }
    assert set(results[0]["photo"]["license"]) == {
        *("code", "url", "may_show", "may_modify", "may_train"),
    }
    assert list(Client().get(results[0]["photo"]["url"]).streaming_content)
    assert not RecognitionRequest.objects.exists()


def test_base64_and_the_id_of_a_photo_do_too(partner):
    photo = base64.b64encode(encoded(scene("gate", 100))).decode()
    known = Photo.objects.filter(landmark__slug="tower").first()

    sent = partner.post(ADDRESS, {"photo": photo}, content_type="application/json").json()
    named = partner.post(ADDRESS, {"photo_id": known.pk}, content_type="application/json").json()

    assert sent["results"][0]["landmark"]["slug"] == "gate"
    assert named["results"][0]["landmark"]["slug"] == "tower"
    assert str(known.pk) not in [each["photo"]["id"] for each in named["results"]]


def test_what_may_not_be_shown_is_neither_found_nor_named(partner):
    hidden = Photo.objects.filter(landmark__slug="gate").first()
    Landmark.objects.filter(slug="gate").update(state="withdrawn")

    found = partner.post(ADDRESS, {"photo": upload(), "limit": 100}).json()["results"]
    named = partner.post(ADDRESS, {"photo_id": hidden.pk}, content_type="application/json")

    assert found and "gate" not in {each["landmark"]["slug"] for each in found}
    assert problem_of(named) == (422, "invalid")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "empty_file")),
        ({"photo_id": str(uuid4())}, (422, "invalid")),
        ({"photo_id": "7"}, (422, "invalid")),
        ({"photo": "AAAA", "limit": 101}, (422, "invalid")),
        ([], (422, "invalid")),
    ],
    ids=str,
)
def test_bad_input_is_a_problem(partner, body, expected):
    reply = partner.post(ADDRESS, body, content_type="application/json")

    assert problem_of(reply) == expected


def test_without_an_index_it_says_so(db):
    reply = client_with(Scope.RECOGNIZE).post(ADDRESS, {"photo": upload()})

    assert problem_of(reply) == (503, "recognition_unavailable")
    assert reply["Retry-After"] == "5"


def test_it_needs_a_key_with_the_scope(db):
    assert problem_of(Client().post(ADDRESS)) == (401, "not_authenticated")
    assert problem_of(client_with(Scope.READ).post(ADDRESS)) == (403, "forbidden")
