"""What programs read about a page."""

import json
import re

import pytest
from lxml import html
from rdflib import RDF, Graph, URIRef

from apps.guide.structured_data import as_script
from tests.factories.catalogue import LandmarkFactory, LicenseFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db
SCHEMA = "https://schema.org/"


def data_of(response) -> list[dict]:
    (block,) = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', response.content.decode(), re.S
    )
    return json.loads(block)


def head_of(response, name: str) -> list[str]:
    pattern = rf'<meta property="{name}" content="([^"]*)"'
    return re.findall(pattern, response.content.decode())


def test_a_landmark_is_told_with_position_address_and_the_license_of_its_photos(client):
    whole = LandmarkFactory(slug="palace", names={"ko": "궁", "en": "Palace"})
    landmark = LandmarkFactory(
        slug="hall", names={"ko": "전각", "en": "Hall"}, parent=whole, adult_fee=0, phone="02-1"
    )
    license = LicenseFactory(code="CC-BY-4.0", url="https://creativecommons.org/licenses/by/4.0/")
    PhotoFactory(landmark=landmark, credit="Kim", author="Kim", license=license)
    ArticleFactory(landmark=landmark, language="en", title="A hall", body="It is old. Very old.")

    place, crumbs = data_of(client.get("/en/landmarks/hall/"))

    assert place["@type"] == ["TouristAttraction", "LandmarksOrHistoricalBuildings"]
    assert place["name"] == "Hall"
    assert place["alternateName"] == ["전각"]
    assert place["description"] == "It is old."
    assert place["geo"] == {
        "@type": "GeoCoordinates",
        "latitude": landmark.latitude,
        "longitude": landmark.longitude,
    }
    assert place["address"]["addressCountry"] == "KR"
    assert place["address"]["streetAddress"] == landmark.address
    assert place["isAccessibleForFree"] is True
    (image,) = place["image"]
    assert image["license"] == license.url
    assert image["creditText"] == "Kim"
    assert image["contentUrl"].startswith("http://testserver/")
    assert place["containedInPlace"]["name"] == "Palace"
    assert [each["name"] for each in crumbs["itemListElement"]] == ["Places", "Palace", "Hall"]
    assert crumbs["itemListElement"][2]["item"] == "http://testserver/en/landmarks/hall/"


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
def test_an_independent_reader_understands_it(client):
    landmark = LandmarkFactory(slug="tower", names={"ko": "탑", "en": "Tower"})
    PhotoFactory(landmark=landmark, credit="Kim")
    page = html.fromstring(client.get("/en/landmarks/tower/").content)
    (block,) = page.xpath('//script[@type="application/ld+json"]/text()')
    # The words of schema.org without asking its host.
    said = json.loads(block)
    for each in said:
        each["@context"] = {"@vocab": SCHEMA}

    graph = Graph().parse(data=json.dumps(said), format="json-ld")

    place = URIRef("http://testserver/en/landmarks/tower/")
    kinds = {str(each).removeprefix(SCHEMA) for each in graph.objects(place, RDF.type)}
    assert kinds == {"TouristAttraction", "LandmarksOrHistoricalBuildings"}
    asked = """SELECT ?latitude ?credit ?last WHERE {
        ?place s:geo/s:latitude ?latitude ; s:image/s:creditText ?credit .
        ?list a s:BreadcrumbList ; s:itemListElement [ s:position 3 ; s:name ?last ] }"""
    (found,) = graph.query(asked, initNs={"s": SCHEMA}, initBindings={"place": place})
    assert (float(found.latitude), str(found.credit), str(found.last)) == (
        landmark.latitude,
        "Kim",
        "Tower",
    )


def test_what_is_not_known_is_not_said(client):
    LandmarkFactory(slug="tower", latitude=None, longitude=None, address="")

    place, _ = data_of(client.get("/landmarks/tower/"))

    assert not {"geo", "telephone", "image", "isAccessibleForFree"} & set(place)
    assert "streetAddress" not in place["address"]


def test_no_text_can_end_the_block():
    block = as_script({"name": "</script><script>alert(1)</script>&"})

    assert block.count("<") == 2
    assert json.loads(re.search(r">(.*)<", block)[1])["name"].startswith("</script>")


def test_a_shared_link_shows_the_photo_else_a_drawing(client):
    pictured = LandmarkFactory(slug="pictured")
    photo = PhotoFactory(landmark=pictured, width=640, height=480)
    LandmarkFactory(slug="bare", names={"ko": "빈 곳"})

    with_photo, without = (client.get(f"/landmarks/{slug}/") for slug in ("pictured", "bare"))

    assert head_of(with_photo, "og:image") == [f"http://testserver{photo.url}"]
    assert head_of(with_photo, "og:image:width") == ["640"]
    assert head_of(without, "og:image") == ["http://testserver/static/img/share/heritage.png"]
    assert head_of(without, "og:title")[0].startswith("빈 곳")


def test_only_languages_with_a_text_are_alternates(client):
    landmark = LandmarkFactory(slug="tower", names={"ko": "탑", "en": "Tower"})
    ArticleFactory(landmark=landmark)

    for path in ("/landmarks/tower/", "/en/landmarks/tower/"):
        page = client.get(path).content.decode()
        assert re.findall(r'hreflang="(\w+)" href="http', page) == ["ko"]
        assert f'<link rel="canonical" href="http://testserver{path}">' in page
