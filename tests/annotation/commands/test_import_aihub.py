import copy
import json
import unicodedata

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.annotation.aihub import DocumentRefused, read_document
from apps.annotation.aihub_folders import label_files
from apps.annotation.models import (
    Annotation,
    AnnotationImage,
    AnnotationTask,
    Dataset,
    ImageImport,
)
from apps.annotation.services import aihub_import
from apps.annotation.services.aihub_import import AihubImport
from apps.annotation.services.import_runs import begin_or_resume
from apps.annotation.shapes import overlap
from apps.catalogue.models import Landmark, License, Region
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db

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
def labels(tmp_path):
    labels = tmp_path / "[라벨]강원도" / "강원도" / "(구)태백등기소"
    labels.mkdir(parents=True)
    return labels


@pytest.fixture
def folder(tmp_path, labels):
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


def test_import_aihub_stores_completed_annotations(capsys, folder):
    landmark = LandmarkFactory(external_ids={"aihub": "2501"})

    report = imported(capsys, folder)

    dataset = Dataset.objects.get()
    assert report["datasets"] == [dataset.pk]
    assert (report["created"], report["unchanged"], report["refused"]) == (2, 0, [])
    assert (report["landmarks_created"], report["classes_without_landmark"]) == (0, 0)
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


def test_import_aihub_again_changes_nothing(capsys, folder):
    imported(capsys, folder)

    report = imported(capsys, folder)

    assert (report["created"], report["unchanged"]) == (0, 2)
    assert Annotation.objects.count() == 3


def test_import_aihub_lists_bad_files_and_keeps_good_ones(capsys, folder):
    (folder / "bad.json").write_text("{")

    with pytest.raises(SystemExit) as ended:
        call_command("import_aihub", str(folder))

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert ended.value.code == 1
    assert report["created"] == 2
    assert [refused["file"] for refused in report["refused"]] == ["bad.json"]


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
    category = document["categories"][0]
    assert category["supercategory"] == "공공기관"
    assert category["metainfo"]["name_kr"] == "(구)태백등기소"


def test_import_aihub_makes_the_class_a_landmark(capsys, folder):
    report = imported(capsys, folder)

    assert report["landmarks_created"] == 1
    landmark = Landmark.objects.get(external_ids__aihub="2501")
    assert landmark.state == Landmark.State.DRAFT
    assert landmark.name_in("ko") == "(구)태백등기소"
    assert [node.name_in("ko") for node in landmark.category.chain()] == ["공공기관", "등기소"]
    # The document says 강원도, the province's name until 2023.
    assert str(landmark.region) == "강원특별자치도 태백시"
    assert landmark.address == "강원도 태백시"
    assert AuditEntry.objects.about(landmark).get().by_name == "import_aihub"
    assert set(AnnotationImage.objects.values_list("landmark", flat=True)) == {landmark.pk}
    assert set(Annotation.objects.values_list("landmark", flat=True)) == {landmark.pk}


def test_import_aihub_links_the_landmark_of_that_name(capsys, folder):
    province = Region.objects.get(parent=None, names__text="강원도")
    landmark = LandmarkFactory(names={"ko": "(구)태백등기소"}, region=province)

    report = imported(capsys, folder)

    assert (report["landmarks_created"], report["landmarks_linked"]) == (0, 1)
    landmark.refresh_from_db()
    assert landmark.external_ids == {"aihub": "2501"}
    assert Landmark.objects.count() == 1
    assert AuditEntry.objects.about(landmark).get().by_name == "import_aihub"


def test_import_aihub_keeps_annotations_of_a_class_in_no_province(capsys, folder, labels):
    for path in labels.glob("*.json"):
        document = json.loads(path.read_text())
        document["categories"][0]["metainfo"]["location1"] = "아틀란티스"
        path.write_text(json.dumps(document))

    report = imported(capsys, folder)

    assert (report["created"], report["classes_without_landmark"]) == (2, 1)
    assert "아틀란티스" in ImageImport.objects.get().notes["without"]["2501 (구)태백등기소"]


def test_import_aihub_does_not_bring_back_a_merged_landmark(capsys, folder):
    imported(capsys, folder)
    Landmark.objects.get().external_ids.clear()
    Landmark.objects.update(external_ids={})

    report = imported(capsys, folder)

    assert (report["landmarks_created"], report["landmarks_linked"]) == (0, 0)
    assert Landmark.objects.count() == 1


def test_import_aihub_notes_where_the_pictures_lie(capsys, folder):
    pictures = folder / "[원천]강원도_001" / "(구)태백등기소"
    pictures.mkdir(parents=True)
    name = unicodedata.normalize("NFD", SAMPLE["images"][0]["file_name"])
    (pictures / name).write_bytes(b"not read")

    imported(capsys, folder)

    originals = AnnotationImage.objects.order_by("external_id").values_list("original", flat=True)
    assert list(originals) == [str(pictures / name), ""]


def test_import_aihub_takes_a_file_that_the_database_refuses_for_a_bad_one(capsys, folder, labels):
    document = json.loads(next(labels.glob("*41544868.json")).read_text())
    document["images"][0] |= {"image_id": 7, "width": 3_000_000_000}
    (labels / "too-wide.json").write_text(json.dumps(document))

    with pytest.raises(SystemExit) as ended:
        call_command("import_aihub", str(folder))

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert ended.value.code == 1
    assert report["created"] == 2
    assert [refused["file"].rpartition("/")[2] for refused in report["refused"]] == [
        "too-wide.json"
    ]


def test_import_aihub_goes_on_behind_the_last_batch(capsys, folder, labels, monkeypatch):
    monkeypatch.setattr(aihub_import, "BATCH", 1)
    work = _begun(folder)
    next(work)
    work.close()
    first = min(labels.glob("*.json"))
    first.write_text("never read again")

    report = imported(capsys, folder)

    assert report["resumed_after"] == 1
    assert (report["created"], report["refused"]) == (2, [])


def test_import_aihub_reads_a_finished_folder_from_the_beginning(capsys, folder, labels):
    imported(capsys, folder)
    document = json.loads(min(labels.glob("*.json")).read_text())
    document["images"][0]["image_id"] = 1
    (labels / "000.json").write_text(json.dumps(document))

    report = imported(capsys, folder)

    assert (report["created"], report["unchanged"], report["resumed_after"]) == (1, 2, 0)


def test_import_aihub_refuses_a_folder_that_another_process_imports(folder):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"import {folder.resolve()}"]
            )
        with pytest.raises(CommandError, match="another process"):
            call_command("import_aihub", str(folder))
    finally:
        other.close()

    assert not Dataset.objects.exists()


def test_label_files_come_in_one_order_from_anywhere(tmp_path):
    for path in (
        "b/2.json",
        "b/10.json",
        "a.json",
        "a/1.json",
        "b.json",
        "a/.hidden.json",
        "c.txt",
    ):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("{}")

    whole = list(label_files(tmp_path))

    assert whole == ["a.json", "a/1.json", "b.json", "b/10.json", "b/2.json"]
    for number, path in enumerate(whole):
        assert list(label_files(tmp_path, after=path)) == whole[number + 1 :]


def _begun(folder):
    run = begin_or_resume(
        kind=ImageImport.Kind.AIHUB,
        source=str(folder.resolve()),
        dataset=None,
        options={},
        at=timezone.now(),
    )
    return AihubImport(run, at=timezone.now()).go_on()
