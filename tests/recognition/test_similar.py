import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalogue.models import Photo, Region
from apps.recognition import serving, similar
from apps.recognition.models import PhotoEmbedding, ReferenceIndex
from apps.recognition.reference_index import NoReferenceIndex
from tests.factories.catalogue import CategoryFactory
from tests.running import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_the_nearest_photos_show_the_same_kind_of_place(known_places, photo_of):
    found = similar.similar_to_images([photo_of("gate", 100).image], limit=6)

    assert [each.landmark.slug for each in found] == ["gate"] * 6
    similarities = [each.similarity for each in found]
    assert similarities == sorted(similarities, reverse=True)
    assert all(each.photo.landmark_id == each.landmark.pk for each in found)


def test_a_photo_of_the_catalogue_finds_its_neighbours_and_not_itself(known_places, settings):
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"  # what was seen in it is kept
    photo = Photo.objects.references().filter(landmark=known_places["tower"]).first()

    found = similar.similar_to_photo(photo, limit=5)

    assert [each.landmark.slug for each in found] == ["tower"] * 5
    assert photo not in [each.photo for each in found]


def test_a_photo_the_model_has_not_seen_is_described(known_places):
    photo = Photo.objects.references().filter(landmark=known_places["tower"]).first()
    PhotoEmbedding.objects.filter(photo=photo).delete()

    found = similar.similar_to_photo(photo, limit=1)

    assert found[0].landmark == known_places["tower"]


def test_region_and_category_narrow_the_search_also_by_their_parts(known_places, photo_of):
    part = Region.objects.create(code="KR-x", parent=Region.objects.get(code="KR-11"))
    palace = CategoryFactory(slug="palace-like", parent=CategoryFactory(slug="heritage"))
    for slug, values in (
        ("tower", {"region": part}),
        ("bridge", {"region": Region.objects.get(code="KR-26"), "category": palace}),
        ("gate", {"region": Region.objects.get(code="KR-26"), "category": palace}),
    ):
        type(known_places[slug]).objects.filter(pk=known_places[slug].pk).update(**values)
    image = photo_of("gate", 100).image

    def places(**filters) -> set[str]:
        return {each.landmark.slug for each in similar.similar_to_images([image], **filters)}

    assert places() == {"tower", "bridge", "gate"}
    assert places(region=Region.objects.get(code="KR-11")) == {"tower"}
    assert places(region=Region.objects.get(code="KR-26")) == {"bridge", "gate"}
    assert places(category=palace) == {"bridge", "gate"}
    assert places(category=palace.parent) == {"tower", "bridge", "gate"}


def test_nothing_is_shown_that_the_public_may_not_see(known_places, photo_of):
    image = photo_of("gate", 100).image
    type(known_places["gate"]).objects.filter(slug="gate").update(state="withdrawn")
    Photo.objects.filter(landmark=known_places["tower"]).update(reference=False)

    found = similar.similar_to_images([image])

    assert {each.landmark.slug for each in found} == {"bridge"}
    found[0].photo.license.may_show = False
    found[0].photo.license.save()
    assert similar.similar_to_images([image]) == []


def test_the_number_of_queries_does_not_grow(known_places):
    photo = Photo.objects.references().first()
    similar.similar_to_photo(photo)  # the process now knows the projection
    few = _queries(photo, 1)

    assert _queries(photo, 15) == few


def _queries(photo, limit: int) -> int:
    with CaptureQueriesContext(connection) as asked:
        for each in similar.similar_to_photo(photo, limit=limit):
            assert each.photo.license.code and each.landmark.name_in("ko")
    return len(asked)


def test_without_an_index_and_without_a_server_it_says_so(db, known_places, photo_of, settings):
    settings.TF_SERVING_ADDRESS = f"127.0.0.1:{free_port()}"
    with pytest.raises(serving.ServingError):
        similar.similar_to_images([photo_of("gate", 1).image], seconds=0.3)
    ReferenceIndex.objects.update(active=False)
    with pytest.raises(NoReferenceIndex):
        similar.similar_to_images([photo_of("gate", 1).image])
