"""What visitors find wrong reaches the people who can put it right."""

import re

import pytest

from apps.accounts.models import User
from apps.guide.models import Report
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.factories.guide import ReportFactory

pytestmark = pytest.mark.django_db
WRONG = {"about": "text", "message": "It was built in 1395."}


@pytest.fixture
def tower():
    return LandmarkFactory(slug="tower", names={"ko": "탑", "en": "Tower"})


def test_a_report_is_kept_for_the_editors_and_logged(client, tower):
    assert "/en/landmarks/tower/report/" in client.get("/en/landmarks/tower/").content.decode()

    answer = client.post("/en/landmarks/tower/report/", WRONG, follow=True)

    assert "Thank you" in answer.content.decode()
    (report,) = Report.objects.all()
    assert (report.landmark, report.about, report.language) == (tower, "text", "en")
    assert (report.message, report.state) == (WRONG["message"], "new")
    assert AuditEntry.objects.about(report).get().by_name == "visitor"


def test_a_report_can_be_about_one_photo_of_the_place(client, tower):
    photo, other = PhotoFactory(landmark=tower), PhotoFactory()

    for key in (photo.pk, other.pk, "x"):
        message = {"about": "photo", "message": f"Another place: {key}"}
        client.post(f"/landmarks/tower/report/?photo={key}", message)

    assert list(Report.objects.order_by("pk").values_list("photo", flat=True)) == [
        photo.pk,
        None,
        None,
    ]


def test_each_photo_leads_to_a_report_about_itself(client, tower):
    photos = PhotoFactory.create_batch(2, landmark=tower)
    page = client.get("/en/landmarks/tower/").content.decode()

    for photo in photos:
        address = f"/en/landmarks/tower/report/?about=photo&photo={photo.pk}"
        assert f'href="{address.replace("&", "&amp;")}"' in page
        form = client.get(address).content.decode()
        assert re.search(r'<input[^>]*value="photo"[^>]*checked', form)
        assert f"/photos/{photo.pk}" in form


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"about": "text", "message": ""}, "in a few words"),
        ({"message": "It was built in 1395."}, "choose what is wrong"),
        ({"about": "nonsense", "message": "It was built in 1395."}, "nonsense"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_lost(client, tower, sent, words):
    answer = client.post("/en/landmarks/tower/report/", sent)

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert sent["message"] in answer.content.decode()
    assert not Report.objects.exists()


def test_the_same_report_waits_once(client, tower):
    for _ in range(2):
        client.post("/landmarks/tower/report/", WRONG)

    assert Report.objects.count() == 1


def test_one_address_cannot_fill_the_inbox(client, tower, settings):
    settings.REPORTS_PER_HOUR = 2

    answers = [
        client.post("/landmarks/tower/report/", WRONG | {"message": f"It was built in {year}."})
        for year in range(3)
    ]

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert answers[2]["Retry-After"]
    assert Report.objects.count() == 2


def test_a_program_that_fills_every_field_is_not_heard(client, tower):
    answer = client.post("/landmarks/tower/report/", WRONG | {"nickname": "x"})

    assert answer.status_code == 303
    assert not Report.objects.exists()


@pytest.mark.S10
def test_another_site_cannot_report_for_a_visitor(client, tower):
    client.handler.enforce_csrf_checks = True

    answer = client.post(
        "/landmarks/tower/report/", WRONG, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert not Report.objects.exists()


def test_a_place_that_is_not_there_takes_no_report(client):
    LandmarkFactory(slug="hidden", state="draft")

    assert client.post("/landmarks/hidden/report/", WRONG).status_code == 404


def test_the_inbox_shows_states_and_the_overview_counts_what_is_new(client):
    new, done = ReportFactory(), ReportFactory(state="done", message="It is settled.")
    client.force_login(User.objects.create_superuser("mina"))
    english = {"Accept-Language": "en"}

    overview = client.get("/admin/", headers=english).content.decode()
    waiting = client.get("/admin/guide/report/?state__exact=new", headers=english).content.decode()
    page = client.get(f"/admin/guide/report/{new.pk}/change/", headers=english).content.decode()

    assert "<strong>1</strong><span>Reports of visitors</span>" in overview
    assert new.message in waiting
    assert done.message not in waiting
    assert new.message in page
    assert client.get("/admin/guide/report/add/").status_code == 403
