import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.catalogue.admin.filters import CONDITIONS
from apps.catalogue.completeness import Facts, completeness, missing
from apps.catalogue.models import Category, Landmark, License, Region, RegionName
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


@pytest.fixture
def people(client) -> list:
    """Browsers of an administrator and of a content editor, whose permissions are looked up."""
    made = create_user(name="writer", roles=[Role.CONTENT_EDITOR], password="long enough to be one")
    boss = User.objects.create_superuser("boss", password="long enough to be one")
    browsers = [Client(), Client()]
    for browser, person in zip(browsers, (boss, made.user), strict=True):
        browser.force_login(person)
    return browsers


def every_choice() -> list[str]:
    """Return what asks for each filter, search, order and page of the list, and for many."""
    category = Category.objects.get(slug="type-1").pk
    region = Region.objects.get(code="KR-11-1").pk
    filters = [f"needs={name}" for name in CONDITIONS]
    filters += [f"state__exact={state}" for state in Landmark.State.values]
    filters += [f"category__id__exact={category}", f"region__id__exact={region}"]
    searches = ["q=첨성", "q=첨성데", "q=ㅊㅅㄷ", "q=observ", "q=%25", "q=없는이름"]
    orders = [f"o={number}" for number in range(1, 7)]
    everything = "&".join([*filters[:8], filters[8], *filters[-2:], searches[0], "p=1"])
    chosen = "&".join([*filters[-2:], "state__exact=draft", "q=첨성"])
    return ["", "p=2", "all=", *filters, *searches, *orders, everything, chosen]


def test_every_filter_search_order_and_page_of_landmarks_needs_at_most_10_queries(people):
    many_landmarks(60)
    addresses = [f"{LIST}?{choice}" for choice in every_choice()]
    few = [[queries_of(person, address) for address in addresses] for person in people]
    many_landmarks(120, start=60)

    many = [[queries_of(person, address) for address in addresses] for person in people]

    assert many == few
    assert max(map(max, many)) <= 10


@pytest.mark.parametrize("model", ["catalogue/category", "catalogue/region", "guide/article"])
def test_other_lists_need_at_most_10_queries_however_long_they_are(staff, model):
    many_landmarks(60)
    for landmark in Landmark.objects.all():
        ArticleFactory(landmark=landmark)
    few = queries_of(staff, f"/admin/{model}/")
    Landmark.objects.filter(slug__endswith="1").delete()

    assert queries_of(staff, f"/admin/{model}/") == few <= 10


def test_a_chosen_category_and_region_are_named_in_full(staff):
    many_landmarks(2)
    category, region = Category.objects.get(slug="type-1"), Region.objects.get(code="KR-11-1")
    address = f"{LIST}?category__id__exact={category.pk}&region__id__exact={region.pk}"

    page = staff.get(address).content.decode()

    assert re.search(rf'<option value="{category.pk}" selected>\s*문화유산 유형 type-1', page)
    assert re.search(rf'<option value="{region.pk}" selected>\s*Seoul 구 KR-11-1', page)
    assert shown(staff.get(address)) == keys(Landmark.objects.get(slug="place-1"))


@pytest.mark.parametrize("bad", ["category__id__exact=x", "region__id__exact=99999999", "needs=x"])
def test_a_filter_that_means_nothing_is_answered(staff, bad):
    LandmarkFactory()

    assert staff.get(f"{LIST}?{bad}", follow=True).status_code == 200


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

    assert re.search(r'title="no photo to show, no Korean text, no English text">.*?57 %', page)


def test_the_admin_has_the_policy_of_public_pages_but_for_its_nonce(staff):
    admin = staff.get(LIST)["Content-Security-Policy"]
    public = staff.get("/")["Content-Security-Policy"]

    assert re.search(r"script-src 'self'( 'nonce-\S+')?;", f"{admin};")
    assert re.search(r"style-src 'self' 'nonce-\S{16,}'", admin)
    assert not re.search(r"unsafe|https?:|\*", admin + public)


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


def test_what_a_search_finds_is_counted_and_paged(staff):
    many_landmarks(120)

    second = staff.get(LIST, {"q": "첨성", "p": 2, "state__exact": "draft"})

    assert len(shown(second)) == 50
    assert second.context["cl"].result_count == 120
    assert second.context["cl"].paginator.num_pages == 3
    assert len(shown(staff.get(LIST, {"q": "첨성", "all": ""}))) == 120
    beyond = staff.get(LIST, {"q": "첨성", "p": 9}, follow=True)
    assert len(shown(beyond)) == 50
    nothing = staff.get(LIST, {"q": "자유의여신상"})
    assert shown(nothing) == set() and "No results found" in nothing.content.decode()


def test_what_was_searched_for_is_sorted_by_the_column_clicked_on(staff):
    now = timezone.now()
    names = ("첨성대", "첨성대 터", "작은 첨성대")
    made = [
        LandmarkFactory(names={"ko": name}, updated_at=now - timedelta(days=day))
        for name, day in zip(names, (2, 3, 1), strict=True)
    ]

    def order(query: str) -> list[int]:
        rows = staff.get(f"{LIST}?q=첨성대{query}").context["cl"].result_list
        return [made.index(row) for row in rows]

    assert order("")[0] == 0
    assert (order("&o=6"), order("&o=-6")) == ([1, 0, 2], [2, 0, 1])
