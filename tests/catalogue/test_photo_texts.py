"""What photos show, in words: kept with them, asked for before anybody sees them."""

import csv
import json
from importlib import import_module
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.translation import override

from apps.catalogue.models import Landmark, Photo, Region
from tests.factories.catalogue import LandmarkFactory, LicenseFactory, PhotoFactory
from tests.operations.forms import fields_of
from tests.operations.test_audit import form_of
from tests.pictures import encoded, picture

pytestmark = pytest.mark.django_db
BOTH = {"ko": "돌탑", "en": "Stone tower"}
COLUMNS = ["file", "alt_ko", "alt_en", "caption_ko", "caption_en"]


@pytest.fixture
def draft():
    return LandmarkFactory(
        slug="tower", state="draft", names={"ko": "탑", "en": "Tower"}, region=_district()
    )


def _district() -> Region:
    return Region.objects.create(code="tower-gu", parent=Region.objects.get(code="KR-11"))


@pytest.mark.parametrize(
    ("texts", "lacks"),
    [
        ({"alt_texts": {}, "captions": {}}, "alternative text (Korean, English), caption (Kor"),
        ({"alt_texts": {"ko": "돌탑"}, "captions": BOTH}, "lacks: alternative text (English)"),
        ({"alt_texts": BOTH, "captions": {"en": "Tower"}}, "lacks: caption (Korean)"),
    ],
)
def test_the_form_publishes_no_landmark_whose_photo_nobody_described(staff, draft, texts, lacks):
    photo = PhotoFactory(landmark=draft, **texts)
    address = f"/admin/catalogue/landmark/{draft.pk}/change/"

    page = staff.post(address, form_of(draft, state="published")).content.decode()

    assert f"photo {str(photo.pk)[:8]} lacks:" in page and lacks in page
    assert f"/admin/catalogue/photo/{photo.pk}/change/" in page
    draft.refresh_from_db()
    assert draft.state == Landmark.State.DRAFT

    Photo.objects.update(alt_texts=BOTH, captions=BOTH)
    staff.post(address, form_of(draft, state="published"))
    draft.refresh_from_db()
    assert draft.state == Landmark.State.PUBLISHED


def test_a_photo_that_nobody_sees_keeps_nothing_from_the_public(staff, draft):
    hidden = LicenseFactory(code="HIDDEN", may_show=False)
    PhotoFactory(landmark=draft, license=hidden, alt_texts={}, captions={})

    staff.post(f"/admin/catalogue/landmark/{draft.pk}/change/", form_of(draft, state="published"))

    draft.refresh_from_db()
    assert draft.state == Landmark.State.PUBLISHED


def test_publishing_many_names_the_photo_and_leaves_the_landmark_out(staff, draft):
    photo = PhotoFactory(landmark=draft, alt_texts={}, captions={})
    chosen = {"keys": str(draft.pk), "state": "published"}

    page = staff.post("/admin/catalogue/landmark/bulk/", chosen).content.decode()
    staff.post("/admin/catalogue/landmark/bulk/", chosen | {"apply": "1"})

    assert f"photo {str(photo.pk)[:8]} lacks" in page
    draft.refresh_from_db()
    assert draft.state == Landmark.State.DRAFT


def test_the_upload_takes_the_texts(staff, draft):
    license = LicenseFactory(code="CC0-1.0")
    texts = {"alt_texts_ko": " 돌탑 ", "alt_texts_en": "Stone tower", "captions_ko": "남쪽"}
    file = SimpleUploadedFile("a.jpg", encoded(picture(), "JPEG"))
    page = staff.get(f"/admin/catalogue/landmark/{draft.pk}/photos/").content.decode()
    assert 'aria-label="alternative text, Korean"' in page
    assert 'aria-label="caption, English"' in page

    staff.post(
        f"/admin/catalogue/landmark/{draft.pk}/photos/",
        {"license": license.pk, "photo": file, **texts},
    )

    photo = Photo.objects.get()
    assert (photo.alt_texts, photo.captions) == (BOTH, {"ko": "남쪽"})


def test_a_photo_of_a_public_landmark_keeps_its_texts(staff):
    photo = PhotoFactory(landmark=LandmarkFactory())
    address = f"/admin/catalogue/photo/{photo.pk}/change/"
    fields = fields_of(staff.get(address), "photo_form")

    refused = staff.post(address, fields | {"alt_texts_en": ""}).content.decode()
    staff.post(address, fields | {"alt_texts_en": "A tower of stone"})

    assert "This photo is public: please write this also in English." in refused
    photo.refresh_from_db()
    assert photo.alt_texts == {"ko": "돌로 쌓은 탑", "en": "A tower of stone"}


def test_many_photos_are_described_at_once_in_every_language_and_undone(staff, draft):
    photos = PhotoFactory.create_batch(2, landmark=draft, alt_texts={}, captions={})
    keys = ",".join(str(photo.pk) for photo in photos)
    half = {"keys": keys, "alt_texts_ko": "돌탑", "apply": "1"}

    refused = staff.post("/admin/catalogue/photo/bulk/", half).content.decode()
    done = staff.post(
        "/admin/catalogue/photo/bulk/", half | {"alt_texts_en": "Stone tower"}, follow=True
    )

    assert "Please write it in every language, or in none." in refused
    assert [photo.alt_texts for photo in Photo.objects.all()] == [BOTH, BOTH]
    assert [photo.captions for photo in Photo.objects.all()] == [{}, {}]
    page = done.content.decode()
    staff.post(page[page.index("/admin/catalogue/photo/undo/") :].split('"')[0])
    assert [photo.alt_texts for photo in Photo.objects.all()] == [{}, {}]


def test_staff_find_what_is_not_described_yet(staff, draft):
    bare = PhotoFactory(landmark=draft, alt_texts=BOTH, captions={"ko": "탑"})
    told = PhotoFactory(landmark=LandmarkFactory())

    photos = staff.get("/admin/catalogue/photo/?texts=missing").content.decode()
    places = staff.get("/admin/catalogue/landmark/?needs=texts").content.decode()

    assert str(bare.pk) in photos and str(told.pk) not in photos
    assert f"/{draft.pk}/change/" in places and f"/{told.landmark_id}/change/" not in places


def test_an_import_reads_the_texts_beside_the_pictures(draft, tmp_path):
    folder = tmp_path / "tower"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(encoded(picture(), "JPEG"))
    LicenseFactory(code="CC0-1.0")
    with (tmp_path / "texts.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerow(["tower/a.jpg", "{name}의 돌", "Stones of {name}", "남쪽", ""])

    out = StringIO()
    call_command("import_photos", str(tmp_path), license_code="CC0-1.0", stdout=out)

    assert json.loads(out.getvalue()) == {"added": 1, "unchanged": 0, "refused": []}
    photo = Photo.objects.get()
    assert photo.alt_texts == {"ko": "탑의 돌", "en": "Stones of Tower"}
    assert photo.captions == {"ko": "남쪽"}


@pytest.mark.parametrize("content", [b"name,alt_ko\na.jpg,x\n", b"file\n\xff\xfe\n"])
def test_texts_that_cannot_be_read_are_named_before_anything_is_taken(draft, tmp_path, content):
    LicenseFactory(code="CC0-1.0")
    (tmp_path / "texts.csv").write_bytes(content)

    with pytest.raises(CommandError, match=r"texts\.csv"):
        call_command("import_photos", str(tmp_path), license_code="CC0-1.0")


def test_a_photo_that_comes_to_a_public_page_says_at_least_whose_it_is(tmp_path):
    LandmarkFactory(slug="gate", names={"ko": "문", "en": "Gate"})
    LicenseFactory(code="CC0-1.0")
    folder = tmp_path / "gate"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(encoded(picture(), "JPEG"))

    call_command("import_photos", str(tmp_path), license_code="CC0-1.0", stdout=StringIO())

    photo = Photo.objects.get()
    assert photo.alt_texts == {"ko": "문 사진", "en": "Photo of Gate"}
    assert photo.captions == {"ko": "문", "en": "Gate"}


@pytest.mark.parametrize(
    ("path", "alt", "caption"),
    [
        ("", "돌로 쌓은 &quot;탑&quot;", "남쪽에서 본 탑"),
        ("/en", "A stone tower", "From the south"),
    ],
)
def test_the_page_says_what_a_photo_shows_in_its_own_language(client, path, alt, caption):
    photo = PhotoFactory(
        landmark=LandmarkFactory(slug="tower"),
        alt_texts={"ko": '돌로 쌓은 "탑"', "en": "A stone tower"},
    )

    page = client.get(f"{path}/landmarks/tower/").content.decode()

    assert f'alt="{alt}"' in page
    assert f'<span class="picture-caption">{caption}</span>' in page
    assert f'"caption": "{caption}"' in page or f'"caption":"{caption}"' in page
    with override("en"):
        assert photo.alt == "A stone tower"


def test_new_words_make_a_new_version_of_the_page(client):
    photo = PhotoFactory(landmark=LandmarkFactory(slug="tower"))
    before = client.get("/landmarks/tower/")["ETag"]

    Photo.objects.filter(pk=photo.pk).update(captions=BOTH)

    assert client.get("/landmarks/tower/")["ETag"] != before


def test_photos_that_were_there_say_whose_they_are():
    gate = LandmarkFactory(slug="gate", names={"ko": "문", "en": "Gate"})
    korean = LandmarkFactory(slug="wall", names={"ko": "성벽"})
    PhotoFactory(landmark=gate, alt_texts={}, captions={})
    PhotoFactory(landmark=korean, source="gilnun-demo", alt_texts={}, captions={})
    PhotoFactory(landmark=None, shows_no_landmark=True, alt_texts={}, captions={})

    with connection.cursor() as cursor:
        cursor.execute(import_module("apps.catalogue.migrations.0022_photo_texts").DESCRIBE)

    told = {photo.landmark and photo.landmark.slug: photo for photo in Photo.objects.all()}
    assert told["gate"].alt_texts == {"ko": "문 사진", "en": "Photo of Gate"}
    assert told["gate"].captions == {"ko": "문", "en": "Gate"}
    assert told["wall"].alt_texts == {"ko": "성벽 그림", "en": "Drawing of 성벽"}
    assert told[None].alt_texts == {}
