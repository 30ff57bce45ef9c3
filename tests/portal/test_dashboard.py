import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.annotation.models import ImageImport
from apps.catalogue.admin.filters import CONDITIONS
from apps.catalogue.models import (
    CatalogueImport,
    Category,
    CategoryName,
    Landmark,
    License,
    OpenPhotoImport,
    Region,
)
from apps.operations.models import Job
from portal.dashboard import LACKS, count_coverage
from tests.catalogue.places import many_landmarks
from tests.factories.catalogue import CategoryFactory, LandmarkFactory, PhotoFactory
from tests.factories.guide import ArticleFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/catalogue/landmark/"


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("boss", password="long enough to be one"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def mixed() -> None:
    """Landmarks of two categories in two provinces that lack different things."""
    nature = Category.objects.create(slug="nature")
    CategoryName.objects.create(category=nature, language="en", text="Nature")
    beach = Category.objects.create(slug="beach", parent=nature)
    busan = Region.objects.get(code="KR-26")
    district = Region.objects.create(code="KR-26-1", parent=busan)
    full = LandmarkFactory(names={"ko": "가", "en": "A"}, category=beach, region=district)
    for language in ("ko", "en"):
        ArticleFactory(landmark=full, language=language)
    PhotoFactory.create_batch(3, landmark=full, credit="A person")
    bare = LandmarkFactory(latitude=None, longitude=None, category=nature, region=busan)
    hidden = License.objects.create(code="hidden", name="hidden", may_show=False)
    PhotoFactory(landmark=bare, license=hidden)
    LandmarkFactory(category=CategoryFactory(), names={"ko": "다"})
    LandmarkFactory(category=beach, state="withdrawn")


def test_what_is_missing_is_counted_by_category_region_and_photos(mixed):
    counted = count_coverage(timezone.now())

    assert counted.together.landmarks == 3
    nature = counted.categories[Category.objects.get(slug="nature").pk]
    assert nature.landmarks == 2
    assert nature.lacks == {
        "coordinates": 1,
        "photo": 1,
        "license": 1,
        "credit": 1,
        "korean_text": 1,
        "english_text": 1,
        "english_name": 1,
    }
    assert counted.regions[Region.objects.get(code="KR-26").pk].landmarks == 2
    assert counted.buckets == [1, 1, 1, 0, 0, 0]


def test_each_number_leads_to_the_landmarks_it_counts(mixed, staff):
    page = staff.get("/admin/").content.decode()
    links = re.findall(r'<a href="([^"]+needs=\w+)" title="(\d+) missing">', page)

    assert len(links) == len(LACKS) * 4 and set(LACKS) <= set(CONDITIONS)
    for address, number in links:
        found = staff.get(address.replace("&amp;", "&")).context["cl"].result_count
        assert found == int(number), address


def test_an_empty_catalogue_has_an_overview_too(staff):
    assert "Photos of a landmark" in staff.get("/admin/").content.decode()


def test_what_waits_is_counted_for_those_who_may_do_it(staff, client):
    ArticleFactory(state="in_review", published_at=None)
    ArticleFactory(published_at=timezone.now() + timedelta(days=1))
    now = timezone.now()
    Job.objects.create(
        task="x", subject="1", state="parked", available_at=now, created_at=now, finished_at=now
    )
    waiting = re.compile(r'href="([^"]+)" class="dash-card[^"]*"><strong>1</strong><span>([^<]+)')

    boss = dict(reversed(pair) for pair in waiting.findall(staff.get("/admin/").content.decode()))
    assert {"Texts to review", "Texts that go live at a set time", "Jobs that gave up"} <= set(boss)
    for label in ("Texts to review", "Texts that go live at a set time", "Jobs that gave up"):
        assert staff.get(boss[label]).context["cl"].result_count == 1, label

    writer = create_user(name="writer", roles=[Role.CONTENT_EDITOR], password="long enough it is")
    client.force_login(writer.user)
    page = client.get("/admin/").content.decode()
    assert "Texts to review" in page and "Jobs that gave up" not in page


def test_imports_that_wait_or_failed_are_counted_and_listed(staff):
    now = timezone.now()
    lists = {"bytes": 1, "format": "csv", "language": "ko", "kind": "landmarks"}
    for state, at in (("checked", now), ("failed", now), ("failed", now - timedelta(days=30))):
        ended = {"finished_at": at} if state == "failed" else {}
        CatalogueImport.objects.create(state=state, created_at=at, **lists, **ended)
    ImageImport.objects.create(kind="folder", source="a", error="gone", created_at=now)
    ImageImport.objects.create(kind="folder", source="b", created_at=now)

    found = dict(
        reversed(pair)
        for pair in re.findall(
            r'href="([^"]+)" class="dash-card dash-due"><strong>1</strong><span>([^<]+)',
            staff.get("/admin/").content.decode(),
        )
    )

    labels = {"Imports to be confirmed", "Imports that failed", "Imports of pictures that failed"}
    assert set(found) == labels
    for label, address in found.items():
        page = staff.get(address.replace("&amp;", "&"))
        assert page.context["cl"].result_count == 1, label


def test_photos_that_failed_are_counted_and_listed(staff):
    now = timezone.now()
    for slug, age, state in (("new", 0, "draft"), ("old", 15, "draft"), ("off", 0, "withdrawn")):
        OpenPhotoImport.objects.create(
            landmark=LandmarkFactory(slug=slug, state=state),
            page_id=1,
            title="Gate.jpg",
            state="refused",
            reason="gone",
            chosen_at=now - timedelta(days=age),
            finished_at=now - timedelta(days=age),
        )
    PhotoFactory(renditions_error="The file is missing.")
    PhotoFactory()

    cards = re.compile(r'href="([^"]+)" class="dash-card dash-due"><strong>1</strong><span>([^<]+)')
    found = dict(reversed(pair) for pair in cards.findall(staff.get("/admin/").content.decode()))

    assert set(found) == {
        "Landmarks with an open photo not taken",
        "Photos whose sizes could not be made",
    }
    for label, address in found.items():
        assert staff.get(address.replace("&amp;", "&")).context["cl"].result_count == 1, label


def test_a_person_of_another_trade_is_told_where_to_go(client):
    person = create_user(name="keys", roles=[Role.PARTNER_MANAGER], password="long enough it is")
    client.force_login(person.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    page = client.get("/admin/").content.decode()

    assert "in the menu" in page and "By category" not in page


def test_the_overview_needs_at_most_14_queries_however_large_the_catalogue(staff):
    many_landmarks(20)
    with CaptureQueriesContext(connection) as few:
        staff.get("/admin/")
    many_landmarks(100, start=20)
    Landmark.objects.filter(slug__endswith="3").update(state="draft")
    cache.clear()

    with CaptureQueriesContext(connection) as many:
        staff.get("/admin/")
    with CaptureQueriesContext(connection) as again:
        staff.get("/admin/")

    assert len(again) < len(many) == len(few) <= 14
