import io

import pytest
from PIL import Image, ImageEnhance

from apps.catalogue.duplicates import find_duplicates
from apps.catalogue.likeness import perceptual_hash
from apps.catalogue.models import Photo
from apps.catalogue.photos import alike_pairs, alike_photos
from tests.catalogue.test_renditions import photo_of
from tests.environment import ROOT
from tests.factories.catalogue import LandmarkFactory, PhotoFactory
from tests.pictures import encoded, scene

DRAWINGS = sorted((ROOT / "ml" / "demo" / "pictures" / "references").glob("*/*-01.jpg"))


def bits(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def drawing(number: int) -> Image.Image:
    with Image.open(DRAWINGS[number]) as image:
        return image.convert("RGB")


def again(image: Image.Image, **options) -> Image.Image:
    return Image.open(io.BytesIO(encoded(image, "JPEG", **options)))


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((200, 200 * image.height // image.width)),
        lambda image: again(image, quality=40),
        lambda image: ImageEnhance.Brightness(image).enhance(1.15),
        lambda image: ImageEnhance.Color(image).enhance(0.4),
        lambda image: image.convert("L"),
    ],
    ids=["scaled", "encoded again", "brighter", "paler", "grey"],
)
def test_a_changed_copy_looks_like_its_original(change):
    for number in range(len(DRAWINGS)):
        image = drawing(number)
        assert bits(perceptual_hash(image), perceptual_hash(change(image))) <= 6


def test_pictures_of_different_places_do_not_look_alike():
    hashes = [perceptual_hash(drawing(number)) for number in range(len(DRAWINGS))]

    nearest = min(bits(one, other) for index, one in enumerate(hashes) for other in hashes[:index])
    assert len(hashes) >= 10
    assert nearest > 8


def test_a_picture_of_nothing_looks_like_no_other():
    assert perceptual_hash(Image.new("RGB", (300, 200), "teal")) is None


@pytest.mark.django_db
def test_photos_that_look_alike_are_found_the_likeliest_first():
    place = LandmarkFactory()
    first = photo_of(drawing(0), landmark=place)
    smaller = photo_of(drawing(0).resize((300, 300)), landmark=place)
    photo_of(drawing(1), landmark=place)

    assert alike_photos(smaller) == [first]
    assert alike_photos(first) == [smaller]
    pairs, more = alike_pairs(page=1)
    assert [(pair.photo, pair.other) for pair in pairs] == [(smaller, first)]
    assert not more
    assert alike_pairs(page=2) == ([], False)


@pytest.mark.django_db
def test_the_search_for_alike_photos_uses_its_index(django_assert_num_queries):
    from django.db import connection

    photo = photo_of(scene("tower", 1))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    plan = Photo.objects.alike(photo.perceptual_hash)[:5].explain()

    assert "photo_looks" in plan


@pytest.mark.django_db
def test_landmarks_near_each_other_whose_photos_look_alike_may_be_one():
    """Their names tell nothing: 대한문 and 덕수궁 정문."""
    one = LandmarkFactory(names={"ko": "대한문"})
    other = LandmarkFactory(names={"ko": "덕수궁 정문"})
    photo_of(drawing(2), landmark=one)
    photo_of(again(drawing(2).resize((400, 400)), quality=35), landmark=other)

    [pair] = find_duplicates()
    assert {pair.first, pair.second} == {one, other}
    assert pair.pictures == 1


@pytest.mark.django_db
def test_far_apart_only_the_same_picture_counts():
    look = perceptual_hash(drawing(3))
    near_look = ("1" if look[5] == "0" else "0").join([look[:5], look[6:]])
    here, there, elsewhere = (
        LandmarkFactory(latitude=33.5 + step, longitude=126.5, names={"ko": name})
        for step, name in enumerate(["가나", "다라", "마바"])
    )
    PhotoFactory(landmark=here, perceptual_hash=look)
    PhotoFactory(landmark=there, perceptual_hash=look)
    PhotoFactory(landmark=elsewhere, perceptual_hash=near_look)

    [pair] = find_duplicates()
    assert (pair.first, pair.second, pair.pictures) == (here, there, 1)
