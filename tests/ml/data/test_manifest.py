import json

import pytest

from ml.data.manifest import Box, InvalidManifest, read_manifest
from ml.pictures import NoPictures


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_class_folders(tmp_path):
    touch(tmp_path, "sungnyemun/1.jpg", "dabotap/2.jpg", "dabotap/notes.txt")

    found = read_manifest(tmp_path)

    assert [(example.file.name, example.label) for example in found] == [
        ("2.jpg", "dabotap"),
        ("1.jpg", "sungnyemun"),
    ]


def test_csv_with_boxes(tmp_path):
    (tmp_path / "list.csv").write_text(
        "file,slug,x,y,width,height\na.jpg,one,1,2,30.5,40\nb.jpg,two,,,,\n"
    )

    found = read_manifest(tmp_path / "list.csv")

    assert found[0].box == Box(1, 2, 30.5, 40)
    assert (found[1].label, found[1].box) == ("two", None)


def test_our_own_coco_export(tmp_path):
    touch(tmp_path, "images/a.jpg")
    (tmp_path / "boxes.json").write_text(
        json.dumps(
            {
                "images": [{"id": 5, "file_name": "a.jpg", "width": 9, "height": 9}],
                "categories": [{"id": 2, "name": "숭례문", "slug": "sungnyemun"}],
                "annotations": [{"id": 1, "image_id": 5, "category_id": 2, "bbox": [1, 2, 3, 4]}],
            }
        )
    )

    (example,) = read_manifest(tmp_path / "boxes.json")

    assert example == (tmp_path / "images" / "a.jpg", "sungnyemun", Box(1, 2, 3, 4))


def test_ai_hub_corners_become_width_and_height(tmp_path):
    touch(tmp_path, "[원천]서울특별시_001/2501/2501_001_7.jpg")
    labels = tmp_path / "[라벨]서울특별시" / "서울특별시" / "2501"
    labels.mkdir(parents=True)
    (labels / "2501_001_7.json").write_text(
        json.dumps(
            {
                "images": [{"image_id": 7, "file_name": "2501_001_7.jpg"}],
                "annotations": [{"category_id": 2501, "bbox": [1115.06, 768.19, 3113.64, 1877.7]}],
            }
        )
    )

    (example,) = read_manifest(tmp_path)

    assert example.label == "2501"
    assert example.box == pytest.approx((1115.06, 768.19, 1998.58, 1109.51))


@pytest.mark.parametrize("text", ["no json", "{}", '{"images": [{}], "categories": []}'])
def test_a_broken_export_is_named(tmp_path, text):
    (tmp_path / "boxes.json").write_text(text)

    with pytest.raises(InvalidManifest, match=r"boxes\.json is no COCO export"):
        read_manifest(tmp_path / "boxes.json")


def test_nothing_to_read(tmp_path):
    with pytest.raises(NoPictures):
        read_manifest(tmp_path)
