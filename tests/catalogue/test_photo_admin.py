import io
import re
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from apps.accounts.models import User
from apps.catalogue.models import License, Photo, PhotoPreset
from apps.catalogue.renditions import each_due
from apps.operations.models import AuditEntry
from apps.operations.stored_files import remove_discarded
from tests.catalogue.test_renditions import photo_of
from tests.factories.catalogue import LandmarkFactory, LicenseFactory, PhotoFactory
from tests.pictures import encoded, picture, scene

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIST = "/admin/catalogue/photo/"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("editor", password="long enough to be one"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def preset() -> PhotoPreset:
    return PhotoPreset.objects.create(
        name="Kim, weekly walk",
        license=License.objects.get(code="CC-BY-4.0"),
        author="Kim",
        credit="Photo: Kim",
        source="contributor",
    )


def upload(name: str = "a.jpg", image: Image.Image | None = None, **options) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, encoded(image or scene("gate", 1), "JPEG", **options))


def sent(photo: Photo, **changes) -> dict:
    """Return what the form of a photo sends."""
    return {
        "landmark": photo.landmark_id,
        "license": photo.license_id,
        "author": photo.author,
        "credit": photo.credit,
        "source": photo.source,
        "source_url": photo.source_url,
        "focal_x": photo.focal_x,
        "focal_y": photo.focal_y,
        **{f"{name}_{code}": "Gate" for name in ("alt_texts", "captions") for code in ("ko", "en")},
    } | changes


def test_a_preset_says_what_is_left_empty(staff, preset):
    address = f"/admin/catalogue/landmark/{LandmarkFactory().pk}/photos/"

    staff.post(address, {"preset": preset.pk, "photo": upload()})
    staff.post(address, {"preset": preset.pk, "credit": "Kim and Lee", "photo": upload(quality=50)})

    first, second = Photo.objects.order_by("created_at")
    assert (first.license.code, first.author, first.credit, first.source) == (
        "CC-BY-4.0",
        "Kim",
        "Photo: Kim",
        "contributor",
    )
    assert second.credit == "Kim and Lee"


def test_without_license_and_preset_nothing_is_taken(staff):
    address = f"/admin/catalogue/landmark/{LandmarkFactory().pk}/photos/"

    answer = staff.post(
        address, {"credit": "x", "photo": upload()}, headers={"Accept": "application/json"}
    )

    assert answer.status_code == 422
    assert "choose a license" in answer.json()["errors"][0]
    assert not Photo.objects.exists()


def test_the_author_is_the_credit_where_none_is_given(staff):
    address = f"/admin/catalogue/landmark/{LandmarkFactory().pk}/photos/"
    license = License.objects.get(code="CC-BY-4.0")

    staff.post(address, {"license": license.pk, "author": "Kim", "photo": upload()})

    assert Photo.objects.get().credit == "Kim"


def test_an_upload_says_which_photo_it_looks_like(staff):
    known = photo_of(scene("gate", 1), landmark=LandmarkFactory(names={"ko": "숭례문"}))
    address = f"/admin/catalogue/landmark/{LandmarkFactory().pk}/photos/"
    license = License.objects.get(code="CC0-1.0")

    answer = staff.post(
        address,
        {"license": license.pk, "photo": upload(quality=60)},
        headers={"Accept": "application/json"},
    )

    [result] = answer.json()["results"]
    assert result["stored"]
    assert result["link"] == {
        "text": "숭례문",
        "address": f"/admin/catalogue/photo/{known.pk}/change/",
    }
    page = staff.get(f"{LIST}alike/").content.decode()
    assert "숭례문" in page
    new = Photo.objects.exclude(pk=known.pk).get()
    assert str(known.pk) in staff.get(f"{LIST}{new.pk}/change/").content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "٣", "999999999999"])
def test_any_page_of_alike_photos_is_answered(staff, page):
    assert staff.get(f"{LIST}alike/", {"page": page}).status_code == 200


def test_the_focal_point_is_set_in_the_form_and_the_renditions_follow(staff):
    photo = photo_of(picture((900, 300)))
    list(each_due())
    former = Photo.objects.get().renditions_key

    answer = staff.post(f"{LIST}{photo.pk}/change/", sent(photo, focal_x="0.9", focal_y="0.25"))

    assert answer.status_code == 302
    photo.refresh_from_db()
    assert (photo.focal_x, photo.focal_y, photo.renditions_due) == (0.9, 0.25, True)
    list(each_due())
    assert Photo.objects.get().renditions_key not in ("", former)


@pytest.mark.parametrize("value", ["1.5", "-0.1", "nan", "left"])
def test_a_focal_point_outside_the_picture_is_refused(staff, value):
    photo = photo_of(picture())

    answer = staff.post(f"{LIST}{photo.pk}/change/", sent(photo, focal_x=value))

    assert answer.status_code == 200
    assert Photo.objects.get().focal_x == 0.5


def test_the_form_offers_the_picture_for_a_click(staff):
    photo = photo_of(picture())

    page = staff.get(f"{LIST}{photo.pk}/change/").content.decode()

    assert "<focal-point>" in page
    assert "js/catalogue/focal-point.js" in page
    assert "They are made in the background." in page


def test_lists_show_a_small_version(staff):
    photo = photo_of(picture((1500, 900)))
    list(each_due())

    for query, width in (("", 1500), ("?small", 320)):
        answer = staff.get(f"{LIST}{photo.pk}/picture.jpg{query}")
        assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).width == width


def test_many_photos_get_a_preset_with_preview_and_undo(staff, preset):
    photos = [PhotoFactory() for _ in range(3)]
    keys = ",".join(str(photo.pk) for photo in photos)
    form = {"keys": keys, "preset": preset.pk, "source": "archive"}

    preview = staff.post(f"{LIST}bulk/", form).content.decode()
    assert "Photo: Kim" in preview
    assert not Photo.objects.exclude(credit="").exists()

    staff.post(f"{LIST}bulk/", form | {"apply": "1"})
    changed = Photo.objects.filter(license=preset.license, author="Kim", credit="Photo: Kim")
    assert changed.filter(source="archive").count() == 3
    batch = AuditEntry.objects.exclude(batch=None).first().batch

    staff.post(f"{LIST}undo/{batch}/")
    assert Photo.objects.filter(author="", credit="", license__code="CC0-1.0").count() == 3


def test_a_license_that_asks_for_a_credit_is_not_given_to_photos_without(staff):
    license = License.objects.get(code="CC-BY-4.0")
    bare, credited = PhotoFactory(), PhotoFactory(credit="Lee")
    form = {"keys": f"{bare.pk},{credited.pk}", "license": license.pk, "apply": "1"}

    staff.post(f"{LIST}bulk/", form)

    assert Photo.objects.get(pk=credited.pk).license == license
    assert Photo.objects.get(pk=bare.pk).license != license


def test_what_may_not_train_does_not_become_a_reference_in_bulk(staff):
    strict = LicenseFactory(code="NO-TRAINING", may_show=True, may_train=False, needs_credit=False)
    photo = PhotoFactory(license=strict)

    staff.post(f"{LIST}bulk/", {"keys": str(photo.pk), "reference": "yes", "apply": "1"})

    assert not Photo.objects.get(pk=photo.pk).reference


def test_renditions_are_made_again_where_staff_ask_for_it(staff):
    photo = photo_of(picture())
    Photo.objects.update(renditions_due=False, renditions_error="The file is missing.")
    assert str(photo.pk) in staff.get(f"{LIST}?renditions=failed").content.decode()

    staff.post(LIST, {"action": "make_renditions_again", "_selected_action": [str(photo.pk)]})

    photo.refresh_from_db()
    assert (photo.renditions_due, photo.renditions_error) == (True, "")


def test_many_photos_are_deleted_with_their_files(staff):
    for number in range(3):
        photo_of(picture((90 + number, 90)))
    list(each_due())
    photos = list(Photo.objects.all())
    names = [name for photo in photos for name in (photo.file.name, *photo.rendition_names())]
    chosen = [str(photo.pk) for photo in photos]

    staff.post(LIST, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    remove_discarded(at=timezone.now() + timedelta(days=8))

    assert not Photo.objects.exists()
    assert not any(default_storage.exists(name) for name in names)
    assert AuditEntry.objects.filter(action="deleted").count() == 3


def test_renditions_that_end_meanwhile_are_no_conflict_of_two_editors(staff):
    photo = photo_of(picture())
    page = staff.get(f"{LIST}{photo.pk}/change/")
    opened_on = re.findall(r'name="(version)" value="([^"]*)"', page.content.decode())
    assert opened_on
    list(each_due())

    answer = staff.post(f"{LIST}{photo.pk}/change/", sent(photo, credit="Lee") | dict(opened_on))

    assert answer.status_code == 302
    assert Photo.objects.get().credit == "Lee"


def test_a_landmark_is_not_published_while_a_photo_lacks_its_credit(staff):
    license = License.objects.get(code="CC-BY-4.0")
    landmark = LandmarkFactory(state="draft")
    photo = PhotoFactory(landmark=landmark, license=license)
    form = {"keys": str(landmark.pk), "state": "published", "apply": "1"}

    page = staff.post("/admin/catalogue/landmark/bulk/", form, follow=True).content.decode()
    landmark.refresh_from_db()
    assert landmark.state == "draft"
    assert "stayed as it was" in page

    Photo.objects.filter(pk=photo.pk).update(credit="Kim")
    # The region of the factory is a whole province, which is another reason.
    preview = staff.post(
        "/admin/catalogue/landmark/bulk/", {key: form[key] for key in ("keys", "state")}
    ).content.decode()
    assert "lacks the credit" not in preview


def test_photos_without_their_credit_are_shown_to_nobody(client):
    photo = PhotoFactory(license=License.objects.get(code="CC-BY-4.0"))

    assert photo.url not in client.get(photo.landmark.get_absolute_url()).content.decode()
    Photo.objects.update(credit="Kim")
    page = client.get(photo.landmark.get_absolute_url()).content.decode()
    assert photo.url in page
    assert "Kim" in page
