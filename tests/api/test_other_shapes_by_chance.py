"""Whatever programs of Google Vision and TourAPI send, they hear an answer in the known shape."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, strategies
from hypothesis import settings as hypothesis_settings

from apps.partners.models import Scope
from tests.api.tourapi.test_tourapi import ADDRESS, CALLER, FIELDS, OPERATIONS
from tests.factories.catalogue import LandmarkFactory
from tests.partners.conftest import make_key  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.S3]
VISION = "/v1/images:annotate"
ALLOWED = {"none": {401}, "read": {403}, "all": {200, 400}}
WORDS = strategies.text(max_size=8)
PLAIN = strategies.none() | strategies.booleans() | strategies.integers() | WORDS
ANYTHING = strategies.recursive(
    PLAIN,
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(WORDS, inner),
    max_leaves=8,
)
FEATURES = strategies.lists(
    strategies.fixed_dictionaries(
        {"type": strategies.sampled_from(["LANDMARK_DETECTION", 2, "FACE_DETECTION", None])},
        optional={"maxResults": strategies.integers() | WORDS},
    ),
    max_size=2,
)
IMAGES = ANYTHING | strategies.fixed_dictionaries(
    {"content": strategies.sampled_from(["", "AAAA", "no base64", 7]) | WORDS}
)
BODIES = ANYTHING | strategies.fixed_dictionaries(
    {
        "requests": ANYTHING
        | strategies.lists(
            strategies.fixed_dictionaries(
                {"image": IMAGES, "features": ANYTHING | FEATURES},
                optional={"imageContext": ANYTHING},
            ),
            min_size=1,
            max_size=3,
        )
    }
)
NUMBERS = strategies.sampled_from(["", "0", "1", "12", "-1", "127.5", "37.5", "1e9", "20000", "x"])
QUERIES = strategies.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("pageNo", "numOfRows", "mapX", "mapY", "radius"), NUMBERS | WORDS),
        **dict.fromkeys(("contentId", "contentTypeId", "areaCode", "cat1"), NUMBERS | WORDS),
        **dict.fromkeys(("modifiedtime", "showflag", "lDongRegnCd"), NUMBERS | WORDS),
        "keyword": WORDS,
        "arrange": strategies.sampled_from("ACDEOQRSX") | WORDS,
        "MobileOS": WORDS,
        "_type": strategies.sampled_from(["json", "xml", ""]),
    },
)


@pytest.fixture(params=ALLOWED)
def key(request, settings, make_key) -> tuple[str, str]:  # noqa: F811
    """A kind of key and its text."""
    settings.ANONYMOUS_PER_MINUTE = settings.KEY_PER_MINUTE = settings.KEY_PER_DAY = 1_000_000
    scopes = {"none": [], "read": [Scope.READ], "all": list(Scope)}[request.param]
    return request.param, make_key(*scopes).text if scopes else ""


def by_chance(is_long: bool):
    return hypothesis_settings(
        max_examples=1000 if is_long else 20,
        derandomize=not is_long,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_annotate_answers_in_visions_shape(key, is_long):
    kind, text = key
    client = Client(headers={"x-goog-api-key": text} if text else {}, raise_request_exception=False)

    @by_chance(is_long)
    @given(body=BODIES)
    def ask(body):
        reply = client.post(VISION, body, content_type="application/json")
        assert reply.status_code in ALLOWED[kind], (body, reply.content)
        answer = reply.json()
        if reply.status_code != 200:
            assert answer["error"]["code"] == reply.status_code
            assert isinstance(answer["error"]["message"], str)
            return
        for each in answer["responses"]:
            assert {*each} <= {"landmarkAnnotations", "error"}
            assert "error" not in each or {*each["error"]} == {"code", "message"}

    ask()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_tourapi_answers_in_its_shape(key, operation, is_long):
    _kind, text = key
    client = Client(raise_request_exception=False)
    LandmarkFactory(latitude=37.5, longitude=127.5)
    hidden = {*FIELDS["areaBasedSyncList2"]}

    @by_chance(is_long)
    @given(query=QUERIES)
    def ask(query):
        reply = client.get(ADDRESS + operation, CALLER | query | {"serviceKey": text})
        assert reply.status_code == (200 if text else 401), (query, reply.content)
        if query.get("_type", "json") != "json" or not text:
            root = ElementTree.fromstring(reply.content)
            assert root.tag == ("response" if text else "OpenAPI_ServiceResponse")
            return
        answer = reply.json()
        if "resultCode" in answer:
            assert answer["resultCode"] in ("10", "11") and answer["resultMsg"]
            return
        body = answer["response"]["body"]
        assert body["numOfRows"] <= body["totalCount"]
        for item in body["items"]["item"] if body["items"] else ():
            assert {*item} in ({*FIELDS[operation]}, hidden)

    ask()
