import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.catalogue.models import Landmark, LandmarkRedirect, License
from apps.guide.models import Route
from tests.factories.catalogue import LandmarkFactory, LicenseFactory, PhotoFactory
from tests.factories.guide import ArticleFactory, RouteFactory

pytestmark = pytest.mark.django_db


def slugs_in(response) -> list[str]:
    return re.findall(r'data-landmark="([^"]+)"', response.content.decode())


def test_home_says_what_a_new_installation_knows(client):
    drawn = PhotoFactory(reference=True, source="gilnun-demo")

    page = client.get("/en/").content.decode()

    assert "Gilnun knows 1 place" in page
    assert "from drawings" in page
    assert f'data-landmark="{drawn.landmark.slug}"' in page


def test_home_says_how_many_places_were_learned_from_photographs(client):
    PhotoFactory(reference=True, source="gilnun-demo")
    PhotoFactory(reference=True, source="a colleague")

    assert "1 of them from real photographs" in client.get("/en/").content.decode()


def test_home_without_any_reference_says_that_it_knows_nothing(client):
    LandmarkFactory()

    assert "It has not learned any place yet" in client.get("/en/").content.decode()


def test_home_offers_english_to_a_reader_who_asks_for_it(client):
    hint = "This guide also speaks English"

    assert hint in client.get("/", headers={"Accept-Language": "en-GB"}).content.decode()
    assert hint not in client.get("/", headers={"Accept-Language": "ko,en"}).content.decode()
    assert hint not in client.get("/en/", headers={"Accept-Language": "en"}).content.decode()


def test_the_list_shows_published_places_by_name(client):
    LandmarkFactory(slug="b", names={"ko": "나"})
    LandmarkFactory(slug="a", names={"ko": "다", "en": "Alpha"})
    LandmarkFactory(slug="c", names={"ko": "가"})
    LandmarkFactory(slug="draft", state="draft")

    assert slugs_in(client.get("/landmarks/")) == ["c", "b", "a"]
    assert slugs_in(client.get("/en/landmarks/")) == ["a", "b", "c"]


def test_the_list_finds_by_name_in_rank_order(client):
    LandmarkFactory(slug="observatory", names={"ko": "첨성대"})
    LandmarkFactory(slug="street", names={"ko": "첨성대길"})
    LandmarkFactory(slug="gate", names={"ko": "숭례문"})

    assert slugs_in(client.get("/landmarks/", {"q": "첨성대"})) == ["observatory", "street"]
    assert slugs_in(client.get("/landmarks/", {"q": "ㅅㄹㅁ"})) == ["gate"]


@pytest.mark.parametrize("query", ["zzzz", "\x00", "%", "'; --", "가" * 5000])
def test_the_list_survives_any_query(client, query):
    LandmarkFactory()

    assert client.get("/landmarks/", {"q": query}).status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "x", "99"])
def test_the_list_survives_any_page_number(client, page):
    LandmarkFactory()

    assert client.get("/landmarks/", {"page": page}).status_code == 200


def test_the_list_is_paged_and_keeps_the_query(client):
    LandmarkFactory.create_batch(30)

    first = client.get("/landmarks/", {"q": "장소"})

    assert len(slugs_in(first)) == 24
    assert "page=2" in first.content.decode()
    assert len(slugs_in(client.get("/landmarks/", {"q": "장소", "page": 2}))) == 6


def test_the_number_of_queries_does_not_grow_with_the_list(client, django_assert_num_queries):
    def landmarks(count):
        for landmark in LandmarkFactory.create_batch(count):
            PhotoFactory(landmark=landmark)
            ArticleFactory(landmark=landmark)

    landmarks(2)
    client.get("/landmarks/")  # the first request reads what the next ones share
    with django_assert_num_queries(2):
        client.get("/landmarks/")
    landmarks(10)
    client.get("/landmarks/")
    with django_assert_num_queries(2):
        client.get("/landmarks/")


def test_a_place_is_named_in_both_languages_with_its_facts(client):
    LandmarkFactory(slug="tower", names={"ko": "첨성대", "en": "Star Tower"}, address="경주 1")

    page = client.get("/en/landmarks/tower/").content.decode()

    assert "<h1>Star Tower</h1>" in page
    assert '<span lang="ko">첨성대</span>' in page
    assert "경주 1" in page
    assert "37.57590, 126.97680" in page


def test_a_place_shows_its_article_in_the_readers_language(client):
    landmark = LandmarkFactory(slug="tower")
    ArticleFactory(landmark=landmark, title="한국어 글")
    ArticleFactory(landmark=landmark, language="en", title="An English text")

    page = client.get("/en/landmarks/tower/").content.decode()

    assert "An English text" in page
    assert "한국어 글" not in page


def test_a_text_in_another_language_is_marked_as_such(client):
    ArticleFactory(landmark=LandmarkFactory(slug="tower"), title="한국어 글")

    page = client.get("/en/landmarks/tower/").content.decode()

    assert '<div lang="ko">' in page
    assert "not available in your language" in page


@pytest.mark.parametrize("state", ["draft", "in_review"])
def test_an_unpublished_article_is_not_shown(client, state):
    ArticleFactory(
        landmark=LandmarkFactory(slug="tower"), state=state, published_at=None, title="비밀"
    )

    assert "비밀" not in client.get("/landmarks/tower/").content.decode()


def test_a_place_that_is_not_published_is_not_there(client):
    LandmarkFactory(slug="tower", state="draft")

    assert client.get("/landmarks/tower/").status_code == 404


def test_a_withdrawn_place_says_so_and_leads_to_others_of_its_region(client):
    LandmarkFactory(slug="tower", names={"ko": "탑", "en": "Old Tower"}, state="withdrawn")

    answer = client.get("/en/landmarks/tower/")

    assert answer.status_code == 410
    assert "Old Tower is no longer in the guide" in answer.content.decode()
    assert "/en/landmarks/?region=KR-11" in answer.content.decode()


def crowded_page(count: int) -> Landmark:
    """Make a palace with so many of everything that its page shows."""
    place = LandmarkFactory(latitude=37.5, longitude=127.0)
    for language in ("ko", "en"):
        ArticleFactory(landmark=place, language=language)
    for _ in range(count):
        PhotoFactory(landmark=place)
        part = LandmarkFactory(parent=place, latitude=37.5001, longitude=127.0)
        PhotoFactory(landmark=part)
        RouteFactory(stops=[place, part])
    return place


@pytest.mark.parametrize("count", [1, 8])
def test_a_page_takes_seven_queries_however_much_it_shows(client, count, django_assert_num_queries):
    place = crowded_page(count)

    with django_assert_num_queries(7):
        page = client.get(place.get_absolute_url()).content.decode()

    assert page.count('class="card"') == count
    assert page.count("/routes/route-") == count


CHANGES = {
    "name": lambda place: place.names.update(text="다른 이름"),
    "text": lambda place: place.articles.update(body="다른 글."),
    "credit": lambda place: place.photos.update(credit="Kim"),
    "license": lambda place: License.objects.update(name="다른 이용 조건", url=""),
    "part": lambda place: place.parts.first().names.update(text="다른 이름"),
    "route": lambda place: Route.objects.update(version=7, state="withdrawn"),
    "neighbour": lambda place: LandmarkFactory(latitude=37.5, longitude=127.0),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_page_is_sent_again_only_when_it_says_something_else(
    client, name, django_assert_num_queries
):
    place = crowded_page(2)
    address = place.get_absolute_url()
    first = client.get(address)
    asked = {"If-None-Match": first["ETag"]}

    with django_assert_num_queries(1):
        unchanged = client.get(address, headers=asked)
    with django_assert_num_queries(1):
        kept = client.get(address)
    CHANGES[name](place)
    changed = client.get(address, headers=asked)

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert kept.content == first.content
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert changed.content != first.content


def test_the_page_of_each_language_has_a_tag_of_its_own(client):
    LandmarkFactory(slug="tower")
    tags = [client.get(f"{prefix}/landmarks/tower/")["ETag"] for prefix in ("", "/en")]

    answer = client.get("/en/landmarks/tower/", headers={"If-None-Match": tags[0]})

    assert (tags[0] != tags[1], answer.status_code) == (True, 200)


def test_a_page_that_says_whether_it_is_open_changes_by_the_clock(client, monkeypatch):
    LandmarkFactory(slug="tower", opening_hours="09:00-18:00")
    tags = []
    for hour in (10, 11, 20):
        at = datetime(2026, 11, 23, hour, tzinfo=ZoneInfo("Asia/Seoul"))
        monkeypatch.setattr("apps.guide.views.landmark.timezone.now", lambda at=at: at)
        tags.append(client.get("/landmarks/tower/")["ETag"])

    assert tags[0] == tags[1] != tags[2]


def test_home_takes_one_query_once_its_places_were_read(client, django_assert_num_queries):
    crowded_page(3)
    client.get("/")

    with django_assert_num_queries(1):
        page = client.get("/").content.decode()

    assert "/landmarks/?category=heritage" in page
    assert "/landmarks/?region=KR-11" in page
    assert "돌로 쌓은 탑" in page


def test_a_place_without_pictures_shows_a_drawing_of_its_kind(client):
    LandmarkFactory(slug="tower")

    page = client.get("/landmarks/tower/").content.decode()

    assert 'data-art="heritage"' in page
    assert "/static/img/share/heritage.png" in page


def test_the_sketch_of_where_a_place_is_comes_in_both_colours(client):
    LandmarkFactory(slug="tower")
    LandmarkFactory(slug="nowhere", latitude=None, longitude=None)

    drawings = [client.get(f"/landmarks/tower/sketch-{name}.svg") for name in ("light", "dark")]

    assert [each["Content-Type"] for each in drawings] == ["image/svg+xml"] * 2
    assert drawings[0].content != drawings[1].content
    assert client.get("/landmarks/tower/sketch-pink.svg").status_code == 404
    assert client.get("/landmarks/nowhere/sketch-light.svg").status_code == 404


def test_every_picture_carries_its_credit_and_license(client):
    landmark = LandmarkFactory(slug="tower")
    license = LicenseFactory(code="CC-BY-4.0")
    PhotoFactory.create_batch(2, landmark=landmark, credit="Kim", license=license)

    page = client.get("/landmarks/tower/").content.decode()

    assert page.count("<span>Kim</span>") == 2
    assert page.count('rel="license noreferrer">CC-BY-4.0</a>') == 2


def test_a_drawing_is_labelled_as_one(client):
    PhotoFactory(landmark=LandmarkFactory(slug="tower"), source="gilnun-demo")

    assert (
        '<span class="drawing-mark">그림</span>' in client.get("/landmarks/tower/").content.decode()
    )


def test_a_picture_that_may_not_be_shown_is_not_shown(client):
    hidden = LicenseFactory(code="PRIVATE", may_show=False)
    PhotoFactory(landmark=LandmarkFactory(slug="tower"), license=hidden)

    assert "picture-credit" not in client.get("/landmarks/tower/").content.decode()


def test_what_is_near_comes_nearest_first(client):
    LandmarkFactory(slug="here", latitude=37.5759, longitude=126.9768)
    LandmarkFactory(slug="near", latitude=37.5769, longitude=126.9768)
    LandmarkFactory(slug="nearer", latitude=37.5760, longitude=126.9768)
    LandmarkFactory(slug="far", latitude=35.1, longitude=129.0)
    LandmarkFactory(slug="hidden", state="draft")
    LandmarkFactory(slug="nowhere", latitude=None, longitude=None)

    response = client.get("/landmarks/here/")

    assert slugs_in(response) == ["nearer", "near"]
    assert "110 m" in response.content.decode()


def test_a_place_without_coordinates_has_nothing_near(client):
    LandmarkFactory(slug="here", latitude=None, longitude=None)
    LandmarkFactory()

    assert slugs_in(client.get("/landmarks/here/")) == []


def test_a_part_links_to_its_whole_and_back(client):
    whole = LandmarkFactory(slug="palace", names={"ko": "궁"})
    LandmarkFactory(slug="hall", parent=whole, latitude=None, longitude=None)

    assert (
        reverse("guide:landmark", args=["palace"])
        in client.get("/landmarks/hall/").content.decode()
    )
    assert "hall" in slugs_in(client.get("/landmarks/palace/"))


def test_the_address_of_a_merged_place_leads_to_what_it_became(client):
    kept = LandmarkFactory(slug="myeongdong-cathedral")
    LandmarkRedirect.objects.create(
        old_slug="seoul-myeongdong-cathedral", landmark=kept, created_at=timezone.now()
    )

    answer = client.get("/en/landmarks/seoul-myeongdong-cathedral/")

    assert (answer.status_code, answer["Location"]) == (301, "/en/landmarks/myeongdong-cathedral/")
    assert client.get("/landmarks/nowhere/").status_code == 404
