"""TourAPI's addresses: programs written for the original find the fields they know."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from django.db import connection
from django.test import Client

from apps.catalogue.models import Landmark, License, Region
from apps.partners.models import KeyUsage, Scope
from portal.supervisor import SERVER_LOG
from tests.environment import CLUSTER, OWNER, ROOT
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory
from tests.partners.conftest import make_key  # noqa: F401
from tests.running import free_port, http_status, wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FIELDS = json.loads((Path(__file__).parent / "fields.json").read_text())
OPERATIONS = [name for name in FIELDS if name != "source"]
ADDRESS = "/api/tourapi/B551011/KorService2/"
CALLER = {"MobileOS": "ETC", "MobileApp": "test", "_type": "json"}


@pytest.fixture
def key(make_key):  # noqa: F811
    return make_key(Scope.READ)


@pytest.fixture
def ask(key):
    """Ask as a program of TourAPI does: with everything in the address."""

    def ask(operation: str, **query):
        query = {"serviceKey": key.text} | CALLER | query
        return Client().get(ADDRESS + operation, query)

    return ask


@pytest.fixture
def tower() -> Landmark:
    landmark = LandmarkFactory(
        names={"ko": "첨성대", "en": "Cheomseongdae"},
        latitude=35.834696,
        longitude=129.218994,
        region=Region.objects.get(code="KR-47"),
        category=CategoryFactory(slug="old-observatories", parent=CategoryFactory()),
        address="경상북도 경주시 인왕동 839-1",
        phone="054-000-0000",
        website="https://example.org/?a=1&b=2",
    )
    license = License.objects.create(code="whole", may_show=True, needs_credit=False)
    PhotoFactory(landmark=landmark, license=license)
    text = "별을 보던 곳 <b>입니다</b>."
    ArticleFactory(landmark=landmark, language="ko", body=text, state="published")
    return landmark


def body(response) -> dict:
    assert response.status_code == 200, response.content
    whole = response.json()["response"]
    assert whole["header"] == {"resultCode": "0000", "resultMsg": "OK"}
    return whole["body"]


def items(response) -> list[dict]:
    inside = body(response)["items"]
    return inside["item"] if inside else []


QUERIES = {
    "areaBasedList2": {},
    "locationBasedList2": {"mapX": "129.2190", "mapY": "35.8347", "radius": "1000"},
    "searchKeyword2": {"keyword": "첨성"},
    "detailCommon2": {},
    "areaBasedSyncList2": {},
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_field_of_the_original_is_there_as_text(ask, tower, operation):
    query = QUERIES[operation] | ({"contentId": tower.pk} if operation == "detailCommon2" else {})

    reply = ask(operation, **query)

    (found,) = items(reply)
    assert set(found) == set(FIELDS[operation])
    assert all(isinstance(value, str) for value in found.values())
    assert found["title"] == "첨성대"
    assert found["contentid"] == str(tower.pk)
    assert (found["areacode"], found["lDongRegnCd"]) == ("35", "47")
    assert (float(found["mapx"]), float(found["mapy"])) == (129.218994, 35.834696)
    assert found["cpyrhtDivCd"] == "Type3"
    assert found["firstimage"].startswith("http://testserver/")
    assert re.fullmatch(r"20[0-9]{12}", found["modifiedtime"])
    page = body(reply)
    assert (page["numOfRows"], page["pageNo"], page["totalCount"]) == (1, 1, 1)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_xml_says_the_same(ask, tower, operation):
    query = QUERIES[operation] | ({"contentId": tower.pk} if operation == "detailCommon2" else {})
    told = items(ask(operation, **query))

    reply = ask(operation, **query, _type="")

    assert reply["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(reply.content)
    assert root.tag == "response"
    assert root.findtext("header/resultCode") == "0000"
    assert root.findtext("body/totalCount") == "1"
    read = [{field.tag: field.text or "" for field in each} for each in root.iter("item")]
    assert read == told


def test_details_have_homepage_and_text(ask, tower):
    (found,) = items(ask("detailCommon2", contentId=tower.pk))

    assert found["overview"] == "별을 보던 곳 <b>입니다</b>."
    assert 'href="https://example.org/?a=1&amp;b=2"' in found["homepage"]


def test_filters_order_and_paging(ask, tower):
    for name in ("나", "다", "가"):
        LandmarkFactory(names={"ko": name}, region=Region.objects.get(code="KR-11"))

    def titles(**query):
        return [each["title"] for each in items(ask("areaBasedList2", **query))]

    assert titles(arrange="A", areaCode="1") == ["가", "나", "다"]
    assert titles(arrange="D")[-1] == "첨성대"
    assert titles(lDongRegnCd="47") == ["첨성대"]
    assert titles(arrange="O") == ["첨성대"]
    assert titles(contentTypeId="39") == []
    assert titles(cat2="old-observatories") == ["첨성대"]
    assert len(titles(cat1="heritage")) == 4
    assert titles(modifiedtime="20200101") == []
    paged = ask("areaBasedList2", arrange="A", areaCode="1", numOfRows=2, pageNo=2)
    assert [each["title"] for each in items(paged)] == ["다"]
    assert body(paged)["totalCount"] == 3
    assert body(ask("areaBasedList2", areaCode="99"))["items"] == ""


def test_near_is_sorted_by_distance_and_bounded_by_the_radius(ask, tower):
    LandmarkFactory(names={"ko": "멀리"}, latitude=35.84, longitude=129.22)
    LandmarkFactory(names={"ko": "더 멀리"}, latitude=36.5, longitude=129.22)
    here = {"mapX": "129.218994", "mapY": "35.834696", "radius": "20000"}

    found = items(ask("locationBasedList2", **here))

    assert [each["title"] for each in found] == ["첨성대", "멀리"]
    assert float(found[0]["dist"]) < 1 < 500 < float(found[1]["dist"]) < 700


def test_sync_tells_of_what_is_not_public_any_more(ask, tower):
    gone = LandmarkFactory(names={"ko": "곧 없음"})
    ask("areaBasedSyncList2")
    Landmark.objects.filter(pk=gone.pk).update(state="withdrawn")

    flags = {each["contentid"]: each["showflag"] for each in items(ask("areaBasedSyncList2"))}

    assert flags == {str(tower.pk): "1", str(gone.pk): "0"}
    assert [each["contentid"] for each in items(ask("areaBasedSyncList2", showflag="0"))] == [
        str(gone.pk)
    ]
    assert items(ask("detailCommon2", contentId=gone.pk)) == []
    assert items(ask("areaBasedSyncList2", modifiedtime="20990101")) == []


@pytest.mark.parametrize(
    ("operation", "query", "code", "named"),
    [
        ("areaBasedList2", {"MobileOS": ""}, "11", "MobileOS"),
        ("areaBasedList2", {"MobileApp": ""}, "11", "MobileApp"),
        ("areaBasedList2", {"arrange": "X"}, "10", "arrange"),
        ("areaBasedList2", {"numOfRows": "0"}, "10", "numOfRows"),
        ("areaBasedList2", {"numOfRows": "many"}, "10", "numOfRows"),
        ("areaBasedList2", {"pageNo": "-1"}, "10", "pageNo"),
        ("areaBasedList2", {"modifiedtime": "2026"}, "10", "modifiedtime"),
        ("locationBasedList2", {}, "11", "mapX"),
        ("locationBasedList2", {"mapX": "x", "mapY": "1", "radius": "1"}, "10", "mapX"),
        ("locationBasedList2", {"mapX": "1", "mapY": "91", "radius": "1"}, "10", "mapY"),
        ("locationBasedList2", {"mapX": "1", "mapY": "1", "radius": "20001"}, "10", "radius"),
        ("searchKeyword2", {}, "11", "keyword"),
        ("searchKeyword2", {"keyword": "a\0b"}, "10", "keyword"),
        ("detailCommon2", {}, "11", "contentId"),
        ("detailCommon2", {"contentId": "x"}, "10", "contentId"),
        ("areaBasedSyncList2", {"showflag": "2"}, "10", "showflag"),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_named_in_its_own_shape(ask, operation, query, code, named):
    answer = ask(operation, **query).json()

    assert set(answer) == {"responseTime", "resultCode", "resultMsg"}
    assert (answer["resultCode"], named in answer["resultMsg"]) == (code, True)
    as_xml = ElementTree.fromstring(ask(operation, **query, _type="xml").content)
    assert as_xml.findtext("resultCode") == code


@pytest.mark.parametrize(
    ("text", "operation", "status", "number"),
    [
        ("", "areaBasedList2", 401, "30"),
        ("gilnun_00000000_guess", "areaBasedList2", 401, "30"),
        (None, "areaBasedList9", 404, "12"),
    ],
)
def test_the_gateway_refuses_in_xml(ask, text, operation, status, number):
    reply = ask(operation, **({} if text is None else {"serviceKey": text}))

    root = ElementTree.fromstring(reply.content)
    assert (reply.status_code, root.tag) == (status, "OpenAPI_ServiceResponse")
    assert root.findtext("cmmMsgHeader/returnReasonCode") == number


def test_scope_and_limits_hold_here_too(make_key):  # noqa: F811
    address = ADDRESS + "areaBasedList2"
    other = Client().get(address, {"serviceKey": make_key(Scope.RECOGNIZE).text} | CALLER)
    limited = make_key(Scope.READ, per_day=1)
    query = {"serviceKey": limited.text} | CALLER

    first, second = Client().get(address, query), Client().get(address, query)

    assert (other.status_code, b"SERVICE_ACCESS_DENIED_ERROR" in other.content) == (403, True)
    assert (first.status_code, second.status_code) == (200, 429)
    assert b"LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR" in second.content
    assert int(second["Retry-After"]) > 0 and "r=0" in second["RateLimit"]
    assert KeyUsage.objects.get(key=limited.row).operation == "TourAPI areaBasedList2"


@pytest.mark.django_db(transaction=True)
def test_no_log_keeps_the_key_of_an_address(key, tmp_path):
    """The server as `make run` starts it, with its access log turned on and an error inside."""
    address = f"http://127.0.0.1:{free_port()}"
    log = tmp_path / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "portal.wsgi:application", "--workers=1"]
            + [f"--bind={address.removeprefix('http://')}", "--access-logfile=-"]
            + SERVER_LOG,
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": CLUSTER.url(OWNER, connection.settings_dict["NAME"])},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(
                lambda: http_status(f"{address}/healthz") == 200, seconds=90, what="an answer"
            )
            query = {"serviceKey": key.text} | CALLER
            assert httpx.get(f"{address}{ADDRESS}areaBasedList2", params=query).status_code == 200
            # Without collected files its page is an error inside the server, which is logged.
            httpx.get(f"{address}/no/such/page/", params=query)
        finally:
            server.terminate()
            server.wait(timeout=30)

    said = log.read_text()
    assert '"GET /api/tourapi/B551011/KorService2/areaBasedList2" 200' in said
    assert key.text not in said
    assert key.text.split("_")[2] not in said
