"""Search and filters of the list of places, through its address."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils.html import escape

from apps.catalogue.models import Landmark, LandmarkName, Region
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory

pytestmark = pytest.mark.django_db
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Asia/Seoul"))


def found(client, path="/landmarks/", **asked) -> list[str]:
    answer = client.get(path, asked)
    assert answer.status_code == 200
    return re.findall(r'data-landmark="([^"]+)"', answer.content.decode())


def choices(client, **asked) -> dict[str, tuple[int, str]]:
    """Return what the filters offer: the count and the address of each, by name."""
    page = client.get("/en/landmarks/", asked).content.decode()
    links = re.findall(
        r'<a href="(\?[^"]*)"(?: aria-current="true")? rel="nofollow">([^<]+?) <span>(\d+)</span>',
        page,
    )
    return {name: (int(count), address.replace("&amp;", "&")) for address, name, count in links}


@pytest.fixture
def places():
    heritage = CategoryFactory(slug="heritage", name="Heritage")
    palace = CategoryFactory(slug="palace", name="Palace", parent=heritage)
    nature = CategoryFactory(slug="nature", name="Nature")
    busan = Region.objects.get(code="KR-26")
    made = {
        "gyeongbokgung": LandmarkFactory(
            slug="gyeongbokgung",
            names={"ko": "경복궁", "en": "Gyeongbokgung Palace"},
            category=palace,
            opening_hours="We-Mo 09:00-18:00; Tu off",
        ),
        "cheomseongdae": LandmarkFactory(
            slug="cheomseongdae",
            names={"ko": "첨성대", "en": "Cheomseongdae"},
            category=heritage,
            opening_hours="Mo off",
            latitude=37.58,
        ),
        "beach": LandmarkFactory(
            slug="beach",
            names={"ko": "해운대 해수욕장"},
            category=nature,
            region=busan,
            latitude=35.1587,
            longitude=129.1604,
            address="부산광역시 해운대구 우동",
        ),
    }
    PhotoFactory(landmark=made["beach"])
    for kind, text in (("alias", "정궁"), ("former", "북궐"), ("romanized", "Kyongbokkung")):
        LandmarkName.objects.create(
            landmark=made["gyeongbokgung"], language="ko", kind=kind, text=text
        )
    return made


@pytest.mark.parametrize(
    ("words", "first"),
    [
        *(("첨성", "cheomseongdae"), ("첨성데", "cheomseongdae"), ("ㅊㅅㄷ", "cheomseongdae")),
        *(("gyeongbok", "gyeongbokgung"), ("정궁", "gyeongbokgung"), ("북궐", "gyeongbokgung")),
        *(
            ("kyongbok", "gyeongbokgung"),
            ("경", "gyeongbokgung"),
            ("궁", "gyeongbokgung"),
            ("해운대구", "beach"),
        ),
        ("우동", "beach"),
    ],
)
def test_words_of_every_kind_find_the_place_first(client, places, words, first):
    assert found(client, q=words)[0] == first


def test_names_are_ranked_same_beginning_part_official_before_others(client):
    for slug, name in (("part", "작은 남산"), ("begins", "남산타워"), ("same", "남산")):
        LandmarkFactory(slug=slug, names={"ko": name})
    other = LandmarkFactory(slug="alias", names={"ko": "목멱산"})
    LandmarkName.objects.create(landmark=other, language="ko", kind="alias", text="남산")

    assert found(client, q="남산") == ["same", "alias", "begins", "part"]


def test_filters_narrow_down_and_count_what_they_would_leave(client, places):
    offered = choices(client)

    assert {name: count for name, (count, _) in offered.items()} == {
        "With photos": 1,
        "Known to be open now": offered["Known to be open now"][0],
        "Heritage": 2,
        "Nature": 1,
        "Seoul": 2,
        "Busan": 1,
    }
    for name, (count, address) in offered.items():
        assert len(found(client, f"/en/landmarks/{address}")) == count, name


def test_a_filter_counts_with_the_others_but_not_with_itself(client, places):
    offered = choices(client, category="heritage", region="KR-11")

    assert offered["Heritage"][0] == 2
    assert offered["Palace"][0] == 1
    assert offered["Seoul"][0] == 2
    assert "Busan" not in offered
    assert "category" not in offered["Heritage"][1]


def test_what_is_open_now_is_what_says_so(client, places, monkeypatch):
    monkeypatch.setattr("apps.guide.views.places.timezone.now", lambda: MONDAY_NOON)

    assert found(client, open="now") == ["gyeongbokgung"]


def test_near_sorts_by_distance_within_the_radius(client, places):
    near = "37.5759,126.9768"

    assert found(client, near=near) == ["gyeongbokgung", "cheomseongdae"]
    assert found(client, near=near, radius_m="100") == ["gyeongbokgung"]
    assert found(client, near=near, sort="name", category="palace") == ["gyeongbokgung"]
    page = client.get("/landmarks/", {"near": near}).content.decode()
    assert "radius_m=20000" in page
    assert "460 m" in page


def test_the_newest_come_first_where_asked(client, places):
    assert found(client, sort="new") == ["beach", "cheomseongdae", "gyeongbokgung"]


@pytest.mark.parametrize(
    "asked",
    [
        *({"near": "nan,nan"}, {"near": "1"}, {"near": "91,0"}, {"radius_m": "-5"}),
        *({"category": "\0"}, {"category": "none"}, {"region": "x" * 900}, {"sort": "'"}),
        *({"page": "9" * 60}, {"page": "-1"}, {"near": "90,180", "radius_m": "9" * 40}),
        {"q": "\ud800".encode("utf-8", "surrogatepass"), "open": "x", "photos": "[]"},
    ],
)
def test_any_query_string_gets_a_page(client, places, asked):
    assert client.get("/landmarks/", asked).status_code == 200


def test_words_keep_the_filters(client, places):
    page = client.get("/landmarks/", {"category": "heritage", "q": "경"}).content.decode()

    assert '<input type="hidden" name="category" value="heritage">' in page


def test_a_change_shows_at_once(client, places):
    assert len(found(client)) == 3

    Landmark.objects.filter(slug="beach").update(state="withdrawn")

    assert found(client) == found(client, sort="name") == ["gyeongbokgung", "cheomseongdae"]


def test_nothing_found_says_what_to_do(client, places):
    page = client.get("/en/landmarks/", {"q": "zzzzzz", "category": "nature"}).content.decode()

    assert escape("Nothing found for “zzzzzz”.") in page
    assert "Search without filters" in page


def test_names_are_suggested_while_one_types(client, places, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        answer = client.get("/en/suggest/", {"q": "경복"}).json()

    assert answer["places"] == [
        {
            "name": "Gyeongbokgung Palace",
            "other": "경복궁",
            "region": "Seoul",
            "url": "/en/landmarks/gyeongbokgung/",
        }
    ]
    assert client.get("/suggest/").json() == {"query": "", "places": []}
