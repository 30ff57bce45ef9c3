"""The same photos on the disk and on an S3-compatible service (moto's server)."""

import io
import threading
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from apps.catalogue.models import Photo
from apps.catalogue.renditions import each_due
from apps.operations.stored_files import remove_discarded
from portal.media_storage import AtomicFileSystemStorage
from tests.catalogue.test_renditions import photo_of
from tests.object_storage import BUCKET, KEYS, client
from tests.pictures import picture

pytestmark = pytest.mark.slow


@pytest.fixture(params=["disk", "s3"])
def storage(request, settings):
    """Let media lie on the disk, or in the bucket under a prefix."""
    if request.param == "s3":
        options = {
            "bucket_name": BUCKET,
            "location": "here",
            "file_overwrite": False,
            "querystring_auth": True,
            "endpoint_url": request.getfixturevalue("s3_address"),
            **KEYS,
        }
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {"BACKEND": "portal.s3_storage.PatientS3Storage", "OPTIONS": options},
        }
    return request.param


@pytest.mark.django_db
def test_a_photo_is_stored_served_and_deleted(storage, client):
    photo = photo_of(picture((700, 500)))
    list(each_due())
    photo = Photo.objects.get(pk=photo.pk)
    names = [photo.file.name, *photo.rendition_names()]

    assert all(default_storage.exists(name) for name in names)
    assert photo.file.name.split("/")[2].startswith(photo.file.name.split("/")[1])
    page = client.get(photo.landmark.get_absolute_url()).content.decode()
    assert "127.0.0.1" not in page
    assert "amazonaws" not in page
    for address, width in ((photo.url, 700), (photo.rendition_url("whole", 320, "avif"), 320)):
        answer = client.get(address)
        assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).width == width

    photo.delete()
    remove_discarded(at=timezone.now() + timedelta(days=8))

    assert not any(default_storage.exists(name) for name in names)


@pytest.mark.django_db
def test_a_photo_whose_file_is_gone_is_not_found(storage, client):
    photo = photo_of(picture((700, 500)))
    default_storage.delete(photo.file.name)

    assert client.get(photo.url).status_code == 404


@pytest.mark.django_db
def test_the_same_bytes_for_two_landmarks_are_two_files_that_live_alone(
    storage,
):
    one, other = photo_of(picture((90, 90))), photo_of(picture((90, 90)))
    assert one.file.name != other.file.name

    one.delete()
    remove_discarded(at=timezone.now() + timedelta(days=8))

    assert default_storage.exists(other.file.name)
    assert not default_storage.exists(one.file.name)


def test_objects_are_private(s3_address, settings):
    """Without the keys nobody reads an object: what the public sees goes through the portal."""
    from portal.s3_storage import PatientS3Storage

    held = PatientS3Storage(
        bucket_name=BUCKET, endpoint_url=s3_address, querystring_auth=True, **KEYS
    )
    name = held.save("private/a.txt", ContentFile(b"secret"))

    assert "Signature=" in held.url(name)
    grants = client(s3_address).get_object_acl(Bucket=BUCKET, Key=name)["Grants"]
    assert not [grant for grant in grants if "AllUsers" in grant["Grantee"].get("URI", "")]


@pytest.mark.R8
def test_a_write_that_breaks_leaves_no_file(tmp_path):
    class Breaking(ContentFile):
        def chunks(self, chunk_size=None):
            yield b"half"
            raise OSError("the disk is full")

    held = AtomicFileSystemStorage(location=tmp_path)
    with pytest.raises(OSError, match="full"):
        held.save("photos/aa/a.jpg", Breaking(b"half and more"))

    assert not held.exists("photos/aa/a.jpg")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_writers_of_one_name_never_overwrite_each_other(tmp_path):
    held = AtomicFileSystemStorage(location=tmp_path)
    names = []

    def write(text: bytes):
        names.append(held.save("photos/a.jpg", ContentFile(text)))

    threads = [threading.Thread(target=write, args=[bytes([65 + number])]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(names)) == 8
    assert {(tmp_path / name).read_bytes() for name in names} == {bytes([65 + n]) for n in range(8)}
    assert not list(tmp_path.rglob("*.part"))
