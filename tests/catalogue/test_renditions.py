import io
import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from apps.accounts.models import User
from apps.catalogue import pixels
from apps.catalogue.models import License, Photo
from apps.catalogue.photos import attach_photo, photo_bounds
from apps.catalogue.pictures import prepare
from apps.catalogue.renditions import ask_for_renditions, each_due, make_due_renditions
from apps.operations.audit import record_deletion
from apps.operations.jobs import TryLater
from apps.operations.models import AuditEntry, DiscardedFile, Job
from apps.operations.reverting import restore_deleted
from apps.operations.stored_files import remove_discarded
from tests.factories.catalogue import LandmarkFactory, LicenseFactory
from tests.pictures import encoded, picture

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FREE = "CC0-1.0"


def photo_of(image: Image.Image, *, license: str | License = FREE, **values) -> Photo:
    """Store a picture the way an upload does."""
    if isinstance(license, str):
        license = License.objects.get(code=license)
    made = prepare(io.BytesIO(encoded(image, "PNG")), name="a.png", bounds=photo_bounds(license))
    landmark = values.pop("landmark", None) or LandmarkFactory()
    photo, _ = attach_photo(
        landmark=landmark,
        content=made.content,
        sha256=made.sha256,
        license=license,
        source="test",
        at=timezone.now(),
        **values,
    )
    return photo


def completed(photo: Photo) -> Photo:
    assert list(each_due())
    photo = Photo.objects.get(pk=photo.pk)
    assert photo.renditions_error == ""
    assert not photo.renditions_due
    return photo


def opened(name: str) -> Image.Image:
    with default_storage.open(name) as file:
        image = Image.open(io.BytesIO(file.read()))
    assert not image.getexif()
    return image.convert("RGB")


def answer_to(client, address: str) -> int:
    answer = client.get(address)
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    return answer.status_code


def test_fixed_sizes_in_three_formats_are_made_and_never_enlarged():
    photo = completed(photo_of(picture((1500, 1000))))

    assert photo.renditions == {
        "whole": [[320, 213], [640, 427], [1280, 853], [1500, 1000]],
        "card": [[320, 320], [640, 640]],
    }
    for name in photo.rendition_names():
        _shape, width = name.split("/")[-1].split(".")[0].split("-")
        image = opened(name)
        assert image.width == int(width)
        upper_left = image.getpixel((5, 5))
        assert upper_left == pytest.approx((255, 165, 0), abs=24), name


def test_a_small_picture_has_one_size_its_own():
    photo = completed(photo_of(picture((200, 150))))

    assert photo.renditions == {"whole": [[200, 150]], "card": [[150, 150]]}


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (300, [300]),
        (320, [320]),
        (340, [320]),
        (640, [320, 640]),
        (1000, [320, 640, 1000]),
        (1919, [320, 640, 1280, 1919]),
        (4000, [320, 640, 1280, 1920]),
    ],
)
def test_widths(width, expected):
    assert pixels.steps(width, [320, 640, 1280, 1920]) == expected


def test_a_card_is_cropped_around_the_focal_point():
    """The orange quarter lies at the upper left: a crop to the left shows it alone."""
    photo = photo_of(picture((1200, 400)), reference=False)
    Photo.objects.filter(pk=photo.pk).update(focal_x=0.0, focal_y=0.5)

    left = completed(photo)
    assert opened(left.rendition_name("card", 320, "jpg")).getpixel((300, 20))[0] > 200

    Photo.objects.filter(pk=photo.pk).update(focal_x=1.0)
    right = completed(photo)
    assert opened(right.rendition_name("card", 320, "jpg")).getpixel((20, 20))[0] < 60
    assert right.renditions_key != left.renditions_key


def test_former_renditions_are_removed_once_the_new_ones_count():
    first = completed(photo_of(picture((700, 300))))
    Photo.objects.filter(pk=first.pk).update(focal_x=0.1)

    second = completed(first)
    remove_discarded()

    assert not any(default_storage.exists(name) for name in first.rendition_names())
    assert all(default_storage.exists(name) for name in second.rendition_names())


def test_a_focal_point_moved_there_and_back_keeps_the_files_of_its_renditions():
    first = completed(photo_of(picture((700, 300))))
    Photo.objects.filter(pk=first.pk).update(focal_x=0.1)
    completed(first)
    Photo.objects.filter(pk=first.pk).update(focal_x=0.5)

    last = completed(first)
    remove_discarded()

    assert last.renditions_key == first.renditions_key
    assert all(default_storage.exists(name) for name in last.rendition_names())


def test_a_license_that_forbids_changes_gets_the_picture_whole_and_nothing_else():
    strict = LicenseFactory(code="NO-CHANGES", may_show=True, may_modify=False, needs_credit=False)

    photo = completed(photo_of(picture((5000, 300)), license=strict))

    assert (photo.width, photo.height) == (5000, 300)
    assert photo.renditions == {}
    assert photo.sources("card") == photo.sources("whole") == []


def test_a_photo_of_another_license_is_kept_at_most_so_large():
    assert photo_of(picture((5000, 300))).width == 4096


def test_renditions_go_when_the_license_no_longer_allows_them():
    made = completed(photo_of(picture((700, 300))))
    License.objects.filter(code=FREE).update(may_modify=False)
    assert Photo.objects.get().sizes_of("whole") == []

    photo = completed(made)
    remove_discarded()

    assert photo.renditions_key == ""
    assert not any(default_storage.exists(name) for name in made.rendition_names())


def test_pictures_that_nobody_is_shown_get_none():
    hidden = LicenseFactory(code="HIDDEN", may_show=False, may_modify=True)

    assert completed(photo_of(picture(), license=hidden)).renditions == {}


def test_a_missing_file_ends_the_photos_turn_with_a_reason():
    photo, other = photo_of(picture()), photo_of(picture((90, 90)))
    default_storage.delete(photo.file.name)

    list(each_due())

    photo.refresh_from_db()
    other.refresh_from_db()
    assert photo.renditions_error == "The file is missing."
    assert not photo.renditions_due
    assert other.renditions_key


def test_a_file_that_is_no_picture_any_more_ends_with_a_reason():
    photo = photo_of(picture())
    default_storage.delete(photo.file.name)
    photo.file.save("a.jpg", ContentFile(b"\xff\xd8\xff nothing"))

    list(each_due())

    photo.refresh_from_db()
    assert not photo.renditions_due
    assert photo.renditions_error


def test_a_change_while_they_are_made_makes_them_due_again(monkeypatch):
    photo = photo_of(picture((400, 300)))
    from apps.catalogue import renditions

    real = renditions.render

    def slow(content, *, focal):
        made = real(content, focal=focal)
        Photo.objects.filter(pk=photo.pk, focal_x=0.5).update(focal_x=0.9)
        return made

    monkeypatch.setattr(renditions, "render", slow)
    turns = len(list(each_due()))

    photo.refresh_from_db()
    assert turns == 2
    assert not photo.renditions_due
    assert default_storage.exists(photo.rendition_names()[0])


def test_the_job_is_added_once_and_ends_when_nothing_is_due(django_capture_on_commit_callbacks):
    assert not ask_for_renditions()
    photo_of(picture())

    assert ask_for_renditions()
    assert not ask_for_renditions()
    assert make_due_renditions("photos") is None
    assert Photo.objects.get().renditions_key
    Job.objects.update(state="done", finished_at=timezone.now(), lease_until=None)
    assert not ask_for_renditions()


def test_many_photos_leave_room_for_other_jobs(monkeypatch):
    monkeypatch.setattr("apps.catalogue.renditions.SECONDS_AT_ONCE", 0.0)
    for size in (70, 80, 90):
        photo_of(picture((size, size)))

    for left in (2, 1):
        with pytest.raises(TryLater):
            make_due_renditions("photos")
        assert Photo.objects.filter(renditions_due=True).count() == left


@pytest.mark.R9
def test_a_storage_that_is_away_puts_the_job_off(monkeypatch):
    photo_of(picture())
    monkeypatch.setattr(
        "apps.catalogue.renditions._save", lambda *_: (_ for _ in ()).throw(OSError("away"))
    )

    with pytest.raises(TryLater, match="away"):
        make_due_renditions("photos")

    assert Photo.objects.get().renditions_due


def test_deleted_photos_take_their_files_along():
    photo = completed(photo_of(picture((400, 300))))
    names = photo.rendition_names()

    photo.landmark.delete()
    remove_discarded()

    assert not any(default_storage.exists(name) for name in names)
    assert default_storage.exists(photo.file.name)
    remove_discarded(at=timezone.now() + timedelta(days=8))
    assert not default_storage.exists(photo.file.name)
    assert not DiscardedFile.objects.exists()


def test_a_deleted_photo_comes_back_with_its_file_and_new_renditions():
    by = User.objects.create_superuser("editor")
    photo = completed(photo_of(picture((400, 300))))
    record_deletion([photo], by=by, at=timezone.now())
    Photo.objects.all().delete()
    remove_discarded()

    entry = AuditEntry.objects.get(action="deleted")
    restore_deleted(entry, check=lambda row: None, by=by, at=timezone.now())

    back = completed(photo)
    remove_discarded(at=timezone.now() + timedelta(days=8))
    assert all(default_storage.exists(name) for name in [back.file.name, *back.rendition_names()])


def test_pictures_with_renditions_offer_them_on_the_page(client):
    photo = completed(photo_of(picture((1500, 1000))))

    page = client.get(photo.landmark.get_absolute_url()).content.decode()

    assert page.index("image/avif") < page.index("image/webp") < page.index("image/jpeg")
    assert f"{photo.id}/whole-1280.avif?v={photo.renditions_key[:8]} 1280w" in page
    assert 'width="1500" height="1000"' in page
    for width, suffix, kind in ((320, "avif", "avif"), (640, "webp", "webp"), (320, "jpg", "jpeg")):
        answer = client.get(photo.rendition_url("whole", width, suffix))
        assert answer["Content-Type"] == f"image/{kind}"
        assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).width == width


def test_without_renditions_the_page_shows_the_stored_picture(client):
    photo = photo_of(picture((1500, 1000)))

    page = client.get(photo.landmark.get_absolute_url()).content.decode()

    # The page's own sketch has sources too; the photo has none yet.
    assert not re.search(r"<source[^>]*/photos/", page)
    assert f'src="{photo.url}" width="1500" height="1000"' in page


@pytest.mark.parametrize(
    "name", ["whole-321.avif", "whole-320.gif", "other-320.jpg", "whole-320.exe", "card-1280.jpg"]
)
def test_no_other_size_is_made_on_request(client, name):
    photo = completed(photo_of(picture((1500, 1000))))

    assert client.get(f"/photos/{photo.id}/{name}").status_code == 404


def test_renditions_of_what_may_not_be_shown_are_not_served(client):
    photo = completed(photo_of(picture((700, 500))))
    address = photo.rendition_url("whole", 320)
    assert answer_to(client, address) == 200

    License.objects.filter(code=FREE).update(needs_credit=True)
    assert answer_to(client, address) == 404
    Photo.objects.update(credit="A person")
    assert answer_to(client, address) == 200
    License.objects.filter(code=FREE).update(may_modify=False)
    assert answer_to(client, address) == 404
    assert answer_to(client, photo.url) == 200


def test_renditions_may_come_from_a_host_of_their_own(settings, client):
    photo = completed(photo_of(picture((700, 500))))
    settings.MEDIA_HOST = "https://media.example.org"

    page = client.get(photo.landmark.get_absolute_url()).content.decode()

    key = photo.renditions_key
    assert f"https://media.example.org/renditions/{key[:2]}/{key}/whole-320.avif 320w" in page
