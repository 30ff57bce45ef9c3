import csv
import json
import zipfile

import pytest
from django.core.management import CommandError, call_command

from apps.annotation.models import AnnotationImage, AnnotationTask, Dataset, ImageImport
from apps.annotation.services import importing
from apps.catalogue.models import License
from tests.annotation.test_pictures import encoded, turned
from tests.factories.annotation import DatasetFactory
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
LICENSE = ("--license", "OWN")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "a-gate").mkdir(parents=True)
    (folder / "a-gate" / "1.jpg").write_bytes(turned(6))
    (folder / "2.png").write_bytes(encoded(format="PNG"))
    (folder / "note.txt").write_text("no picture")
    return folder


def imported(capsys, *arguments) -> tuple[int, dict]:
    code = 0
    try:
        call_command("import_images", *map(str, arguments))
    except SystemExit as ended:
        code = ended.code
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def known_codes() -> str:
    return ", ".join(sorted(License.objects.values_list("code", flat=True)))


def packed(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_import_images_from_a_folder_or_zip(capsys, folder, tmp_path, kind):
    gate = LandmarkFactory(slug="a-gate")
    source = folder if kind == "folder" else packed(folder, tmp_path / "pictures.zip")

    code, report = imported(capsys, "spring", source, *LICENSE, "--credit", "Mina")

    assert code == 1
    assert (report["added"], report["tasks"]) == (2, 2)
    assert report["refused"] == [{"file": "note.txt", "reason": "unsupported_type"}]
    image = AnnotationImage.objects.get(name="a-gate/1.jpg")
    assert (image.width, image.height, image.landmark) == (300, 400, gate)
    assert (image.license.code, image.credit) == ("OWN", "Mina")
    run = ImageImport.objects.get()
    assert (run.kind, run.position, run.added, run.refused) == (kind, 3, 2, 1)
    assert run.finished_at is not None


def test_import_images_again_adds_nothing(capsys, folder, tmp_path):
    imported(capsys, "spring", folder, *LICENSE)
    archive = packed(folder, tmp_path / "pictures.zip")

    for source in (folder, archive):
        _, report = imported(capsys, "spring", source, *LICENSE)
        assert (report["added"], report["unchanged"]) == (0, 2)

    assert AnnotationImage.objects.count() == AnnotationTask.objects.count() == 2


def test_import_images_from_a_table_refuses_by_line(capsys, folder):
    gate = LandmarkFactory(slug="tower", names={"ko": "탑"})
    table = folder / "list.csv"
    table.write_text(
        "file,landmark,license,credit,x,y,width,height\n"
        "2.png,탑,CC-BY-4.0,Sora,10.4,20.6,100,50\n"
        "a-gate/1.jpg,nowhere,OWN,,,,,\n"
        "a-gate/1.jpg,,NONE,,,,,\n"
        "gone.jpg,,,,,,,\n"
        "a-gate/1.jpg,,,,1,2,3,x\n"
    )

    code, report = imported(capsys, "spring", table, *LICENSE)

    assert code == 1
    assert report["added"] == 1
    assert [(each["file"], each["reason"]) for each in report["refused"]] == [
        ("line 3 a-gate/1.jpg", "unknown_landmark: nowhere"),
        ("line 4 a-gate/1.jpg", f"unknown_license: NONE; {known_codes()}"),
        ("line 5 gone.jpg", "file_missing"),
        ("line 6 a-gate/1.jpg", "bad_box"),
    ]
    image = AnnotationImage.objects.get()
    assert (image.landmark, image.license.code, image.credit) == (gate, "CC-BY-4.0", "Sora")
    assert image.suggestion == [10, 21, 100, 50]


def coco(folder, **changes) -> dict:
    return {
        "images": [
            {"id": 1, "file_name": "2.png", "width": 400, "height": 300, "license": 5},
            {"id": 2, "file_name": "a-gate/1.jpg", "width": 400, "height": 300, "license": 6},
        ],
        "licenses": [
            {"id": 5, "name": "by", "url": "http://creativecommons.org/licenses/by/4.0/"},
            {"id": 6, "name": "Somebody's", "url": ""},
        ],
        "categories": [{"id": 1, "name": "a-gate"}, {"id": 2, "name": "car"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [-5.2, 10.4, 100, 5000]},
            {"id": 2, "image_id": 2, "category_id": 2, "bbox": [1, 2, 30, 40]},
        ],
        **changes,
    }


def test_import_images_from_coco_suggests_boxes(capsys, folder):
    gate = LandmarkFactory(slug="a-gate")
    (folder / "coco.json").write_text(json.dumps(coco(folder)))

    code, report = imported(capsys, "spring", folder / "coco.json")

    assert code == 1
    assert report["refused"] == [
        {"file": "image 2 a-gate/1.jpg", "reason": f"unknown_license: Somebody's; {known_codes()}"}
    ]
    image = AnnotationImage.objects.get()
    assert (image.landmark, image.license.code) == (gate, "CC-BY-4.0")
    assert image.suggestion == [0, 10, 95, 290]


def test_import_images_from_coco_lists_what_it_does_not_know(capsys, folder):
    (folder / "coco.json").write_text(json.dumps(coco(folder, licenses=[])))

    code, report = imported(capsys, "spring", folder / "coco.json", *LICENSE)

    assert (code, report["added"]) == (0, 2)
    assert report["unknown_categories"] == ["a-gate", "car"]
    # The picture stands upright now: a box of the lying one would be wrong.
    assert report["suggestions_left_out"] == 1
    turned_image = AnnotationImage.objects.get(name="a-gate/1.jpg")
    assert turned_image.suggestion is None
    assert turned_image.license.code == "OWN"


def test_import_images_uses_the_coco_file_in_a_zip(capsys, folder, tmp_path):
    (folder / "annotations").mkdir()
    (folder / "annotations" / "instances.json").write_text(
        json.dumps(coco(folder, licenses=[], images=[{"id": 1, "file_name": "1.jpg"}]))
    )

    _, report = imported(capsys, "spring", packed(folder, tmp_path / "a.zip"), *LICENSE)

    assert (report["added"], report["refused"]) == (1, [])
    assert AnnotationImage.objects.get().name == "a-gate/1.jpg"


def test_import_images_goes_on_where_it_was_stopped(capsys, folder, monkeypatch):
    for number in range(3, 6):
        (folder / f"{number}.png").write_bytes(encoded(colour=(number, 0, 0), format="PNG"))
    monkeypatch.setattr(importing, "MOST_AT_ONCE", 1)
    real = importing.prepare_picture
    seen = []

    def stopping(content, **bounds):
        seen.append(content)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return real(content, **bounds)

    monkeypatch.setattr(importing, "prepare_picture", stopping)
    with pytest.raises(KeyboardInterrupt):
        call_command("import_images", "spring", str(folder), *LICENSE)

    _, report = imported(capsys, "spring", folder, *LICENSE)

    assert (report["resumed_after"], report["added"], report["unchanged"]) == (2, 5, 0)
    assert len(report["refused"]) == 1
    assert len(seen) == 6
    assert ImageImport.objects.count() == 1


def test_import_images_begins_anew_when_the_folder_changed_meanwhile(capsys, folder, monkeypatch):
    monkeypatch.setattr(importing, "MOST_AT_ONCE", 1)
    run = ImageImport.objects.create(
        kind="folder",
        source=str(folder.resolve()),
        dataset=DatasetFactory(name="spring"),
        options={"license": "OWN", "landmark": "", "credit": ""},
        position=1,
        last_name="was-here.jpg",
        created_at="2026-01-01T00:00Z",
    )

    _, report = imported(capsys, "spring", folder, *LICENSE)

    assert (report["import"], report["added"]) == (run.pk, 2)
    run.refresh_from_db()
    assert run.position == 3


def test_import_images_takes_aihub_into_a_dataset(capsys, tmp_path):
    from tests.annotation.commands.test_import_aihub import SAMPLE

    labels = tmp_path / "[라벨]강원도"
    labels.mkdir()
    (labels / "1.json").write_text(json.dumps(SAMPLE))
    dataset = DatasetFactory()

    code, report = imported(capsys, dataset.pk, tmp_path)

    assert (code, report["dataset"], report["added"]) == (0, dataset.pk, 1)
    assert Dataset.objects.count() == 1


def test_import_images_writes_every_refused_file(capsys, folder, tmp_path):
    (folder / "=1+1.jpg").write_bytes(b"no picture")

    imported(capsys, "spring", folder, *LICENSE, "--report", tmp_path / "bad.csv")

    with (tmp_path / "bad.csv").open(newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows == [
        ["file", "reason"],
        ["'=1+1.jpg", "unsupported_type"],
        ["note.txt", "unsupported_type"],
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["999", "{folder}"],
        ["spring", "{folder}/nowhere"],
        ["spring", "{folder}/note.txt"],
        ["spring", "{folder}", "--license", "NONE"],
        ["spring", "{folder}", "--landmark", "nowhere"],
        ["spring", "{folder}", "--images", "nowhere"],
        ["spring", "{folder}/2.png", "--kind", "archive"],
        ["spring", "{folder}/note.txt", "--kind", "coco"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_import_images_does_nothing_when_it_cannot_begin(folder, arguments):
    with pytest.raises(CommandError) as refused:
        call_command("import_images", *[each.format(folder=folder) for each in arguments])

    assert refused.value.returncode == 2
    assert not AnnotationImage.objects.exists()
