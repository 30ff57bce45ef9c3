import json

import pytest
from django.core.management import CommandError, call_command

from apps.annotation.models import AnnotationImage, AnnotationTask, Assignment, Dataset
from tests.annotation.test_pictures import encoded, turned
from tests.factories.annotation import UserFactory
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "a-gate").mkdir(parents=True)
    (folder / "a-gate" / "1.jpg").write_bytes(turned(6))
    (folder / "2.png").write_bytes(encoded(format="PNG"))
    return folder


def create(capsys, *arguments) -> dict:
    call_command("create_dataset", *map(str, arguments))
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_create_dataset_makes_a_task_for_each_picture(capsys, folder):
    landmark = LandmarkFactory(slug="a-gate")
    mina = UserFactory(username="mina")

    report = create(
        capsys, "first", "--images", folder, "--annotator", "mina", "--redundancy", 2, "--no-review"
    )

    dataset = Dataset.objects.get(pk=report["id"])
    assert report == {"id": dataset.pk, "images": 2, "tasks": 4, "refused": []}
    assert not dataset.needs_review
    assert Assignment.objects.get().annotator == mina
    image = AnnotationImage.objects.get(name="a-gate/1.jpg")
    assert (image.width, image.height, image.landmark) == (300, 400, landmark)
    assert set(AnnotationTask.objects.values_list("slot", flat=True)) == {1, 2}


def test_create_dataset_again_adds_only_what_is_new(capsys, folder):
    first = create(capsys, "first", "--images", folder)
    (folder / "3.jpg").write_bytes(encoded(colour="green"))

    second = create(capsys, "first", "--images", folder)
    third = create(capsys, "first", "--images", folder)

    assert (first["tasks"], second["tasks"], third["tasks"]) == (2, 3, 3)


def test_create_dataset_reports_bad_files_and_keeps_good_ones(capsys, folder):
    (folder / "bad.jpg").write_bytes(b"no picture")

    with pytest.raises(SystemExit) as ended:
        call_command("create_dataset", "first", "--images", str(folder))

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert ended.value.code == 1
    assert report["images"] == 2
    assert report["refused"] == [{"file": "bad.jpg", "reason": "unsupported_type"}]


def test_create_dataset_says_what_all_pictures_show(capsys, folder):
    landmark = LandmarkFactory(slug="tower")

    create(capsys, "first", "--images", folder, "--landmark", "tower", "--license", "OWN")

    assert {image.landmark for image in AnnotationImage.objects.all()} == {landmark}
    assert {image.license.code for image in AnnotationImage.objects.all()} == {"OWN"}


@pytest.mark.parametrize("practice", [False, True])
def test_create_dataset_takes_boxes_from_a_manifest(capsys, folder, practice):
    manifest = folder / "manifest.csv"
    manifest.write_text(
        "file,x,y,width,height,truncated,occluded,reflection,none_of_these\n"
        "2.png,10,20,200,100,1,0,0,0\n"
        "a-gate/1.jpg,,,,,,,,\n"
    )
    more = ["--practice"] if practice else []

    create(capsys, "first", "--images", folder, "--manifest", manifest, *more)

    image = AnnotationImage.objects.get(name="2.png")
    if practice:
        assert image.suggestion is None
        assert image.truth["bbox"] == [10, 20, 200, 100]
        assert image.truth["truncated"] is True
        assert Dataset.objects.get().open_to_all
    else:
        assert image.suggestion == [10, 20, 200, 100]
        assert image.truth is None


@pytest.mark.parametrize(
    "fault",
    [
        ["--landmark", "nowhere"],
        ["--license", "NONE"],
        ["--annotator", "nobody"],
        ["--redundancy", "10"],
    ],
    ids=lambda fault: fault[0],
)
def test_create_dataset_makes_nothing_when_a_name_is_unknown(folder, fault):
    with pytest.raises(CommandError):
        call_command("create_dataset", "first", "--images", str(folder), *fault)

    assert not Dataset.objects.exists()
