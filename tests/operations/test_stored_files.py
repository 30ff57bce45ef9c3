import json
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from apps.catalogue.models import Photo
from apps.catalogue.renditions import each_due
from apps.operations.models import DiscardedFile
from apps.operations.stored_files import (
    discard_files,
    missing_files,
    orphaned_files,
    remove_discarded,
)
from tests.catalogue.test_renditions import photo_of
from tests.pictures import picture

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def later():
    return timezone.now() + timedelta(hours=1)


@pytest.fixture
def photo() -> Photo:
    photo = photo_of(picture((400, 300)))
    list(each_due())
    return Photo.objects.get(pk=photo.pk)


@pytest.mark.R9
def test_files_that_no_row_names_are_found_and_others_are_not(photo):
    lost = default_storage.save("photos/aa/lost.jpg", ContentFile(b"x"))
    half = default_storage.save("photos/aa/b.jpg.abc.part", ContentFile(b"x"))
    former = default_storage.save("renditions/aa/aabb/whole-320.avif", ContentFile(b"x"))
    extra = default_storage.save(
        photo.rendition_name("whole", 320, "avif").replace("320", "999"), ContentFile(b"x")
    )
    foreign = default_storage.save("elsewhere/file.txt", ContentFile(b"x"))

    found = set(orphaned_files(before=later()))

    assert found == {lost, half, former, extra}
    assert default_storage.exists(foreign)


def test_young_files_may_be_on_their_way():
    default_storage.save("photos/aa/new.jpg", ContentFile(b"x"))

    assert not list(orphaned_files(before=timezone.now() - timedelta(hours=24)))


def test_rows_without_their_file_are_named(photo):
    assert not list(missing_files())
    default_storage.delete(photo.file.name)

    [missing] = missing_files(Photo)
    assert (missing.model, missing.key, missing.name) == (Photo, photo.pk, photo.file.name)


def test_a_file_that_goes_while_the_storage_is_walked_is_no_orphan(photo):
    """As the half-written file of a rendition does that is moved into its place."""
    name = default_storage.save("photos/aa/passing.part", ContentFile(b"half"))

    def move_away():
        default_storage.delete(name)

    assert name not in set(orphaned_files(before=later(), looked=move_away))


def test_the_command_removes_orphans_and_reports_what_is_missing(photo, capsys):
    lost = default_storage.save("photos/aa/lost.jpg", ContentFile(b"x"))
    default_storage.delete(photo.file.name)

    with pytest.raises(SystemExit) as ended:
        call_command("sweep_files", "--older-than-hours", "-1", "--dry-run")
    assert default_storage.exists(lost)
    assert ended.value.code == 1

    with pytest.raises(SystemExit):
        call_command("sweep_files", "--older-than-hours", "-1")
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["removed"], said["missing"]) == (1, 1)
    assert said["examples"]["missing"][0]["id"] == str(photo.pk)
    assert not default_storage.exists(lost)
    assert all(default_storage.exists(name) for name in photo.rendition_names())


def test_what_is_to_be_removed_later_is_no_orphan_yet(photo):
    photo.delete()

    assert not list(orphaned_files(before=later()))


def test_a_file_that_cannot_be_removed_is_tried_again(photo, monkeypatch):
    discard_files(["photos/aa/lost.jpg"], after=timezone.now())

    class Away:
        def delete(self, name):
            raise OSError("away")

    assert remove_discarded(storage=Away()) == 0
    assert remove_discarded() == 1
    assert not DiscardedFile.objects.exists()


def test_a_file_that_a_row_names_is_never_removed(photo):
    discard_files([photo.file.name, *photo.rendition_names()], after=timezone.now())

    remove_discarded()

    assert default_storage.exists(photo.file.name)
    assert all(default_storage.exists(name) for name in photo.rendition_names())
    assert not DiscardedFile.objects.exists()
