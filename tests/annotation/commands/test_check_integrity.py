import hashlib
import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.annotation import integrity
from apps.annotation.models import AnnotationImage, AnnotationTask
from apps.annotation.pictures import prepare_picture
from apps.annotation.services.preparing import add_image
from apps.catalogue.models import License, Photo
from apps.catalogue.photos import attach_photo
from apps.catalogue.pictures import prepare, upload_bounds
from tests.annotation.test_pictures import LIMITS, encoded
from tests.factories.annotation import DatasetFactory, ImageFactory, TaskFactory
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def images() -> list[AnnotationImage]:
    dataset = DatasetFactory()
    license = License.objects.get(code="OWN")
    return [
        add_image(
            dataset,
            prepare_picture(encoded(size=(400 + number, 300)), **LIMITS),
            name=f"{number}.jpg",
            license=license,
            at=timezone.now(),
        )[0]
        for number in range(3)
    ]


@pytest.fixture
def photo() -> Photo:
    prepared = prepare(ContentFile(encoded()), name="a.jpg", bounds=upload_bounds())
    return attach_photo(
        landmark=LandmarkFactory(),
        content=prepared.content,
        sha256=prepared.sha256,
        license=License.objects.get(code="OWN"),
        source="test",
        at=timezone.now(),
    )[0]


def checked(capsys, *options) -> tuple[int, dict]:
    code = 0
    try:
        call_command("check_integrity", *options)
    except SystemExit as ended:
        code = ended.code
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def replace(row, content: bytes) -> None:
    default_storage.delete(row.file.name)
    assert default_storage.save(row.file.name, ContentFile(content)) == row.file.name


def test_what_is_whole_passes(capsys, images, photo):
    code, report = checked(capsys)

    assert (code, report["checked"], report["faults"]) == (0, 4, 0)
    assert (report["problems"], report["files_without_rows"]) == ([], 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "file_missing"),
        (b"no picture", "corrupt_image"),
        (encoded(size=(400, 300))[:2000], "corrupt_image"),
        (encoded(size=(640, 480)), "size_differs"),
        (encoded(size=(400, 300), colour="blue"), "hash_differs"),
    ],
    ids=["gone", "words", "cut off", "another size", "another picture"],
)
def test_a_broken_image_is_named_and_its_task_set_aside(capsys, images, content, reason):
    broken = images[0]
    if content is None:
        default_storage.delete(broken.file.name)
    else:
        replace(broken, content)

    code, report = checked(capsys)

    assert code == 1
    assert report["problems"] == [
        {
            "kind": "annotation.annotationimage",
            "id": str(broken.pk),
            "file": broken.file.name,
            "reason": reason,
        }
    ]
    states = dict(AnnotationTask.objects.values_list("image", "state"))
    assert states == {images[0].pk: "unusable", images[1].pk: "open", images[2].pk: "open"}


def test_a_repaired_image_comes_back(capsys, images):
    with images[0].file.open() as file:
        content = file.read()
    default_storage.delete(images[0].file.name)
    checked(capsys)
    replace(images[0], content)

    code, report = checked(capsys)

    assert (code, report["repaired"]) == (0, 1)
    assert set(AnnotationTask.objects.values_list("state", flat=True)) == {"open"}
    assert not AnnotationImage.objects.exclude(broken="").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "file_missing"),
        (encoded(size=(640, 480)), "size_differs"),
        (b"words", "corrupt_image"),
    ],
    ids=["gone", "another picture", "words"],
)
def test_a_broken_photo_of_the_catalogue_is_named(capsys, photo, content, reason):
    if content is None:
        default_storage.delete(photo.file.name)
    else:
        replace(photo, content)

    code, report = checked(capsys)

    assert code == 1
    assert [(each["kind"], each["reason"]) for each in report["problems"]] == [
        ("catalogue.photo", reason)
    ]


def test_noted_pictures_are_checked_where_they_lie(capsys, tmp_path):
    whole, gone, other = (tmp_path / f"{name}.jpg" for name in ("whole", "gone", "other"))
    whole.write_bytes(encoded())
    other.write_bytes(encoded(size=(640, 480)))
    rows = [
        ImageFactory(original=str(path), sha256="", width=400, height=300)
        for path in (whole, gone, other, tmp_path / "away" / "1.jpg")
    ]
    for row in rows:
        TaskFactory(image=row, dataset=row.dataset)

    code, report = checked(capsys)

    assert code == 1
    assert {each["id"]: each["reason"] for each in report["problems"]} == {
        str(rows[1].pk): "file_missing",
        str(rows[2].pk): "size_differs",
    }
    # A disk that is not there today is said, and sets nothing aside.
    assert report["not_reachable"] == 1
    states = [AnnotationTask.objects.get(image=row).state for row in rows]
    assert states == ["open", "unusable", "unusable", "open"]


def test_a_picture_without_a_row_is_listed(capsys, images, settings, monkeypatch):
    name = default_storage.save("annotation/1/ab/left-over.jpg", ContentFile(b"x"))

    _, young = checked(capsys)
    later = timezone.now() + timezone.timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    code, report = checked(capsys)

    assert young["files_without_rows"] == 0
    assert (code, report["files_without_rows"], report["files"]) == (1, 1, [name])


def test_a_stopped_check_goes_on_behind_its_last_rows(capsys, images, monkeypatch):
    monkeypatch.setattr(integrity, "ROWS_AT_ONCE", 1)
    default_storage.delete(images[0].file.name)
    real = integrity.fault_of
    seen = []

    def stopping(row, **stated):
        seen.append(row.pk)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(row, **stated)

    monkeypatch.setattr(integrity, "fault_of", stopping)
    with pytest.raises(KeyboardInterrupt):
        call_command("check_integrity")

    code, report = checked(capsys)
    _, again = checked(capsys)

    assert (code, report["resumed_after"], report["checked"], report["faults"]) == (1, 1, 3, 1)
    assert seen[:4] == [images[0].pk, images[1].pk, images[1].pk, images[2].pk]
    assert (again["resumed_after"], again["checked"]) == (0, 3)


def test_a_sample_draws_the_same_pictures_for_the_same_seed(capsys, monkeypatch):
    for number in range(200):
        ImageFactory(file=f"annotation/{number}.jpg")
    drawn: list[list[int]] = []
    monkeypatch.setattr(integrity, "fault_of", lambda row, **stated: drawn[-1].append(row.pk) or "")

    for seed in ("one", "one", "two"):
        drawn.append([])
        checked(capsys, "--sample", "20", "--seed", seed)

    assert drawn[0] == drawn[1] != drawn[2]
    assert all(15 <= len(each) <= 70 for each in drawn)


@pytest.mark.parametrize("percent", ["0", "-1", "101", "nan"])
def test_a_sample_is_a_percentage(percent):
    with pytest.raises(CommandError) as refused:
        call_command("check_integrity", "--sample", percent)

    assert refused.value.returncode == 2


def test_a_storage_that_does_not_answer_marks_nothing(images, monkeypatch):
    def away(*arguments):
        raise ConnectionError("timed out")

    monkeypatch.setattr(type(images[0].file.storage._wrapped), "_open", away)

    with pytest.raises(CommandError, match="does not answer") as refused:
        call_command("check_integrity")

    assert refused.value.returncode == 2
    assert not AnnotationImage.objects.exclude(broken="").exists()


def test_the_hash_of_an_image_is_that_of_its_file(images):
    with images[0].file.open() as file:
        assert images[0].file_sha256 == hashlib.sha256(file.read()).hexdigest()
