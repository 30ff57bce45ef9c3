import csv
import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.annotation.models import AnnotationImage, ImageImport
from apps.annotation.services import import_jobs, importing
from apps.catalogue.models import License
from apps.operations.jobs import run_here
from apps.operations.models import Job
from tests.annotation.sources.test_files import packed
from tests.annotation.test_pictures import encoded, turned
from tests.factories.annotation import DatasetFactory
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def client(person, signed_in):
    return signed_in(person("administrator", is_staff=True, is_superuser=True))


def sent(client, dataset, name: str, content: bytes, **values):
    return client.post(
        reverse("admin:annotation_dataset_pictures", args=[dataset.pk]),
        {
            "license": License.objects.get(code="OWN").pk,
            "credit": "Mina",
            "photo": SimpleUploadedFile(name, content),
            **values,
        },
        headers={"Accept": "application/json", "Accept-Language": "en"},
    )


def zipped(**more: bytes) -> bytes:
    members = {"gate/1.jpg": turned(6), "2.png": encoded(format="PNG"), "note.txt": b"x"}
    return packed(members | more).getvalue()


def test_a_picture_becomes_an_image_with_a_task(client, dataset):
    gate = LandmarkFactory(slug="gate")

    first = sent(client, dataset, "1.jpg", turned(6), landmark="gate").json()
    again = sent(client, dataset, "2.jpg", turned(6)).json()

    assert first["results"][0] == {"name": "1.jpg", "stored": True, "message": "Stored."}
    assert again["results"][0]["message"] == "It is there already."
    image = AnnotationImage.objects.get()
    assert (image.width, image.height, image.landmark) == (300, 400, gate)
    assert (image.license.code, image.credit, image.tasks.count()) == ("OWN", "Mina", 1)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("1.jpg", b"words", "not a photo"),
        ("1.zip", b"words", "not a ZIP file"),
    ],
)
def test_what_cannot_be_used_is_said_in_words(client, dataset, name, content, message):
    answer = sent(client, dataset, name, content).json()

    assert not answer["results"][0]["stored"]
    assert message in answer["results"][0]["message"]
    assert not AnnotationImage.objects.exists()
    assert not ImageImport.objects.exists()


def test_an_unknown_landmark_is_refused_at_the_form(client, dataset):
    answer = sent(client, dataset, "1.jpg", turned(6), landmark="nowhere")

    assert answer.status_code == 422
    assert answer.json()["errors"] == ["There is no such landmark."]


def test_a_zip_is_imported_by_a_job_with_progress_and_report(client, dataset, settings):
    gate = LandmarkFactory(slug="gate")

    answer = sent(client, dataset, "spring.zip", zipped(**{"=1.txt": b""})).json()
    run = ImageImport.objects.get()
    progress = reverse("admin:annotation_imageimport_progress", args=[run.pk])
    before = client.get(progress, headers={"Accept-Language": "en"}).json()
    run_here(Job.objects.get())
    after = client.get(progress, headers={"Accept-Language": "en"}).json()

    assert answer["results"][0]["stored"]
    assert not before["finished"]
    assert after == {"text": "done: 4 files, 2 refused", "finished": True}
    run.refresh_from_db()
    assert (run.added, run.total, run.by.username) == (2, 4, run.by.username)
    assert AnnotationImage.objects.get(name="gate/1.jpg").landmark == gate
    page = client.get(reverse("admin:annotation_imageimport_change", args=[run.pk]))
    report = reverse("admin:annotation_imageimport_report", args=[run.pk])
    assert report in page.content.decode()
    content = b"".join(client.get(report, headers={"Accept-Language": "en"}).streaming_content)
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert [line[:2] for line in lines] == [
        ["file", "code"],
        ["note.txt", "unsupported_type"],
        ["'=1.txt", "unsupported_type"],
    ]


def test_a_finished_import_keeps_no_upload(
    client, dataset, settings, django_capture_on_commit_callbacks
):
    sent(client, dataset, "spring.zip", zipped())
    kept = list((settings.MEDIA_ROOT / "annotation-imports").iterdir())
    names = [f"annotation-imports/{path.name}" for path in kept]
    assert ImageImport.known_files([*names, "annotation-imports/other.zip"]) == set(names)

    with django_capture_on_commit_callbacks(execute=True):
        run_here(Job.objects.get())

    assert len(kept) == 1
    assert not list((settings.MEDIA_ROOT / "annotation-imports").iterdir())
    assert ImageImport.known_files(names) == set()


def test_a_long_import_goes_on_turn_by_turn(client, dataset, monkeypatch):
    monkeypatch.setattr(import_jobs, "TURN_SECONDS", 0)
    monkeypatch.setattr(importing, "MOST_AT_ONCE", 1)
    sent(client, dataset, "spring.zip", zipped())
    job = Job.objects.get()
    positions = []

    while not ImageImport.objects.get().finished_at:
        run_here(job)
        positions.append(ImageImport.objects.get().position)

    assert positions == [1, 2, 3, 3]
    assert ImageImport.objects.get().added == 2
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_an_archive_that_got_lost_ends_the_import_with_a_reason(client, dataset, settings):
    sent(client, dataset, "spring.zip", zipped())
    next((settings.MEDIA_ROOT / "annotation-imports").iterdir()).unlink()

    run_here(Job.objects.get())

    run = ImageImport.objects.get()
    assert run.error.startswith("no_source")
    assert run.finished_at is not None
    assert Job.objects.get().state == Job.State.DONE


def test_a_zip_may_carry_the_list_of_its_pictures(client, dataset):
    coco = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 300, "height": 400}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 100, 200]}],
        "categories": [{"id": 1, "name": "gate"}],
    }

    sent(client, dataset, "a.zip", zipped(**{"coco.json": json.dumps(coco).encode()}))
    run_here(Job.objects.get())

    image = AnnotationImage.objects.get()
    assert image.suggestion == [10, 20, 100, 200]
    assert ImageImport.objects.get().notes["unknown_categories"] == ["gate"]


def test_strangers_and_annotators_upload_nothing(client, dataset, person, signed_in):
    annotator = signed_in(person("annotator", is_staff=True))

    assert sent(annotator, dataset, "1.jpg", turned(6)).status_code == 403
    assert not AnnotationImage.objects.exists()


def test_a_zip_of_many_files_is_answered_file_by_file(client, dataset, settings):
    """Entries that are no pictures: each gets its answer, and none is unpacked."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for number in range(2_000):
            target.writestr(f"{number % 100}/{number}.txt", b"")
        target.writestr("last.jpg", turned(6))

    sent(client, dataset, "many.zip", archive.getvalue())
    while not ImageImport.objects.get().finished_at:
        run_here(Job.objects.get())

    run = ImageImport.objects.get()
    assert (run.position, run.refused, run.added) == (2_001, 2_000, 1)
    assert run.refusals.count() == 2_000
