import io
import json

import pytest

from apps.annotation.sources.coco import CocoPictures
from apps.annotation.sources.entries import SourceRefused
from apps.annotation.sources.files import FolderFiles
from apps.annotation.sources.table import ListedPictures


@pytest.fixture
def files(tmp_path):
    for name in ("a.jpg", "b c.jpg", "여름/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return FolderFiles(tmp_path)


def listed(text: str | bytes, files) -> list:
    content = text.encode() if isinstance(text, str) else text
    return list(ListedPictures(lambda: io.BytesIO(content), files).entries())


def coco(document: object, files) -> CocoPictures:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return CocoPictures(lambda: io.BytesIO(content), files)


def test_a_table_says_what_is_known_of_each_file(files):
    entries = listed(
        "file,landmark,license,credit,x,y,width,height\n"
        "a.jpg,gate,CC0-1.0,Mina,1,2,30,40\n"
        "여름/d.jpg,,,,,,,\n",
        files,
    )

    first, second = entries
    assert first[:2] == ("a.jpg", "")
    assert (first.landmark, first.licenses, first.credit) == ("gate", ("CC0-1.0",), "Mina")
    assert first.box == (1, 2, 30, 40)
    assert (second.name, second.licenses, second.box) == ("여름/d.jpg", (), None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_table_is_read_in_the_encodings_of_spreadsheets(files, encoding):
    entries = listed("file\n여름/d.jpg\n".encode(encoding), files)

    assert [(entry.name, entry.refused) for entry in entries] == [("여름/d.jpg", "")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("gone.jpg,", "file_missing"),
        ("../a.jpg,", "outside_folder"),
        ("https://example.org/a.jpg,", "not_fetched"),
        (",gate", "bad_line"),
        ("a.jpg,gate,more", "bad_line"),
    ],
)
def test_a_table_names_the_line_of_a_bad_row_and_goes_on(files, row, reason):
    entries = listed(f"url,landmark\n{row}\na.jpg,\n", files)

    assert (entries[0].refused, entries[0].line) == (reason, "line 2")
    assert entries[1].refused == ""


@pytest.mark.parametrize("address", ["b%20c.jpg", "b c.jpg", "file://{}/b%20c.jpg", "{}/b c.jpg"])
def test_a_table_takes_paths_and_addresses_below_the_folder(files, tmp_path, address):
    entries = listed(f"url\n{address.format(tmp_path)}\n", files)

    assert [(entry.name, entry.refused) for entry in entries] == [("b c.jpg", "")]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"name\na.jpg\n", "no_file_column"), (b"file\n\xff\xff\n", "unknown_enc")],
)
def test_a_table_that_is_none_is_refused(files, content, code):
    with pytest.raises(SourceRefused, match=code):
        listed(content, files)


def test_coco_boxes_licenses_and_categories_reach_their_images(files):
    source = coco(
        {
            "annotations": [
                {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 30, 40]},
                {"id": 2, "image_id": 7, "category_id": 4, "bbox": [0, 0, 300, 400]},
                {"id": 3, "image_id": 8, "category_id": 3, "bbox": "none"},
            ],
            "images": [
                {"id": 7, "file_name": "a.jpg", "width": 640, "height": 480, "license": 2},
                {"id": 8, "file_name": "gone.jpg"},
                {"id": 9},
            ],
            "categories": [{"id": 3, "name": "gate"}, {"id": 4, "name": "tower"}],
            "licenses": [{"id": 2, "name": "CC BY", "url": "http://example.org/by/"}],
        },
        files,
    )

    first, second, third = source.entries()
    assert first.box == (0, 0, 300, 400)
    assert first.box_size == (640, 480)
    assert first.category == ("tower",)
    assert first.licenses == ("http://example.org/by/", "CC BY")
    assert (second.name, second.refused) == ("gone.jpg", "file_missing")
    assert (third.refused, third.line) == ("bad_line", "image 3")
    assert source.notes == {"boxes_left_out": 2}
    assert source.total == 3


@pytest.mark.parametrize(
    ("document", "code"),
    [(b"{", "no_json"), (b"[]", "no_images"), ({"images": []}, "no_images"), (b"", "no_json")],
)
def test_what_is_no_coco_is_refused(files, document, code):
    with pytest.raises(SourceRefused, match=code):
        coco(document, files)
