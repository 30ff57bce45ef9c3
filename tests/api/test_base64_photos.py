"""Photos inside JSON."""

from __future__ import annotations

import base64

import pytest

from apps.recognition.models import RecognitionPhoto, RecognitionRequest
from tests.api.test_recognitions import ADDRESS, partner, problem_of  # noqa: F401
from tests.pictures import encoded, scene

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def photo(seed: int = 100) -> str:
    return base64.b64encode(encoded(scene("gate", seed))).decode()


def send(client, body):
    return client.post(ADDRESS, body, content_type="application/json")


def test_one_photo_and_five_with_a_place(known_places, partner):  # noqa: F811
    one = send(partner, {"photo": photo()})
    lines = "\n".join(photo()[at : at + 76] for at in range(0, len(photo()), 76))
    five = send(
        partner,
        {"photo": [lines, *map(photo, range(4))], "lat": 37.5, "lon": 127.0, "top_k": 1},
    )

    assert (one.status_code, five.status_code) == (201, 201)
    assert one.json()["candidates"][0]["landmark"]["slug"] == "gate"
    assert five.json()["position_used"] is True
    assert len(five.json()["candidates"]) == 1
    assert RecognitionPhoto.objects.count() == 6


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "empty_file")),
        ([], (400, "empty_file")),
        ({"photo": []}, (400, "empty_file")),
        ({"photo": ""}, (400, "empty_file")),
        ({"photo": ["AAAA"] * 6}, (400, "too_many_files")),
        ({"photo": "no base64!"}, (422, "invalid")),
        ({"photo": "한글"}, (422, "invalid")),
        ({"photo": [7]}, (422, "invalid")),
        ({"photo": {"content": "AAAA"}}, (422, "invalid")),
        ({"photo": "AAAA"}, (415, "unsupported_type")),
        ("{", (400, "parse_error")),
    ],
    ids=str,
)
def test_bad_input_is_a_problem_and_leaves_nothing(partner, body, expected):  # noqa: F811
    assert problem_of(send(partner, body)) == expected
    assert not RecognitionRequest.objects.exists()


def test_a_json_body_has_room_for_one_of_the_largest_photos(partner, settings):  # noqa: F811
    settings.API_JSON_MAX_BYTES = 1000

    assert problem_of(send(partner, {"photo": photo()})) == (413, "too_large")
