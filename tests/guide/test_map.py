from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.http import QueryDict

from apps.catalogue.models import Category, Region, RegionName
from apps.guide.map_places import LISTED, clusters_of, found_by
from apps.guide.map_query import Box, read_map_query
from tests.factories.catalogue import CategoryFactory, LandmarkFactory

pytestmark = pytest.mark.django_db
KOREA = "124,33,131,39"
# How many may be asked of the database, however many places there are.
MOST_QUERIES = 5


def points(client, **query) -> dict:
    response = client.get("/map/points/", {"bbox": KOREA, "zoom": "7"} | query)
    assert response.status_code == 200
    return response.json()


def slugs(answer: dict) -> set[str]:
    return {point[3] for point in answer["points"] if point[2] == 1}


def districts(count: int) -> list[Region]:
    """Make districts of Seoul with a Korean name each."""
    parent = Region.objects.get(code="KR-11")
    made = [Region.objects.create(code=f"KR-11-t{n}", parent=parent) for n in range(count)]
    RegionName.objects.bulk_create(
        RegionName(region=each, language="ko", text=f"동네{n}구") for n, each in enumerate(made)
    )
    return made


def test_the_map_shows_published_places_with_a_position(client):
    LandmarkFactory(slug="shown", latitude=37.5, longitude=127)
    LandmarkFactory(slug="elsewhere", latitude=48.8, longitude=2.3)
    LandmarkFactory(slug="draft", state="draft", latitude=36.5, longitude=127)
    LandmarkFactory(slug="nowhere", latitude=None, longitude=None)

    answer = points(client)

    assert answer["total"] == 1
    assert answer["points"][0][:3] == [37.5, 127.0, 1]
    assert slugs(answer) == {"shown"}
    assert 'data-landmark="shown"' in answer["list"]


def test_near_places_are_one_cluster_until_the_map_is_close_enough(client):
    LandmarkFactory(slug="one", latitude=37.50, longitude=127.00)
    LandmarkFactory(slug="two", latitude=37.52, longitude=127.02)
    LandmarkFactory(slug="far", latitude=35.1, longitude=129.0)

    far, near = points(client, zoom="7"), points(client, zoom="14")

    assert sorted(point[2] for point in far["points"]) == [1, 2]
    cluster = max(far["points"], key=lambda point: point[2])
    assert cluster[3:] == [127.0, 37.5, 127.02, 37.52]
    assert slugs(near) == {"one", "two", "far"}


def test_places_beside_the_edge_of_a_square_are_one_cluster_too():
    at = [LandmarkFactory(latitude=36.0, longitude=127 + n / 100).pk for n in range(30)]

    found = clusters_of(found_by(read_map_query(QueryDict(""))), 7)

    assert [cluster.count for cluster in found] == [len(at)]
    assert found[0].box == Box(127.0, 36.0, 127.29, 36.0)


def test_many_places_are_listed_by_region_and_few_one_by_one(client):
    for number, region in enumerate(districts(6)):
        for place in range(LISTED // 6 + 1):
            LandmarkFactory(region=region, latitude=37 + number / 10, longitude=127 + place / 100)

    many, few = points(client), points(client, bbox="126.9,36.95,127.5,37.05")

    assert "data-landmark" not in many["list"]
    assert many["list"].count("data-province") == 6
    assert 'data-district="동네0구"' in many["list"]
    assert few["list"].count("data-landmark") == few["total"] == LISTED // 6 + 1


def test_many_places_in_one_district_list_the_nearest_to_the_middle(client):
    for number in range(LISTED + 5):
        LandmarkFactory(slug=f"p-{number}", latitude=37 + number / 1000, longitude=127)

    answer = points(client, bbox="126.9,36.9,127.1,37.1")

    assert answer["list"].count("data-landmark") == LISTED
    assert 'data-landmark="p-0"' in answer["list"]
    assert f'data-landmark="p-{LISTED + 4}"' not in answer["list"]


def test_category_region_and_text_leave_only_what_fits(client):
    heritage = CategoryFactory(slug="heritage")
    gate = Category.objects.create(slug="gate", parent=heritage)
    (district,) = districts(1)
    LandmarkFactory(slug="gate", category=gate, region=district, names={"ko": "숭례문"})
    LandmarkFactory(
        slug="other",
        category=CategoryFactory(slug="nature"),
        region=Region.objects.get(code="KR-26"),
        latitude=35.1,
        names={"ko": "바다"},
    )

    assert points(client, category="heritage")["total"] == 1
    assert slugs(points(client, category="gate")) == {"gate"}
    assert slugs(points(client, region="KR-11")) == {"gate"}
    assert slugs(points(client, region="KR-26")) == {"other"}
    assert slugs(points(client, q="숭례")) == {"gate"}
    assert points(client, category="unknown")["total"] == 0


def test_near_keeps_the_radius_and_says_how_far(client):
    LandmarkFactory(slug="near", latitude=37.5, longitude=127.0)
    LandmarkFactory(slug="walk", latitude=37.536, longitude=127.0)
    LandmarkFactory(slug="corner", latitude=37.544, longitude=127.056)

    answer = points(client, near="37.5,127.0", radius_m="5000", zoom="14")

    # The corner of the box around the circle is 7 km away.
    assert slugs(answer) == {"near", "walk"}
    assert "4.0 km" in answer["list"]


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": "1,2,3"},
        {"bbox": "131,33,124,39"},
        {"bbox": "nan,33,124,39"},
        {"bbox": ""},
        {"zoom": "many"},
        {"near": "here"},
        {"radius_m": "7"},
        {"category": "a\x00b"},
        {"region": "'; drop"},
    ],
)
def test_points_refuse_what_they_do_not_understand(client, query):
    response = client.get("/en/map/points/", {"bbox": KOREA, "zoom": "7"} | query)

    assert response.status_code == 400
    assert response.json()["code"] == "invalid_query"
    assert next(iter(query)) in response.json()["detail"]


@pytest.mark.parametrize("zoom", ["0", "7", "99"])
@pytest.mark.parametrize("bbox", ["-180,-90,180,90", "-999,-999,999,999", "5,90,5,90"])
def test_any_part_of_the_earth_is_answered(client, bbox, zoom):
    for latitude in (-90, 0, 90):
        LandmarkFactory(latitude=latitude, longitude=180)

    assert points(client, bbox=bbox, zoom=zoom)["total"] in (0, 1, 3)


def test_points_are_kept_by_browsers_and_asked_again_by_their_tag(client):
    LandmarkFactory(slug="one", latitude=37.5, longitude=127)
    first = client.get("/map/points/", {"bbox": KOREA, "zoom": "7"})

    same = client.get(
        "/map/points/", {"bbox": KOREA, "zoom": "7"}, headers={"If-None-Match": first["ETag"]}
    )
    LandmarkFactory(slug="two", latitude=35, longitude=128)
    changed = client.get(
        "/map/points/", {"bbox": KOREA, "zoom": "7"}, headers={"If-None-Match": first["ETag"]}
    )

    assert first["Cache-Control"] == "public, max-age=60"
    assert (same.status_code, same.content) == (304, b"")
    assert changed.status_code == 200


@pytest.mark.parametrize("count", [3, LISTED, LISTED + 30])
def test_points_ask_the_database_as_often_whatever_there_is(
    client, count, django_assert_max_num_queries
):
    regions = districts(8)
    for number in range(count):
        LandmarkFactory(
            region=regions[number % 8], latitude=34 + number / 30, longitude=126 + number % 9 / 3
        )

    with django_assert_max_num_queries(MOST_QUERIES):
        points(client)


def test_the_page_lists_places_without_script(client):
    LandmarkFactory(slug="one", names={"ko": "하나", "en": "One"})

    page = client.get("/en/map/").content.decode()

    assert 'href="/en/landmarks/one/"' in page
    assert "1 place" in page
    assert 'data-points="/en/map/points/"' in page


def test_the_page_keeps_its_state_in_the_address(client):
    LandmarkFactory(slug="one")
    page = client.get(
        "/en/map/?q=장소&category=heritage&region=KR-11&near=37.5759,126.9768&radius_m=1000"
    ).content.decode()

    assert 'value="장소"' in page
    assert 'data-near="37.5759,126.9768" data-radius="1000"' in page
    assert '<option value="1000" selected>1 km' in page
    assert "Seoul" in page
    assert 'data-landmark="one"' in page


def test_the_page_explains_what_it_does_not_understand(client):
    page = client.get("/en/map/?near=here&bbox=1,2&radius_m=9&category=<b>").content.decode()

    assert "This is not a position." in page
    assert "This is not a part of a map" in page
    assert "Near means 1, 5 or 20 km here." in page
    assert "There is no such choice: category." in page


def test_a_tile_server_is_allowed_only_where_one_is_set(client, settings):
    settings.TILE_URL = "https://tiles.example/{z}/{x}/{y}.png"
    settings.TILE_ATTRIBUTION = "Tiles & more"

    page = client.get("/en/map/").content.decode()

    assert 'data-tiles="https://tiles.example/{z}/{x}/{y}.png"' in page
    assert "Tiles &amp; more" in page


def test_the_outlines_are_small_and_name_every_province():
    content = (Path(settings.BASE_DIR) / "static" / "map" / "korea.json").read_bytes()
    outlines = json.loads(content)

    assert len(gzip.compress(content)) <= 100_000
    codes = {each["code"] for each in outlines["provinces"]}
    assert codes == set(Region.objects.filter(parent=None).values_list("code", flat=True))
    shapes = outlines["objects"]["districts"]["geometries"]
    assert {shape["properties"]["province"] for shape in shapes} == codes
