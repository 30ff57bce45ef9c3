import hashlib
import json
from collections import Counter

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from apps.catalogue.models import Landmark, License, Photo
from apps.operations.models import AuditEntry
from apps.recognition.models import PhotoEmbedding, ReferenceIndex
from tests.factories.catalogue import LandmarkFactory
from tests.pictures import encoded, scene

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def folder(tmp_path):
    """Two places with photos, a text among them, and a folder nobody knows."""
    for kind in ("tower", "gate"):
        LandmarkFactory(slug=kind)
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for seed in range(3):
            path = tmp_path / "photos" / kind / f"{seed}.jpg"
            path.write_bytes(encoded(scene(kind, seed)))
    return tmp_path / "photos"


def run(capsys, *arguments: str) -> tuple[int, dict]:
    code = 0
    try:
        call_command(*arguments)
    except SystemExit as exit:
        code = exit.code
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_import_photos_adds_references_and_repeating_changes_nothing(folder, capsys):
    command = ("import_photos", str(folder), "--license", "OWN", "--credit", "Us", "--reference")

    assert run(capsys, *command) == (0, {"added": 6, "unchanged": 0, "refused": []})
    assert run(capsys, *command) == (0, {"added": 0, "unchanged": 6, "refused": []})

    photo = Photo.objects.references().first()
    assert (photo.credit, photo.license.code, photo.width) == ("Us", "OWN", 320)
    assert default_storage.exists(photo.file.name)
    entries = AuditEntry.objects.filter(subject_type="catalogue.photo", action="created")
    assert list(entries.values_list("by_name", flat=True)) == ["import_photos"] * 6


def test_import_photos_refuses_bad_files_with_a_reason_and_keeps_the_good(folder, capsys):
    (folder / "gate" / "note.jpg").write_text("not a photo, but long enough to be read as one")
    (folder / "nowhere").mkdir()
    (folder / "nowhere" / "1.jpg").write_bytes(encoded(scene("gate", 9)))

    code, report = run(capsys, "import_photos", str(folder), "--license", "OWN")

    assert (code, report["added"]) == (1, 6)
    assert {entry["file"]: entry["reason"] for entry in report["refused"]} == {
        "gate/note.jpg": "unsupported_type",
        "nowhere/1.jpg": "there is no landmark 'nowhere'",
    }


def test_import_photos_of_no_landmark(folder, capsys):
    run(capsys, "import_photos", str(folder), "--license", "OWN", "--no-landmark")

    assert Photo.objects.nonlandmarks().count() == 6
    assert not Photo.objects.references().exists()


def test_a_license_that_forbids_training_gives_no_reference(folder):
    with pytest.raises(CommandError, match="forbids training"):
        call_command("import_photos", str(folder), license_code="KOGL-3", reference=True)
    with pytest.raises(CommandError, match=r"There is no license 'NONE'\. Known: CC-BY"):
        call_command("import_photos", str(folder), license_code="NONE")


def test_build_reference_index_describes_only_new_photos(folder, capsys, model_settings):
    run(capsys, "import_photos", str(folder), "--license", "OWN", "--reference")
    code, first = run(capsys, "build_reference_index")
    kept = set(PhotoEmbedding.objects.values_list("pk", flat=True))
    (folder / "gate" / "new.jpg").write_bytes(encoded(scene("gate", 50)))
    run(capsys, "import_photos", str(folder), "--license", "OWN", "--reference")

    _, second = run(capsys, "build_reference_index")

    assert (code, first["model"], first["version"], first["references"]) == (
        0,
        "landmarks-tiny",
        1,
        6,
    )
    assert (second["version"], second["references"]) == (2, 7)
    assert kept < set(PhotoEmbedding.objects.values_list("pk", flat=True))
    assert ReferenceIndex.objects.get(active=True).version == 2


def test_build_reference_index_without_references_says_what_to_do(capsys, model_settings):
    code, report = run(capsys, "build_reference_index")

    assert code == 2
    assert "import_photos --reference" in report["error"]


def test_seed_demo_adds_everything_once_and_takes_it_away(capsys, model_settings):
    code, added = run(capsys, "seed_demo")
    _, again = run(capsys, "seed_demo")

    assert code == 0
    assert added == {
        "landmarks": 113,
        "articles": 226,
        "photos": 270,
        "routes": 5,
        "practice": 48,
        "refused": [],
    }
    assert again == {
        "landmarks": 0,
        "articles": 0,
        "photos": 0,
        "routes": 0,
        "practice": 0,
        "refused": [],
    }
    assert Landmark.objects.published().count() == 113
    assert set(Photo.objects.values_list("source", flat=True)) == {"gilnun-demo"}
    assert License.objects.get(code="CC0-1.0").photos.count() == 270
    assert ReferenceIndex.objects.get(active=True).references == 96
    of_tower = Photo.objects.filter(landmark__slug="n-seoul-tower")
    assert (of_tower.count(), of_tower.references().count()) == (20, 8)
    # What recognition is tried with is in no catalogue.
    samples = (settings.DEMO_PICTURES_DIR / "samples").rglob("*.jpg")
    tried = {hashlib.sha256(path.read_bytes()).hexdigest() for path in samples}
    assert not tried & set(Photo.objects.values_list("sha256", flat=True))
    told = Photo.objects.exclude(landmark=None)
    assert not told.without_texts().exists()
    assert not any("{" in photo.alt_texts["en"] + photo.captions["ko"] for photo in told)

    call_command("seed_demo", remove=True)

    assert not Landmark.objects.exists()
    assert not Photo.objects.exists()
    assert not ReferenceIndex.objects.filter(active=True).exists()
    gone = AuditEntry.objects.filter(by_name="seed_demo", action="deleted")
    kinds = Counter(gone.values_list("subject_type", flat=True))
    counts = {"catalogue.landmark": 113, "catalogue.photo": 270, "guide.route": 5}
    assert {kind: kinds[kind] for kind in counts} == counts


def test_seed_demo_remove_keeps_a_place_that_has_photos_of_its_own(capsys, model_settings):
    run(capsys, "seed_demo")
    own = Photo.objects.references().filter(landmark__slug="sungnyemun")
    Photo.objects.filter(pk=own.first().pk).update(source="our camera")

    call_command("seed_demo", remove=True)

    assert list(Landmark.objects.values_list("slug", flat=True)) == ["sungnyemun"]
    assert ReferenceIndex.objects.get(active=True).references == 1
