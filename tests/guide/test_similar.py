import re
import uuid

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.catalogue.models import Photo
from apps.recognition import services
from tests.factories.catalogue import PhotoFactory
from tests.recognition.conftest import known_places, photo_of
from tests.running import free_port

__all__ = ["known_places", "photo_of"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def places_on(page) -> list[str]:

    return re.findall(r'<li data-landmark="([^"]+)"', page.content.decode())


def test_a_photo_of_the_catalogue_leads_to_those_like_it(client, known_places):
    photo = Photo.objects.references().filter(landmark=known_places["gate"]).first()
    address = f"/photos/{photo.pk}/similar/"
    assert address in client.get("/landmarks/gate/").content.decode()

    page = client.get(address)

    assert page.status_code == 200
    assert places_on(page)[:5] == ["gate"] * 5
    assert len(places_on(page)) == 17


def test_it_is_narrowed_by_region_and_kind(client, known_places):
    photo = Photo.objects.references().filter(landmark=known_places["gate"]).first()

    elsewhere = client.get(f"/en/photos/{photo.pk}/similar/", {"region": "KR-26"})
    here = client.get(f"/en/photos/{photo.pk}/similar/", {"region": "KR-11"})
    unknown = client.get(f"/en/photos/{photo.pk}/similar/", {"category": "' OR 1=1"})

    assert places_on(elsewhere) == []
    assert "There is no such photo in this region" in elsewhere.content.decode()
    assert len(places_on(here)) == len(places_on(unknown)) == 17


def test_the_answer_of_a_visitor_leads_to_photos_like_theirs(client, known_places, photo_of):
    asked = services.answer_photos([photo_of("tower", 100)])
    address = f"/recognize/{asked.receipt}/similar/"
    assert address in client.get(f"/recognize/{asked.receipt}/").content.decode()

    page = client.get(address)

    assert places_on(page)[:6] == ["tower"] * 6
    assert page["Cache-Control"] == "private, no-store"
    services.delete_request(asked, at=timezone.now())
    assert client.get(address).status_code == 410


def test_while_recognition_rests_the_page_says_so(client, known_places, photo_of, settings):
    asked = services.answer_photos([photo_of("tower", 100)])
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"

    page = client.get(f"/en/recognize/{asked.receipt}/similar/")

    assert page.status_code == 503
    assert "Recognition is resting right now." in page.content.decode()


def test_a_photo_that_nobody_may_see_has_no_such_page(client, db):
    hidden = PhotoFactory()
    type(hidden.landmark).objects.update(state="draft")

    assert client.get(f"/photos/{hidden.pk}/similar/").status_code == 404
    assert client.get(f"/photos/{uuid.uuid4()}/similar/").status_code == 404
    assert client.get(f"/recognize/{uuid.uuid4()}/similar/").status_code == 404


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_stored_file_that_is_no_picture_is_said_kindly(client, known_places, content):
    photo = PhotoFactory(landmark=known_places["gate"])
    photo.file.delete(save=content is None)
    if content is not None:
        photo.file.save("broken.jpg", ContentFile(content))
    else:
        Photo.objects.filter(pk=photo.pk).update(file="photos/gone.jpg")

    page = client.get(f"/en/photos/{photo.pk}/similar/")

    assert page.status_code == 200
    assert "This picture cannot be read" in page.content.decode()
