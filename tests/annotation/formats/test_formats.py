import csv
import io
import json
import xml.etree.ElementTree as XML
import zipfile

import pytest
from django.core.management import call_command

from apps.annotation.exporting import Summary, build
from apps.annotation.formats import FORMATS
from apps.annotation.models import AnnotationImage
from tests.factories.annotation import AnnotationFactory

pytestmark = pytest.mark.django_db


def export(dataset, format, tmp_path, name="out"):
    target = tmp_path / name
    build(dataset, format=format, target=target)
    return target


def test_build_writes_what_is_completed_and_says_what_it_leaves_out(dataset, tmp_path):
    summary = build(dataset, format="csv", target=tmp_path / "out.csv")

    assert summary == Summary(annotations=2, images=2, left_out=1, not_completed=2)


def test_coco_has_the_tags_on_every_annotation(dataset, tmp_path):
    document = json.loads(export(dataset, "coco", tmp_path).read_text())

    assert [image["file_name"] for image in document["images"]] == ["a-gate/1.jpg", "a-gate/2.jpg"]
    first, second = document["annotations"]
    assert first["bbox"] == [100, 50, 300, 200]
    assert first["area"] == 60000
    assert [first[tag] for tag in ("truncated", "occluded", "reflection", "none_of_these")] == [
        True,
        True,
        False,
        False,
    ]
    assert second["none_of_these"] is True
    assert first["image_id"] == document["images"][0]["id"]
    assert document["licenses"][0]["code"] == "CC0-1.0"
    assert document["images"][0]["license"] == document["licenses"][0]["id"]
    gate, other = document["categories"]
    assert (gate["name"], gate["metainfo"]["name_kr"]) == ("a-gate", "문")
    assert gate["metainfo"]["location1"] == "서울특별시"
    assert other["name"] == "다른 곳"
    assert [first["category_id"], second["category_id"]] == [gate["id"], other["id"]]
    assert document["info"]["year"] == 2020


def test_coco_of_nothing_is_a_whole_document(dataset, tmp_path):
    dataset.tasks.all().delete()

    document = json.loads(export(dataset, "coco", tmp_path).read_text())

    assert document["images"] == document["annotations"] == document["categories"] == []


def test_aihub_writes_corners_strings_and_its_own_keys(dataset, tmp_path):
    document = json.loads((export(dataset, "aihub", tmp_path) / "a-gate/1.json").read_text())

    image = AnnotationImage.objects.get(name="a-gate/1.jpg")
    assert document["images"] == [
        {"image_id": image.pk, "license": 1, "file_name": "1.jpg", "width": 1000, "height": 500}
    ]
    assert document["annotations"] == [
        {
            "id": f"{image.pk}_1",
            "image_id": image.pk,
            "category_id": image.landmark.pk,
            "type": "Bounding box",
            "bbox": [100, 50, 400, 250],
            "truncated": "1",
            "hidden": "1",
            "light_reflex": "0",
            "na": "0",
        }
    ]
    assert document["licenses"] == [{"id": 1, "possession": "CC0 1.0 Universal"}]
    assert document["info"] == {
        "description": "a test",
        "url": "",
        "version": "1.0",
        "year": 2020,
    }
    assert set(document["categories"][0]["metainfo"]) == {
        "location1",
        "location2",
        "Type1",
        "Type2",
        "name_kr",
        "add",
    }


def test_yolo_counts_in_parts_of_the_image(dataset, tmp_path):
    folder = export(dataset, "yolo", tmp_path)

    line = (folder / "labels/a-gate/1.txt").read_text()
    assert line == "0 0.250000 0.300000 0.300000 0.400000\n"
    assert '  0: "a-gate"\n  1: "다른 곳"\n' in (folder / "data.yaml").read_text()


def test_voc_counts_pixels_from_one(dataset, tmp_path):
    root = XML.parse(export(dataset, "voc", tmp_path) / "Annotations/a-gate/1.xml").getroot()

    corners = [root.findtext(f"object/bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax")]
    assert corners == ["101", "51", "400", "250"]
    assert root.findtext("object/name") == "a-gate"
    assert root.findtext("object/truncated") == "1"
    assert root.findtext("filename") == "1.jpg"


def test_csv_has_a_line_an_annotation(dataset, tmp_path):
    lines = list(csv.DictReader(io.StringIO(export(dataset, "csv", tmp_path).read_text())))

    assert [line["landmark"] for line in lines] == ["a-gate", ""]
    assert [line["other"] for line in lines] == ["", "다른 곳"]
    assert [lines[0][name] for name in ("x", "y", "width", "height")] == ["100", "50", "300", "200"]
    assert lines[0]["truncated"] == "1"


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_data_gives_the_same_bytes(dataset, tmp_path, format):
    first, second = (export(dataset, format, tmp_path, name) for name in ("a.zip", "b.zip"))

    assert first.read_bytes() == second.read_bytes()
    assert zipfile.is_zipfile(first) == (format in ("aihub", "yolo", "voc"))


def test_two_annotations_of_one_image_stay_together(dataset, tmp_path):
    image = AnnotationImage.objects.get(name="a-gate/1.jpg")
    AnnotationFactory(task=image.tasks.get(), origin="imported", external_id="7_2", x=5, y=5)

    document = json.loads((export(dataset, "aihub", tmp_path) / "a-gate/1.json").read_text())
    lines = (export(dataset, "yolo", tmp_path, "yolo") / "labels/a-gate/1.txt").read_text()

    assert [annotation["id"] for annotation in document["annotations"]] == [f"{image.pk}_1", "7_2"]
    assert len(lines.splitlines()) == 2


def test_names_of_files_cannot_leave_the_folder(dataset, tmp_path):
    AnnotationImage.objects.filter(name="a-gate/1.jpg").update(name="../../../evil.jpg")

    folder = export(dataset, "yolo", tmp_path)

    assert (folder / "labels/evil.txt").exists()


def test_names_of_files_do_not_cover_each_other(dataset, tmp_path):
    AnnotationImage.objects.filter(name="a-gate/2.jpg").update(name="a-gate/1.png")

    folder = export(dataset, "voc", tmp_path)

    assert len(list(folder.rglob("*.xml"))) == 2


def test_csv_cells_are_no_formulas(dataset, tmp_path):
    AnnotationImage.objects.filter(name="a-gate/1.jpg").update(name="=1+1.jpg")

    assert "\n'=1+1.jpg," in export(dataset, "csv", tmp_path).read_text()


def test_export_annotations_reports_and_writes_the_file(dataset, tmp_path, capsys):
    target = tmp_path / "new" / "out.json"

    call_command(
        "export_annotations",
        "--dataset",
        str(dataset.pk),
        "--format",
        "coco",
        "--output",
        str(target),
    )

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["annotations"], report["left_out"]) == (2, 1)
    assert len(json.loads(target.read_text())["annotations"]) == 2
    assert list(target.parent.iterdir()) == [target]


def test_export_annotations_again_writes_over_the_folder(dataset, tmp_path, capsys):
    arguments = ["--dataset", str(dataset.pk), "--format", "yolo", "--output", str(tmp_path / "y")]
    call_command("export_annotations", *arguments)
    first = (tmp_path / "y/data.yaml").read_text()

    call_command("export_annotations", *arguments)

    assert (tmp_path / "y/data.yaml").read_text() == first
    assert list(tmp_path.iterdir()) == [tmp_path / "y"]
