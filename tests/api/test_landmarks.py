"""Landmarks as partners read them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import http_date

from apps.accounts.models import User
from apps.api.v1 import landmark_lists
from apps.catalogue.content import settle_changes
from apps.catalogue.merging import merge_landmarks
from apps.catalogue.models import CategoryName, Landmark, License, Photo, Region, RegionName
from apps.catalogue.searching import meant_by
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, LicenseFactory, PhotoFactory
from tests.factories.guide import ArticleFactory, RouteFactory

pytestmark = pytest.mark.django_db
LIST = "/api/v1/landmarks/"


@pytest.fixture(autouse=True)
def no_limit(settings) -> None:
    settings.ANONYMOUS_PER_MINUTE = 10_000


@pytest.fixture
def palace() -> Landmark:
    """A landmark with one of everything."""
    heritage = CategoryFactory(slug="heritage", name="문화유산")
    category = CategoryFactory(slug="palace", parent=heritage, name="궁궐")
    CategoryName.objects.create(category=category, language="en", text="Palace")
    seoul = Region.objects.get(code="KR-11")
    district = Region.objects.create(code="KR-11-110", parent=seoul)
    RegionName.objects.create(region=district, language="ko", text="종로구")
    palace = LandmarkFactory(
        slug="gyeongbokgung",
        names={"ko": "경복궁", "en": "Gyeongbokgung"},
        category=category,
        region=district,
        latitude=37.5796,
        longitude=126.9770,
        external_ids={"khs": "1331101170000"},
    )
    palace.names.create(language="ko", kind="alias", text="정궁")
    PhotoFactory(landmark=palace, license=LicenseFactory(code="CC-BY-4.0"), credit="Kim")
    ArticleFactory(landmark=palace, title="조선의 궁궐", body="첫 궁궐입니다.")
    return palace


def get(client: Client, path: str = LIST, status: int = 200, **headers: str):
    response = client.get(path, headers=headers)
    assert response.status_code == status, response.content
    return response


def slugs(client: Client, query: str = "") -> list[str]:
    return [row["slug"] for row in get(client, f"{LIST}?{query}").json()["results"]]


def test_a_landmark_has_the_shape_that_partners_rely_on(client, palace):
    photo = palace.photos.get()

    row = get(client, f"{LIST}{palace.pk}/").json()

    written = row.pop("updated_at")
    assert datetime.fromisoformat(written) == palace_changed(palace)
    assert row == {
        "id": palace.pk,
        "slug": "gyeongbokgung",
        "name": "경복궁",
        "names": [
            {"language": "ko", "kind": "official", "text": "경복궁"},
            {"language": "en", "kind": "official", "text": "Gyeongbokgung"},
            {"language": "ko", "kind": "alias", "text": "정궁"},
        ],
        "category": {"id": palace.category_id, "name": "궁궐", "path": "문화유산/궁궐"},
        "region": {"code": "KR-11-110", "name": "종로구", "path": "서울특별시/종로구"},
        "latitude": 37.5796,
        "longitude": 126.9770,
        "address": "서울특별시 종로구",
        "external_ids": {"khs": "1331101170000"},
        "photos": [
            {
                "id": str(photo.pk),
                "url": f"http://testserver{photo.url}",
                "width": 320,
                "height": 240,
                "license": {
                    "code": "CC-BY-4.0",
                    "url": "https://creativecommons.org/licenses/by/4.0/",
                    "may_show": True,
                    "may_modify": True,
                    "may_train": True,
                },
                "credit": "Kim",
                "source": "test",
            }
        ],
        "article": {"language": "ko", "title": "조선의 궁궐", "body": "첫 궁궐입니다."},
        "source": "test",
        "url": "http://testserver/landmarks/gyeongbokgung/",
    }
    assert get(client).json()["results"] == [row | {"updated_at": written}]


def palace_changed(palace: Landmark) -> datetime:
    return Landmark.objects.with_content_version().get(pk=palace.pk).content_changed_at


def test_another_language_falls_back_and_says_so(client, palace):
    english = get(client, f"{LIST}{palace.pk}/?lang=en").json()

    assert (english["name"], english["category"]["name"]) == ("Gyeongbokgung", "Palace")
    assert english["region"]["path"] == "Seoul/종로구"
    assert english["article"]["language"] == "ko"
    assert english["url"] == "http://testserver/en/landmarks/gyeongbokgung/"
    ArticleFactory(landmark=palace, language="en", title="A palace", body="It is a palace.")
    assert get(client, f"{LIST}?lang=en").json()["results"][0]["article"]["language"] == "en"
    by_header = get(client, f"{LIST}{palace.pk}/", **{"Accept-Language": "en"})
    assert by_header.json()["name"] == "Gyeongbokgung"
    assert get(client, f"{LIST}{palace.pk}/?lang=fr").json()["name"] == "경복궁"


def test_only_what_may_be_shown_is_shown(client, palace):
    PhotoFactory(landmark=palace, license=License.objects.get(code="INTERNAL"), credit="x")
    PhotoFactory(landmark=palace, license=License.objects.get(code="CC-BY-4.0"), credit="")
    ArticleFactory(landmark=palace, language="en", state="draft")
    later = timezone.now() + timedelta(days=1)
    ArticleFactory(landmark=palace, language="fr", published_at=later)
    LandmarkFactory(slug="draft", state="draft")
    LandmarkFactory(slug="gone", state="withdrawn")

    row = get(client, f"{LIST}{palace.pk}/?lang=en").json()

    assert [photo["credit"] for photo in row["photos"]] == ["Kim"]
    assert row["article"]["language"] == "ko"
    assert get(client, f"{LIST}{palace.pk}/?lang=fr").json()["article"]["language"] == "ko"
    assert slugs(client) == ["gyeongbokgung"]


def test_filters_leave_what_they_say(client, palace):
    tower = LandmarkFactory(
        slug="tower",
        names={"ko": "해운대 전망대"},
        category=CategoryFactory(slug="towers", name="타워"),
        region=Region.objects.get(code="KR-26"),
        latitude=35.16,
        longitude=129.16,
    )
    nowhere = LandmarkFactory(slug="nowhere", latitude=None, longitude=None)

    assert slugs(client, "category=heritage") == ["gyeongbokgung", "nowhere"]
    assert slugs(client, f"category={palace.category_id}") == ["gyeongbokgung"]
    assert slugs(client, "region=KR-11") == ["gyeongbokgung", "nowhere"]
    assert slugs(client, "region=KR-11-110&category=palace") == ["gyeongbokgung"]
    assert slugs(client, "region=KR-26&category=palace") == []
    assert slugs(client, "bbox=126,37,128,38") == ["gyeongbokgung"]
    assert slugs(client, "bbox=128,-10,126,80") == ["tower"]
    assert slugs(client, "search=복궁") == ["gyeongbokgung"]
    assert slugs(client, "search=경북궁") == ["gyeongbokgung"]
    assert slugs(client, "search=ㄱㅂㄱ") == ["gyeongbokgung"]
    assert slugs(client, "search=haeundae") == []
    assert slugs(client, "search=%2C") == slugs(client, "search=%2C&page=1&region=KR-11") == []
    assert slugs(client, "category=&region=&search=&bbox=&near=&page_size=&cursor=") == [
        *("gyeongbokgung", "tower", "nowhere")
    ]
    settle_changes()
    moment = timezone.now()
    tower.names.update(text="해운대 탑")
    since = f"updated_since={moment.isoformat()}"
    assert slugs(client, since) == slugs(client, since.replace("+", "%2B")) == ["tower"]
    settle_changes()
    assert slugs(client, since) == ["tower"]
    assert slugs(client, "updated_since=2020-01-01") == slugs(client)
    assert nowhere.slug not in slugs(client, "near=37,127&radius_m=500000")


def test_the_nearest_come_first_with_their_distance(client):
    for place, latitude in {"far": 37.9, "near": 37.6, "nearest": 37.51}.items():
        LandmarkFactory(slug=place, latitude=latitude, longitude=127)

    rows = get(client, f"{LIST}?near=37.5,127&radius_m=20000").json()["results"]

    assert [row["slug"] for row in rows] == ["nearest", "near"]
    assert rows[0]["distance_m"] == pytest.approx(1113, rel=0.01)
    assert "distance_m" not in get(client).json()["results"][0]
    asked = get(client, f"{LIST}?near=37.5,127&fields=slug,distance_m").json()["results"]
    assert {*asked[0]} == {"id", "slug", "distance_m"}


@pytest.mark.parametrize("narrowed", ["", "&category=heritage", "&region=KR-11&search=장소"])
def test_what_is_near_ends_at_the_radius_on_any_page(client, narrowed):
    heritage = CategoryFactory(slug="heritage")
    for number in range(6):
        LandmarkFactory(latitude=37.5 + number / 1000, longitude=127, category=heritage)
    whole = slugs(client, f"near=37.5,127&radius_m=400{narrowed}")

    first = get(client, f"{LIST}?near=37.5,127&radius_m=400&page_size=3{narrowed}").json()
    last = get(client, first["next"]).json()

    assert len(whole) == 4
    assert [row["slug"] for row in first["results"] + last["results"]] == whole
    assert (len(last["results"]), last["next"]) == (1, None)
    assert get(client, last["previous"]).json()["results"] == first["results"]
    counted = get(client, f"{LIST}?near=37.5,127&radius_m=400&page=1{narrowed}").json()
    assert counted["count"] == 4
    assert slugs(client, f"near=37.6,127&radius_m=400{narrowed}") == []


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("category=nothing", "category", "unknown_value"),
        ("region=99999999999999999999", "region", "unknown_value"),
        ("bbox=1,2,3", "bbox", "invalid_bbox"),
        ("bbox=1,9,3,4", "bbox", "invalid_bbox"),
        ("bbox=nan,2,3,4", "bbox", "invalid_bbox"),
        ("near=91,1", "near", "invalid_position"),
        ("near=x", "near", "invalid_position"),
        ("near=1,1&radius_m=-1", "radius_m", "out_of_range"),
        ("radius_m=5", "radius_m", "missing_near"),
        ("lang=한국어", "lang", "unknown_language"),
        ("fields=name,secret", "fields", "unknown_field"),
        ("fields=distance_m", "fields", "unknown_field"),
        ("updated_since=yesterday", "updated_since", "invalid_time"),
        ("updated_since=2026-13-45", "updated_since", "invalid_time"),
        ("page_size=0", "page_size", "out_of_range"),
        ("page_size=201", "page_size", "out_of_range"),
        ("page=-1", "page", "out_of_range"),
        ("cursor=x", "cursor", "invalid_cursor"),
        ("cursor=WzEsMl0", "cursor", "invalid_cursor"),
        ("cursor=AA&page=1", "cursor", "page_and_cursor"),
        ("search=" + "x" * 101, "search", "too_long"),
        ("search=%00", "search", "invalid_value"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(client, palace, query, field, code):
    for language, is_korean in (("ko", True), ("en", False)):
        answer = get(client, f"{LIST}?{query}", 400, **{"Accept-Language": language})

        assert answer["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["code"], problem["field"]) == (code, field)
        assert any("가" <= letter <= "힣" for letter in problem["detail"]) == is_korean


@pytest.mark.parametrize(
    "query", ["", "search=장소", "near=37.5,127&radius_m=100000", "near=37.5,127&search=장소"]
)
def test_pages_by_cursor_hold_every_row_once_in_both_directions(client, query):
    for number in range(7):
        LandmarkFactory(latitude=37.5 + number % 3 / 100, longitude=127)
    whole = slugs(client, query)
    forth, address = [], f"{LIST}?{query}&page_size=3"
    while address:
        page = get(client, address).json()
        assert {*page} == {"next", "previous", "results"}
        forth.append([row["slug"] for row in page["results"]])
        last, address = page, page["next"]
    back, address = [forth[-1]], last["previous"]
    while address:
        page = get(client, address).json()
        back.insert(0, [row["slug"] for row in page["results"]])
        address = page["previous"]

    assert [len(page) for page in forth] == [3, 3, 1]
    assert [slug for page in forth for slug in page] == whole
    assert back == forth


def test_the_beginning_of_a_search_goes_on_where_it_ends_and_shows_what_is_there_by_then(
    client, monkeypatch
):
    LandmarkFactory.create_batch(30)
    counted = [
        row["slug"]
        for number in (1, 2)
        for row in get(client, f"{LIST}?search=장소&page_size=15&page={number}").json()["results"]
    ]
    first = get(client, f"{LIST}?search=장소&page_size=15").json()
    second = get(client, first["next"]).json()
    assert [row["slug"] for row in first["results"] + second["results"]] == counted
    assert (second["next"], first["previous"]) == (None, None)
    assert get(client, second["previous"]).json()["results"] == first["results"]

    def withdrawn_meanwhile(*asked):
        meant = meant_by(*asked)
        Landmark.objects.filter(slug=counted[0]).update(state=Landmark.State.WITHDRAWN)
        arrived.append(LandmarkFactory().slug)
        return meant

    misspelt = get(client, f"{LIST}?search=장쇼&page_size=15").json()
    rest = get(client, misspelt["next"]).json()
    assert [row["slug"] for row in misspelt["results"] + rest["results"]] == counted

    arrived = []
    monkeypatch.setattr(landmark_lists, "meant_by", withdrawn_meanwhile)
    page = get(client, f"{LIST}?search=장쇼&page_size=40").json()

    assert {row["slug"] for row in page["results"]} == {*counted[1:], *arrived}


def test_a_cursor_of_one_order_is_none_of_another(client):
    for _ in range(3):
        LandmarkFactory()
    cursor = get(client, f"{LIST}?page_size=1").json()["next"].split("cursor=")[1]

    assert (
        get(client, f"{LIST}?search=장소&cursor={cursor}", 400).json()["code"] == "invalid_cursor"
    )


def test_pages_by_number_are_counted(client):
    for _ in range(5):
        LandmarkFactory()

    first = get(client, f"{LIST}?page=1&page_size=2").json()
    last = get(client, first["next"].replace("page=2", "page=3")).json()

    assert (first["count"], len(first["results"]), first["previous"]) == (5, 2, None)
    assert (last["count"], len(last["results"]), last["next"]) == (5, 1, None)
    assert "page=2" in last["previous"]
    assert get(client, f"{LIST}?page=4&page_size=2", 404).json()["code"] == "not_found"
    assert get(client, f"{LIST}?search=none&page=1").json()["count"] == 0


def test_fields_leave_the_rest_out(client, palace):
    row = get(client, f"{LIST}?fields=name,category").json()["results"][0]

    assert {*row} == {"id", "name", "category"}
    assert {*get(client, f"{LIST}{palace.pk}/?fields=slug").json()} == {"id", "slug"}


def test_geojson_says_the_same(client, palace):
    LandmarkFactory(slug="nowhere", latitude=None, longitude=None)
    accept = {"Accept": "application/geo+json"}

    found = get(client, **accept)
    one = get(client, f"{LIST}{palace.pk}/", **accept)

    assert found["Content-Type"] == one["Content-Type"] == "application/geo+json"
    collection = found.json()
    assert collection["type"] == "FeatureCollection"
    feature, nowhere = collection["features"]
    assert feature == one.json()
    assert feature["geometry"] == {"type": "Point", "coordinates": [126.9770, 37.5796]}
    assert (feature["type"], feature["id"]) == ("Feature", palace.pk)
    assert feature["properties"] == get(client).json()["results"][0]
    assert nowhere["geometry"] is None


def test_what_is_not_public_any_more_says_what_became_of_it(client, palace):
    other = LandmarkFactory(slug="other")
    draft = LandmarkFactory(state="draft")
    staff = User.objects.create_superuser("staff")
    settle_changes()

    assert get(client, f"{LIST}{draft.pk}/", 404).json()["code"] == "not_found"
    assert get(client, f"{LIST}{2**70}/", 404).json()["code"] == "not_found"
    Landmark.objects.filter(pk=palace.pk).update(state="withdrawn")
    assert get(client, f"{LIST}{palace.pk}/", 410).json()["code"] == "withdrawn"
    Landmark.objects.filter(pk=palace.pk).update(state="published")
    merge_landmarks(palace, into=other, by=staff, at=timezone.now())
    moved = get(client, f"{LIST}{palace.pk}/?lang=en", 301)
    assert moved.json()["merged_into"] == other.pk
    assert get(client, moved["Location"]).json()["id"] == other.pk
    assert moved["Location"].endswith("?lang=en")
    Landmark.objects.filter(pk=other.pk).update(state="withdrawn")
    gone = get(client, f"{LIST}{palace.pk}/", 410).json()
    assert (gone["code"], gone["merged_into"]) == ("merged", other.pk)
    key = other.pk
    Photo.objects.all().delete()
    other.articles.all().delete()
    other.delete()
    assert get(client, f"{LIST}{key}/", 410).json()["code"] == "deleted"


@pytest.mark.parametrize("path", ["", "{0}/"])
@pytest.mark.parametrize("accept", ["application/json", "application/geo+json"])
def test_what_did_not_change_is_not_sent_again(client, palace, path, accept):
    address = LIST + path.format(palace.pk)
    first = get(client, address, Accept=accept)
    held = {"If-None-Match": first["ETag"], "Accept": accept}

    with CaptureQueriesContext(connection) as captured:
        again = get(client, address, 304, **held)

    assert again.content == b""
    assert again["ETag"] == first["ETag"] and not first["ETag"].startswith("W/")
    assert not [query for query in captured if "json" in query["sql"]], "nothing was written"
    # The use of the address, and the version of the landmark, or of all content.
    assert len(captured) == 2
    dated = {"If-Modified-Since": first["Last-Modified"], "Accept": accept}
    get(client, address, 304, **dated)
    get(client, f"{address}?lang=en", 200, **held)
    palace.photos.update(license=LicenseFactory(code="CC-BY-SA-4.0"))
    changed = get(client, address, 200, **held)
    assert changed["ETag"] != first["ETag"]


def test_a_list_needs_as_many_statements_as_a_short_one(client, palace):
    def statements(query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            get(client, f"{LIST}?{query}")
        return len(captured)

    LandmarkFactory()
    queries = (
        "page_size=200",
        "page=1",
        "search=장소&category=heritage&region=KR-11&page=1",
        "near=37.5,127&updated_since=2020-01-01",
    )
    few = [statements(query) for query in queries]
    caches["answers"].clear()
    for _ in range(30):
        PhotoFactory(landmark=LandmarkFactory())

    assert [statements(query) for query in queries] == few
    # One of them counts the use of the address.
    # A search asks first what may have been meant; what is kept of it, whether it still holds.
    assert few == [2, 2, 3, 2]


@pytest.mark.parametrize("query", ["search=궁", "near=37.5796,126.977"])
def test_a_search_is_answered_from_what_was_kept_until_anything_changes(client, palace, query):
    address = f"{LIST}?{query}&fields=name"
    first = get(client, address)

    with CaptureQueriesContext(connection) as captured:
        again = get(client, address)

    assert (again.content, again["ETag"]) == (first.content, first["ETag"])
    # The use of the address, and the version of all content.
    assert len(captured) == 2
    palace.names.filter(language="ko", kind="official").update(text="큰궁")
    changed = get(client, address)
    assert changed.json()["results"][0]["name"] == "큰궁" and changed["ETag"] != first["ETag"]
    assert get(client, f"{address}&lang=en").json()["results"][0]["name"] == "Gyeongbokgung"


def test_what_cannot_be_asked_is_refused_also_of_who_holds_an_answer(client, palace):
    held = {"If-None-Match": "*"}

    get(client, f"{LIST}?cursor=x", 400, **held)
    get(client, f"{LIST}?page=9", 404, **held)
    get(client, f"{LIST}?category=nowhere", 400, **{"If-Modified-Since": http_date(2**33)})
    get(client, LIST, 304, **held)


def test_lists_of_what_landmarks_refer_to_come_whole(client, palace):
    RouteFactory(slug="walk", texts={"ko": "고궁 산책", "en": "Palaces"}, stops=[palace])
    RouteFactory(slug="draft", state="draft")

    categories = get(client, "/api/v1/categories/?lang=en").json()
    by_slug = {row["slug"]: row for row in categories["results"]}
    assert (categories["next"], categories["previous"]) == (None, None)
    assert by_slug["palace"]["name"] == "Palace"
    assert by_slug["palace"]["parent"] == by_slug["heritage"]["id"]
    assert (by_slug["heritage"]["landmarks"], by_slug["heritage"]["parent"]) == (1, None)
    regions = {row["code"]: row for row in get(client, "/api/v1/regions/").json()["results"]}
    assert regions["KR-11-110"]["path"] == "서울특별시/종로구"
    assert regions["KR-11-110"]["parent"] == "KR-11" and regions["KR-11"]["landmarks"] == 1
    licenses = {row["code"]: row for row in get(client, "/api/v1/licenses/").json()["results"]}
    assert licenses["KOGL-3"]["may_modify"] is False and "INTERNAL" not in licenses
    (route,) = get(client, "/api/v1/routes/?lang=en").json()["results"]
    assert (route["title"], route["language"]) == ("Palaces", "en")
    assert route["url"] == "http://testserver/en/routes/walk/"
    assert [stop["name"] for stop in route["stops"]] == ["Gyeongbokgung"]
    held = get(client, "/api/v1/routes/")["ETag"]
    get(client, "/api/v1/routes/", 304, **{"If-None-Match": held})


def test_a_representation_that_there_is_not_is_refused_as_a_problem(client):
    assert get(client, LIST, 406, Accept="text/csv").json()["code"] == "not_acceptable"
