from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.annotation.models import Export
from apps.operations import jobs
from apps.operations.models import AuditEntry, Job
from tests.factories.annotation import DatasetFactory
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
PAGE = "/annotate/exports/"


@pytest.fixture(autouse=True)
def quiet(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(jobs, "wake_worker_soon", lambda job: None)
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def client(person, signed_in):
    return signed_in(person("ml_engineer"), headers={"accept-language": "en"})


def asked(client, dataset, values=None):
    wanted = {"dataset": dataset.pk, "format": "coco", "reason": "The model of spring"}
    return client.post(PAGE, wanted | (values or {}))


def test_an_export_is_asked_for_followed_and_fetched(client, dataset):
    assert asked(client, dataset).url == PAGE
    assert "It waits for a worker." in client.get(PAGE).content.decode()
    export = Export.objects.get()
    assert client.get("/annotate/api/exports").json() == {
        "waiting": [{"id": export.pk, "written": 0, "total": None}]
    }

    jobs.run_here(Job.objects.get())

    page = client.get(PAGE).content.decode()
    assert "2 annotations of 2 images" in page
    assert "1 left out by their license" in page
    assert client.get("/annotate/api/exports").json() == {"waiting": []}
    file = client.get(export.get_absolute_url())
    assert file["Content-Disposition"] == (
        f'attachment; filename="gilnun-{dataset.pk}-coco-{export.pk}.json"'
    )
    assert "private" in file["Cache-Control"]
    assert b'"annotations"' in b"".join(file.streaming_content)


@pytest.mark.S15
def test_the_log_keeps_who_took_annotations_and_what_for(client, dataset):
    asked(client, dataset)

    entry = AuditEntry.objects.get(subject_type="annotation.export")
    assert (entry.note, entry.by_id) == (
        "The model of spring",
        Export.objects.get().requested_by_id,
    )


def test_the_page_shows_the_filter(client, dataset):
    place = LandmarkFactory(slug="tower", names={"ko": "탑", "en": "Tower"})
    asked(client, dataset, {"place": "Tower", "first": "2026-05-01", "last": "2026-05-31"})

    page = client.get(PAGE).content.decode()

    assert Export.objects.get().chosen["landmark"] == place.pk
    for words in ("completed only, license allows training", "place: Tower", "from 2026-05-01"):
        assert words in page


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"dataset": ""}, "This field is required."),
        ({"reason": " "}, "This field is required."),
        ({"dataset": "10000"}, "Select a valid choice"),
        ({"format": "tiff"}, "Select a valid choice"),
        ({"place": "nowhere"}, "There is no place of this name."),
        ({"place": "Twin"}, "Several places have this name."),
        ({"first": "tomorrow"}, "Enter a valid date."),
        ({"first": "2026-05-02", "last": "2026-05-01"}, "The end lies before the beginning."),
    ],
)
def test_what_cannot_be_exported_is_said_at_the_field(client, dataset, values, says):
    LandmarkFactory(names={"en": "Twin", "ko": "하나"})
    LandmarkFactory(names={"en": "Twin", "ko": "둘"})

    response = asked(client, dataset, values)

    assert response.status_code == 400
    assert says in response.content.decode()
    assert not Export.objects.exists()


def test_practice_is_no_data(client):
    assert asked(client, DatasetFactory(practice=True)).status_code == 400


def test_a_file_whose_time_is_over_or_that_is_gone_says_so(client, dataset):
    asked(client, dataset)
    export = Export.objects.get()
    early = client.get(export.get_absolute_url())
    jobs.run_here(Job.objects.get())
    export.refresh_from_db()
    default_storage.delete(export.file_name)
    gone = client.get(export.get_absolute_url())
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    late = client.get(export.get_absolute_url())

    assert [early.status_code, gone.status_code, late.status_code] == [410, 410, 410]
    assert "still being made" in early.content.decode()
    assert "can be made again" in late.content.decode()
    assert "The file was removed." in client.get(PAGE).content.decode()


@pytest.mark.parametrize("role", ["annotator", "content_editor", "partner_manager"])
def test_exports_are_not_for_everybody(person, signed_in, dataset, role):
    client = signed_in(person(role))

    assert client.get(PAGE).status_code == 403
    assert asked(client, dataset).status_code == 403
    assert client.get("/annotate/api/exports").status_code == 403
    assert client.get("/annotate/exports/1/file").status_code == 403


@pytest.mark.parametrize("role", ["annotation_reviewer", "administrator"])
def test_managers_export_too(person, signed_in, role):
    assert signed_in(person(role)).get(PAGE).status_code == 200
