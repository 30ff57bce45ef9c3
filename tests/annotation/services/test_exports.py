import hashlib
import io
import json
import zipfile
from contextlib import redirect_stdout
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from pycocotools.coco import COCO

from apps.annotation.exporting import EVERYTHING, Selection
from apps.annotation.formats import FORMATS
from apps.annotation.models import AnnotationImage, AnnotationTask, Export
from apps.annotation.services import exports
from apps.annotation.services.exports import request_export
from apps.operations import jobs
from apps.operations.models import AuditEntry, Event, Job
from apps.operations.stored_files import orphaned_files, remove_discarded
from tests.factories.annotation import UserFactory
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quiet(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(jobs, "wake_worker_soon", lambda job: None)
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def engineer():
    return UserFactory(username="engineer")


@pytest.fixture
def pictures(dataset):
    for image in AnnotationImage.objects.filter(dataset=dataset):
        image.file = ContentFile(f"picture of {image.name}".encode(), name="a.jpg")
        image.save()


def request(dataset, by, format="coco", *, with_images=False, chosen=EVERYTHING) -> Export:
    return request_export(
        dataset=dataset,
        format=format,
        with_images=with_images,
        chosen=chosen,
        reason="training",
        by=by,
        at=NOON,
    )


def work() -> None:
    """Do the jobs that wait, as a worker would."""
    for job in Job.objects.due(timezone.now()):
        jobs.run_here(job)


def made(dataset, by, *arguments, **options) -> tuple[Export, bytes]:
    export = request(dataset, by, *arguments, **options)
    work()
    export.refresh_from_db()
    assert export.state == "ready", export.error
    with default_storage.open(export.file_name) as content:
        return export, content.read()


def names_in(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_worker_makes_the_file_and_says_what_is_in_it(dataset, engineer):
    export, content = made(dataset, engineer)

    assert len(json.loads(content)["annotations"]) == 2
    assert export.summary == {
        "annotations": 2,
        "images": 2,
        "left_out": 1,
        "not_completed": 2,
        "pictures": 0,
        "without_picture": 0,
    }
    assert (export.written, export.total) == (2, 2)
    assert export.size == len(content)
    assert export.sha256 == hashlib.sha256(content).hexdigest()
    event = Event.objects.get(kind="annotation.export_ready")
    assert (event.payload["export"], event.payload["annotations"]) == (export.pk, 2)
    assert AuditEntry.objects.about(export).get().by_name == "engineer"


@pytest.mark.parametrize("format", FORMATS)
def test_with_pictures_everything_is_in_one_archive_and_twice_the_same(
    dataset, engineer, pictures, format
):
    first, one = made(dataset, engineer, format, with_images=True)
    second, other = made(dataset, engineer, format, with_images=True)

    assert (first.summary["pictures"], first.summary["without_picture"]) == (2, 0)
    assert one == other
    assert first.pk != second.pk
    archive = zipfile.ZipFile(io.BytesIO(one))
    shown = {name: archive.read(name) for name in archive.namelist() if name.endswith(".jpg")}
    assert {name.partition("/")[2] for name in shown} == {"a-gate/1.jpg", "a-gate/2.jpg"}
    assert sorted(shown.values()) == [b"picture of a-gate/1.jpg", b"picture of a-gate/2.jpg"]


def test_the_names_in_the_document_are_those_of_the_pictures(dataset, engineer, pictures):
    AnnotationImage.objects.filter(name="a-gate/2.jpg").update(name="a-gate/1.png")

    _, content = made(dataset, engineer, with_images=True)

    archive = zipfile.ZipFile(io.BytesIO(content))
    document = json.loads(archive.read("annotations.json"))
    listed = {f"images/{image['file_name']}" for image in document["images"]}
    assert listed == {name for name in archive.namelist() if name.endswith(".jpg")}
    assert len(listed) == 2


def test_labels_and_pictures_of_ai_hub_lie_in_its_two_folders(dataset, engineer, pictures):
    _, content = made(dataset, engineer, "aihub", with_images=True)

    assert {"[라벨]/a-gate/1.json", "[원천]/a-gate/1.jpg"} <= set(names_in(content))


def test_a_picture_that_is_gone_is_counted_and_the_rest_goes_out(dataset, engineer, pictures):
    image = AnnotationImage.objects.get(name="a-gate/1.jpg")
    default_storage.delete(image.file.name)

    export, content = made(dataset, engineer, "yolo", with_images=True)

    assert (export.summary["pictures"], export.summary["without_picture"]) == (1, 1)
    assert "labels/a-gate/1.txt" in names_in(content)


def test_the_filter_keeps_to_a_place_and_to_days(dataset, engineer):
    gate = AnnotationImage.objects.get(name="a-gate/1.jpg").landmark
    other = LandmarkFactory(slug="other")
    AnnotationTask.objects.filter(image__name="a-gate/2.jpg").update(completed_at=NOON)

    def counted(**chosen) -> int:
        return made(dataset, engineer, chosen=Selection(**chosen))[0].summary["annotations"]

    assert counted(landmark=gate.pk) == 1
    assert counted(landmark=other.pk) == 0
    assert counted(first=date(2026, 5, 2)) == 1
    assert counted(last=date(2026, 5, 1)) == 1
    assert counted(first=date(2026, 5, 1), last=date(2026, 5, 2)) == 2


def test_pycocotools_reads_the_export_and_counts_the_same(dataset, engineer, tmp_path):
    export, content = made(dataset, engineer)
    path = tmp_path / "export.json"
    path.write_bytes(content)

    with redirect_stdout(io.StringIO()):
        coco = COCO(path)

    assert len(coco.getImgIds()) == export.summary["images"]
    assert len(coco.getAnnIds()) == export.summary["annotations"]
    gate = coco.getCatIds(catNms=["a-gate"])
    (annotation,) = coco.loadAnns(coco.getAnnIds(catIds=gate))
    assert annotation["bbox"] == [100, 50, 300, 200]
    assert annotation["truncated"] is True
    assert coco.loadCats(gate)[0]["metainfo"]["name_kr"] == "문"


def test_the_same_request_on_its_way_is_not_made_twice(dataset, engineer):
    assert request(dataset, engineer) == request(dataset, engineer)
    assert request(dataset, engineer, "csv") != request(dataset, engineer)


def test_a_fault_is_tried_again_and_then_said(dataset, engineer, monkeypatch):
    def break_down(*arguments, **options):
        raise RuntimeError("no paper")

    monkeypatch.setattr(exports, "build", break_down)
    export = request(dataset, engineer)
    for _ in range(3):
        Job.objects.update(available_at=NOON)
        work()

    export.refresh_from_db()
    assert (export.state, export.finished_at is not None) == ("failed", True)
    assert "no paper" in export.error


def test_a_full_disk_ends_it_with_a_reason(dataset, engineer, monkeypatch):
    monkeypatch.setattr(exports, "TELL_SECONDS", -1)
    monkeypatch.setattr(exports, "LEAST_FREE_BYTES", 1 << 60)
    monkeypatch.setattr("apps.annotation.exporting.TOLD_EVERY", 1)
    export = request(dataset, engineer)
    for _ in range(3):
        Job.objects.update(available_at=NOON)
        work()

    export.refresh_from_db()
    assert export.state == "failed"
    assert "disk" in export.error


def test_who_lost_the_job_stops_and_stores_nothing(dataset, engineer, monkeypatch):
    monkeypatch.setattr(exports, "TELL_SECONDS", -1)
    monkeypatch.setattr("apps.annotation.exporting.TOLD_EVERY", 1)
    export = request(dataset, engineer)
    first = exports.expected

    def taken_over(*arguments, **options):
        Job.objects.update(lease_token="0" * 32)
        return first(*arguments, **options)

    monkeypatch.setattr(exports, "expected", taken_over)
    work()

    export.refresh_from_db()
    assert (export.state, export.file_name) == ("waiting", "")
    assert not default_storage.exists("exports") or not default_storage.listdir("exports")[1]


def test_a_long_build_keeps_its_job(dataset, engineer, monkeypatch):
    monkeypatch.setattr(exports, "TELL_SECONDS", -1)
    monkeypatch.setattr("apps.annotation.exporting.TOLD_EVERY", 1)
    ends = []
    first = jobs.keep_job

    def noted(job) -> None:
        first(job)
        ends.append(Job.objects.get().lease_until)

    monkeypatch.setattr(jobs, "keep_job", noted)
    request(dataset, engineer)
    work()

    assert len(ends) >= 3
    assert ends == sorted(ends)


def test_the_file_is_removed_when_its_time_is_over(dataset, engineer):
    export, _ = made(dataset, engineer)

    assert remove_discarded(at=timezone.now() + timedelta(days=29)) == 0
    assert list(orphaned_files(before=timezone.now() + timedelta(days=1))) == []
    Export.objects.update(expires_at=timezone.now())
    remove_discarded(at=timezone.now() + timedelta(days=31))

    assert not default_storage.exists(export.file_name)
    export.refresh_from_db()
    assert not export.is_there


def test_the_command_packs_the_pictures_too(dataset, pictures, tmp_path, capsys):
    arguments = ["--dataset", str(dataset.pk), "--format", "coco", "--with-images"]
    call_command("export_annotations", *arguments, "--output", str(tmp_path / "all.zip"))
    call_command("export_annotations", *arguments, "--output", str(tmp_path / "all"))

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["annotations"], report["pictures"]) == (2, 2)
    names = names_in((tmp_path / "all.zip").read_bytes())
    assert sorted(names) == ["annotations.json", "images/a-gate/1.jpg", "images/a-gate/2.jpg"]
    written = (path for path in (tmp_path / "all").rglob("*") if path.is_file())
    assert sorted(str(path.relative_to(tmp_path / "all")) for path in written) == sorted(names)
