import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.catalogue.completeness import Facts, completeness, missing
from apps.catalogue.models import Landmark, License, Region, RegionName
from tests.catalogue.places import many_landmarks
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/catalogue/landmark/"


def shown(response) -> set[str]:
    """Return the primary keys in a list page."""
    return set(re.findall(r'name="_selected_action" value="(\d+)"', response.content.decode()))


def keys(*landmarks) -> set[str]:
    return {str(landmark.pk) for landmark in landmarks}


def queries_of(client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "address",
    [
        LIST,
        f"{LIST}?p=2",
        f"{LIST}?q=첨성",
        f"{LIST}?needs=photo&needs=english_text",
        f"{LIST}?state__exact=draft",
        "/admin/catalogue/category/",
        "/admin/catalogue/region/",
    ],
)
def test_lists_need_at_most_10_queries_however_long_they_are(staff, address):
    many_landmarks(120)
    few = queries_of(staff, address)
    Landmark.objects.filter(slug__endswith="1").delete()

    assert few <= 10
    assert queries_of(staff, address) <= 10


def test_the_list_of_photos_needs_at_most_10_queries(staff):
    PhotoFactory.create_batch(60)

    assert queries_of(staff, "/admin/catalogue/photo/") <= 10


@pytest.mark.parametrize("query", ["첨성", "첨성데", "ㅊㅅㄷ", "observ"])
def test_the_list_is_searched_like_the_site(staff, query):
    found = LandmarkFactory(names={"ko": "첨성대", "en": "Observatory"})
    LandmarkFactory(names={"ko": "숭례문"})

    assert shown(staff.get(LIST, {"q": query})) == keys(found)


def test_the_list_shows_the_best_match_first(staff):
    LandmarkFactory(slug="a", names={"ko": "첨성대길"})
    LandmarkFactory(slug="b", names={"ko": "첨성대"})

    page = staff.get(LIST, {"q": "첨성대"}).content.decode()

    assert page.index(">첨성대<") < page.index(">첨성대길<")


def test_filters_find_what_needs_work(staff):
    hidden = License.objects.create(code="hidden", name="hidden", may_show=False)
    done = LandmarkFactory(
        names={"ko": "가", "en": "A"}, updated_at=timezone.now() - timedelta(days=30)
    )
    PhotoFactory(landmark=done, credit="a person")
    ArticleFactory(landmark=done, language="en")
    bare = LandmarkFactory(latitude=None, longitude=None)
    PhotoFactory(landmark=bare, license=hidden)
    ArticleFactory(landmark=bare, language="en", state="in_review", published_at=None)

    for needs in "photo license credit coordinates english_name english_text review week".split():
        assert shown(staff.get(LIST, {"needs": needs})) == keys(bare), needs
    assert shown(staff.get(LIST, {"needs": ["photo", "review"]})) == keys(bare)
    assert shown(staff.get(LIST)) == keys(bare, done)


def test_completeness_counts_what_is_there():
    everything = Facts(*[True] * 7)

    assert completeness(everything) == 100
    assert completeness(everything._replace(photo=False, address=False)) == 71
    assert len(missing(everything._replace(photo=False))) == 1
    assert completeness(Facts(*[False] * 7)) == 0


def test_the_list_says_how_complete_an_entry_is(staff):
    LandmarkFactory(names={"ko": "가", "en": "A"})

    page = staff.get(LIST).content.decode()

    assert re.search(r'title="no photo to show, no Korean text, no English text">\s*57 %', page)


def test_the_admin_may_evaluate_expressions_and_public_pages_may_not(staff):
    admin = staff.get(LIST)["Content-Security-Policy"]
    public = staff.get("/")["Content-Security-Policy"]

    assert "unsafe" not in public
    assert "script-src 'self' 'unsafe-eval'" in admin
    assert "default-src 'self'" in admin
    assert not re.search(r"https?:|\*", admin)


def test_admin_pages_carry_no_script_inside_and_ask_no_other_host(staff):
    landmark = LandmarkFactory()

    for address in (LIST, f"{LIST}{landmark.pk}/change/", f"{LIST}add/", "/admin/"):
        page = staff.get(address).content.decode()
        assert not re.findall(r"<script(?![^>]*\b(?:src|type=\"application/json\"))[^>]*>", page)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_staff_see_pictures_that_the_public_may_not_see(staff, client):
    hidden = License.objects.create(code="hidden", name="hidden", may_show=False)
    photo = PhotoFactory(license=hidden)
    photo.file.save("a.jpg", ContentFile(b"picture"))
    address = f"/admin/catalogue/photo/{photo.pk}/picture.jpg"

    assert address in staff.get("/admin/catalogue/photo/").content.decode()
    assert b"".join(staff.get(address).streaming_content) == b"picture"
    client.logout()
    assert client.get(address).status_code == 302


def test_a_region_is_found_by_its_full_name(staff):
    seoul = Region.objects.get(code="KR-11")
    wanted = Region.objects.create(code="KR-11-jung", parent=seoul)
    RegionName.objects.create(region=wanted, language="ko", text="중구")
    elsewhere = Region.objects.create(code="KR-26-jung", parent=Region.objects.get(code="KR-26"))
    RegionName.objects.create(region=elsewhere, language="ko", text="중구")

    found = staff.get(
        "/admin/autocomplete/",
        {
            "term": "서울특별시 중구",
            "app_label": "catalogue",
            "model_name": "landmark",
            "field_name": "region",
        },
    )

    assert [each["id"] for each in found.json()["results"]] == [str(wanted.pk)]
