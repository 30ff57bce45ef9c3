import copy
import json

import pytest
from django.core.management import call_command

from apps.annotation.aihub import DocumentRefused, read_document
from apps.annotation.models import Annotation, AnnotationImage, AnnotationTask, Dataset
from apps.annotation.shapes import overlap
from apps.catalogue.models import License
from tests.factories.catalogue import LandmarkFactory

SAMPLE = {
    "info": {
        "description": "2020 landmark Dataset",
        "url": "https://aihub.or.kr/",
        "version": "1.0",
        "year": 2020,
    },
    "licenses": [{"id": 1, "possession": "PCN컨소시엄"}],
    "images": [
        {
            "image_id": 41544868,
            "license": 1,
            "file_name": "(구)태백등기소_001_41544868.jpg",
            "width": 4032,
            "height": 3024,
        }
    ],
    "annotations": [
        {
            "id": "41544868_1",
            "image_id": 41544868,
            "category_id": 2501,
            "type": "Bounding box",
            "bbox": [1115.06, 768.19, 3113.64, 1877.7],
            "truncated": "0",
            "hidden": "0",
            "light_reflex": "0",
            "na": "1",
        }
    ],
    "categories": [
        {
            "id": 2501,
            "name": "(구)태백등기소",
            "supercategory": "공공기관",
            "metainfo": {
                "location1": "강원도",
                "location2": "태백시",
                "Type1": "공공기관",
                "Type2": "등기소",
                "name_kr": "(구)태백등기소",
                "add": "강원도\u00a0태백시",
            },
        }
    ],
}


@pytest.fixture
def folder(tmp_path):
    labels = tmp_path / "[라벨]강원도" / "강원도" / "(구)태백등기소"
    labels.mkdir(parents=True)
    second = copy.deepcopy(SAMPLE)
    second["images"][0] |= {"image_id": 41544869, "file_name": "(구)태백등기소_002_41544869.jpg"}
    second["annotations"] = [
        second["annotations"][0]
        | {"id": f"41544869_{number}", "image_id": 41544869, "truncated": "1", "na": "0"}
        for number in (1, 2)
    ]
    for document in (SAMPLE, second):
        name = document["images"][0]["file_name"].replace(".jpg", ".json")
        (labels / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return tmp_path


def imported(capsys, folder) -> dict:
    call_command("import_aihub", str(folder))
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_read_document_takes_corners_for_corners():
    document = read_document(json.dumps(SAMPLE).encode())

    box = document.boxes[0].box
    assert [str(number) for number in box] == ["1115.06", "768.19", "1998.58", "1109.51"]
    assert document.boxes[0].tags.none_of_these
    assert overlap(box, box) == 1


@pytest.mark.parametrize(
    "fault",
    [
        b"no json",
        b"[]",
        b"{}",
        {"annotations": []},
        {"annotations": [{**SAMPLE["annotations"][0], "bbox": [0, 0, 5000, 10]}]},
        {"annotations": [{**SAMPLE["annotations"][0], "bbox": [9, 9, 3, 3]}]},
        {"annotations": [{**SAMPLE["annotations"][0], "bbox": ["x", 0, 1, 1]}]},
        {"annotations": [{**SAMPLE["annotations"][0], "hidden": "2"}]},
        {"annotations": SAMPLE["annotations"] * 2},
        {"images": [{**SAMPLE["images"][0], "width": 0}]},
        {"images": [{**SAMPLE["images"][0], "file_name": "a\0.jpg"}]},
        {"images": [{**SAMPLE["images"][0], "image_id": "9" * 61}]},
        {"info": {**SAMPLE["info"], "year": 10**6}},
    ],
    ids=lambda fault: str(fault)[:60],
)
def test_read_document_refuses_what_would_be_wrong_data(fault):
    content = fault if isinstance(fault, bytes) else json.dumps(SAMPLE | fault).encode()

    with pytest.raises(DocumentRefused):
        read_document(content)


@pytest.mark.django_db
def test_import_aihub_stores_completed_annotations(capsys, folder):
    landmark = LandmarkFactory(external_ids={"aihub": "2501"})

    report = imported(capsys, folder)

    dataset = Dataset.objects.get()
    assert report == {
        "datasets": [dataset.pk],
        "created": 2,
        "unchanged": 0,
        "classes_without_landmark": 0,
        "refused": [],
    }
    assert (dataset.description, dataset.year, dataset.version) == (
        "2020 landmark Dataset",
        2020,
        "1.0",
    )
    assert AnnotationTask.objects.completed().count() == 2
    assert Annotation.objects.filter(current=True).count() == 3
    image = AnnotationImage.objects.get(external_id="41544868")
    assert (image.width, image.height, image.landmark) == (4032, 3024, landmark)
    license = License.objects.get(holder="PCN컨소시엄")
    assert (license.may_train, license.may_show) == (True, False)


@pytest.mark.django_db
def test_import_aihub_again_changes_nothing(capsys, folder):
    imported(capsys, folder)

    report = imported(capsys, folder)

    assert (report["created"], report["unchanged"]) == (0, 2)
    assert Annotation.objects.count() == 3


@pytest.mark.django_db
def test_import_aihub_lists_bad_files_and_keeps_good_ones(capsys, folder):
    (folder / "bad.json").write_text("{")

    with pytest.raises(SystemExit) as ended:
        call_command("import_aihub", str(folder))

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert ended.value.code == 1
    assert report["created"] == 2
    assert [refused["file"] for refused in report["refused"]] == ["bad.json"]


@pytest.mark.django_db
@pytest.mark.parametrize("matched", [False, True])
def test_what_came_in_goes_out_with_equal_values(capsys, folder, tmp_path, matched):
    if matched:
        LandmarkFactory(external_ids={"aihub": "2501"})
    dataset = imported(capsys, folder)["datasets"][0]
    out = tmp_path / "out"

    call_command(
        "export_annotations",
        "--dataset",
        str(dataset),
        "--format",
        "aihub",
        "--output",
        str(out),
    )

    for path in sorted((folder / "[라벨]강원도").rglob("*.json")):
        assert json.loads((out / path.name).read_text()) == json.loads(path.read_text())


@pytest.mark.django_db
def test_an_imported_box_becomes_true_coco(capsys, folder, tmp_path):
    dataset = imported(capsys, folder)["datasets"][0]
    out = tmp_path / "coco.json"

    call_command(
        "export_annotations",
        "--dataset",
        str(dataset),
        "--format",
        "coco",
        "--output",
        str(out),
    )

    document = json.loads(out.read_text())
    assert document["annotations"][0]["bbox"] == [1115.06, 768.19, 1998.58, 1109.51]
    assert document["categories"] == [
        {
            "id": 1,
            "name": "(구)태백등기소",
            "supercategory": "공공기관",
            "metainfo": SAMPLE["categories"][0]["metainfo"],
        }
    ]
