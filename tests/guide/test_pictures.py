import pytest
from django.core.files.base import ContentFile

from apps.guide.samples import home_samples, sample_pictures
from tests.factories.catalogue import LandmarkFactory, LicenseFactory, PhotoFactory

pytestmark = pytest.mark.django_db
MANIFEST = """file,slug,split
references/tower/tower-01.jpg,tower,reference
samples/tower/tower-09.jpg,tower,sample
samples/tower/tower-10.jpg,tower,sample
nonlandmarks/rooms/rooms-01.jpg,rooms,nonlandmark-fit
nonlandmarks/rooms/rooms-02.jpg,rooms,nonlandmark-try
samples/tower/gone.jpg,tower,sample
"""


@pytest.fixture
def pictures(settings, tmp_path):
    """A folder of demo pictures with its manifest; one listed file is not there."""
    folder = tmp_path / "pictures"
    for line in MANIFEST.splitlines()[1:]:
        path = folder / line.split(",")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name != "gone.jpg":
            path.write_bytes(path.name.encode())
    (folder / "manifest.csv").write_text(MANIFEST)
    settings.DEMO_PICTURES_DIR = folder
    return folder


def stored_photo(**values):
    return PhotoFactory(file=ContentFile(b"pixels", name="photo.jpg"), **values)


def test_photo_file_serves_a_picture_that_may_be_shown(client):
    photo = stored_photo()

    response = client.get(photo.url)

    assert b"".join(response.streaming_content) == b"pixels"
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in response["Cache-Control"]


def test_photo_file_hides_what_may_not_be_shown(client):
    hidden = stored_photo(license=LicenseFactory(code="PRIVATE", may_show=False))
    draft = stored_photo(landmark=LandmarkFactory(state="draft"))
    of_nothing = stored_photo(landmark=None, shows_no_landmark=True)

    for photo in (hidden, draft, of_nothing):
        assert client.get(photo.url).status_code == 404


def test_photo_file_of_a_missing_file_is_not_found(client):
    assert client.get(PhotoFactory().url).status_code == 404


def test_sample_serves_pictures_for_trying(client, pictures):
    response = client.get("/samples/sample/tower/tower-09.jpg")

    assert b"".join(response.streaming_content) == b"tower-09.jpg"
    assert response["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    "address",
    [
        "/samples/reference/tower/tower-01.jpg",
        "/samples/nonlandmark-fit/rooms/rooms-01.jpg",
        "/samples/sample/tower/gone.jpg",
        "/samples/sample/tower/manifest.csv",
        "/samples/sample/tower/..%2f..%2fmanifest.csv",
        "/samples/sample/tower/%2e%2e",
    ],
)
def test_sample_serves_nothing_else(client, pictures, address):
    assert client.get(address).status_code == 404


def test_home_samples_offer_one_of_each_place_and_some_of_none(pictures):
    LandmarkFactory(slug="tower", names={"ko": "탑"})

    samples = home_samples("ko")

    assert [(sample.slug, sample.name) for sample in samples] == [
        ("tower", "tower-09.jpg"),
        ("", "rooms-02.jpg"),
    ]


def test_home_samples_leave_out_places_that_are_not_published(pictures):
    assert [sample.slug for sample in home_samples("ko")] == [""]


def test_without_the_demo_set_there_are_no_samples(tmp_path):
    assert sample_pictures(tmp_path) == ()
