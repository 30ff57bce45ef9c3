import pytest
from django.db import IntegrityError, connection

from apps.catalogue.models import Landmark, LandmarkName, SearchEntry
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def places():
    return {
        "cheomseongdae": LandmarkFactory(
            slug="cheomseongdae", names={"ko": "경주 첨성대", "en": "Cheomseongdae Observatory"}
        ),
        "gyeongbokgung": LandmarkFactory(
            slug="gyeongbokgung", names={"ko": "경복궁", "en": "Gyeongbokgung Palace"}
        ),
        "deoksugung": LandmarkFactory(slug="deoksugung", names={"ko": "덕수궁"}),
        "n-seoul-tower": LandmarkFactory(slug="n-seoul-tower", names={"ko": "N서울타워"}),
    }


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("첨성", "cheomseongdae"),  # infix of two syllables
        ("첨성데", "cheomseongdae"),  # typo
        ("ㅊㅅㄷ", "cheomseongdae"),  # initial consonants
        ("경북궁", "gyeongbokgung"),
        ("ㄱㅂㄱ", "gyeongbokgung"),
        ("gyeongbok", "gyeongbokgung"),
        ("GYEONGBOKGUNG palace", "gyeongbokgung"),
        ("경 복 궁", "gyeongbokgung"),
        ("서울타워", "n-seoul-tower"),
        ("남산", "n-seoul-tower"),  # an alias
    ],
)
def test_search_finds_first(places, query, first):
    LandmarkName.objects.create(
        landmark=places["n-seoul-tower"], language="ko", kind="alias", text="남산타워"
    )

    found = list(Landmark.objects.search(query).values_list("slug", flat=True))

    assert found[0] == first


def test_search_finds_nothing_for_what_is_not_there(places):
    assert not Landmark.objects.search("자유의여신상").exists()


def test_search_ranks_the_same_name_before_one_that_contains_it(places):
    LandmarkFactory(slug="a-gate", names={"ko": "경복궁 광화문"})

    found = list(Landmark.objects.search("경복궁").values_list("slug", flat=True))

    assert found == ["gyeongbokgung", "a-gate"]


def test_search_takes_wildcards_and_quotes_as_letters(places):
    for query in ("%", "_", "'", '"; DROP TABLE', "\\"):
        list(Landmark.objects.search(query))

    assert not Landmark.objects.search("%%%").exists()


@pytest.mark.parametrize(
    ("query", "index"),
    [("첨성", "form"), ("첨성데", "form"), ("가", "form"), ("ㅊㅅㄷ", "initials")],
)
def test_search_uses_the_trigram_indexes(places, query, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert f"search_entry_{index}" in SearchEntry.objects.search(query).explain()


def test_a_landmark_has_both_coordinates_or_none():
    with pytest.raises(IntegrityError):
        LandmarkFactory(latitude=37.5, longitude=None)


def test_a_slug_is_ascii():
    with pytest.raises(IntegrityError):
        LandmarkFactory(slug="경복궁")


def test_names_fall_back_to_korean(places):
    places = Landmark.objects.with_names().in_bulk(field_name="slug")

    assert places["gyeongbokgung"].name_in("en") == "Gyeongbokgung Palace"
    assert places["deoksugung"].name_in("en") == "덕수궁"
