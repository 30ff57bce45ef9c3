import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.models import User
from apps.catalogue.models import License, Photo
from apps.operations.models import AuditEntry
from tests.factories.catalogue import LandmarkFactory
from tests.pictures import encoded, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("editor", password="long enough to be one"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def address() -> str:
    return f"/admin/catalogue/landmark/{LandmarkFactory().pk}/photos/"


def jpeg(name: str = "gate.jpg", **options) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, encoded(picture(**options), "JPEG"))


def said(**changes) -> dict:
    license = License.objects.get(code="CC-BY-4.0")
    return {"license": license.pk, "credit": "A person", "reference": "on"} | changes


def test_pictures_are_stored_anew_with_license_and_credit(staff, address):
    answer = staff.post(address, said(photo=[jpeg(), jpeg("b.jpg", size=(90, 120))]))

    assert answer.content.decode().count("Stored.") == 2
    photo = Photo.objects.order_by("created_at").first()
    assert (photo.credit, photo.reference, photo.license.code) == ("A person", True, "CC-BY-4.0")
    assert AuditEntry.objects.filter(action="created", subject_type="catalogue.photo").count() == 2
    assert f"/admin/catalogue/photo/{photo.pk}/picture.jpg" in answer.content.decode()


def test_each_file_is_answered_for_itself(staff, address):
    broken = SimpleUploadedFile("broken.jpg", b"\xff\xd8\xffno picture")
    staff.post(address, said(photo=jpeg()))

    answer = staff.post(
        address,
        said(photo=[jpeg(), broken, jpeg("c.jpg", size=(100, 80))]),
        headers={"Accept": "application/json"},
    )

    results = answer.json()["results"]
    assert [result["stored"] for result in results] == [False, False, True]
    assert results[0]["message"] == "It is there already."
    assert "damaged" in results[1]["message"]
    assert Photo.objects.count() == 2


def test_a_license_that_asks_for_a_credit_is_not_taken_without(staff, address):
    answer = staff.post(
        address, said(credit="", photo=jpeg()), headers={"Accept": "application/json"}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"] == ["This license asks for a credit."]
    assert not Photo.objects.exists()


def test_uploading_needs_the_permission_to_add_photos(client, address):
    client.force_login(User.objects.create_user("viewer", is_staff=True))

    assert client.get(address).status_code == 403
    assert client.post(address, said(photo=jpeg())).status_code == 403


def test_the_form_of_a_landmark_leads_to_its_photos(staff, address):
    page = staff.get(address.replace("photos", "change")).content.decode()

    assert address in page and "0 photos, upload more" in page
