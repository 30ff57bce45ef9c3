import random

import pytest
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFilter

from apps.accounts.models import User
from apps.accounts.permissions import Role, ensure_roles
from apps.catalogue.models import Photo
from apps.catalogue.photos import attach_photo
from apps.catalogue.pictures import prepare
from apps.operations.models import AuditEntry, Job
from apps.recognition import choosing, joining, reference_index, services, validation
from apps.recognition.models import (
    Prototype,
    RecognitionRequest,
    ReferenceChoice,
    ReferenceEmbedding,
    ReferenceIndex,
)
from apps.recognition.tasks import check_choice, follow_catalogue
from tests.factories.catalogue import LandmarkFactory, LicenseFactory
from tests.pictures import encoded
from tests.recognition.conftest import BOUNDS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def view(seed: int, *, ground="hotpink", figure="purple") -> Image.Image:
    """A sharp view of a place that the others do not resemble."""
    chance = random.Random(seed)
    image = Image.new("RGB", (480, 360), ground)
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        left, top = chance.randint(0, 440), chance.randint(0, 320)
        draw.rectangle((left, top, left + 30, top + 40), fill=figure, outline="white")
    return image


def prepared(image: Image.Image):
    import io

    return prepare(io.BytesIO(encoded(image, quality=95)), name="photo.jpg", bounds=BOUNDS)


def add(landmark, image: Image.Image, *, license=None) -> Photo:
    made = prepared(image)
    photo, _ = attach_photo(
        landmark=landmark,
        content=made.content,
        sha256=made.sha256,
        license=license or LicenseFactory(),
        source="test",
        at=timezone.now(),
    )
    return photo


@pytest.fixture
def curator(db) -> User:
    user = User.objects.create_user("curator", is_staff=True)
    user.groups.add(ensure_roles()[Role.PHOTO_EDITOR])
    return user


@pytest.fixture
def place(known_places):
    return LandmarkFactory(slug="arcade", names={"ko": "아케이드", "en": "Arcade"})


def choose(place, photos, curator) -> ReferenceChoice:
    """Choose photos and let the worker check them."""
    choice = choosing.choose_references(
        place, [photo.pk for photo in photos], by=curator, at=timezone.now()
    )
    check_choice(job=Job.objects.get(task=choosing.TASK, subject=str(choice.pk)).pk)
    choice.refresh_from_db()
    return choice


def found(image: Image.Image) -> str:
    answered = services.answer_photos([prepared(image)])
    return answered.candidates.get(rank=1).landmark.slug


def test_five_photos_make_a_place_known_without_a_new_index(place, curator):
    versions = list(ReferenceIndex.objects.values_list("pk", flat=True))
    photos = [add(place, view(seed)) for seed in range(5)]
    assert found(view(99)) != "arcade"

    choice = choose(place, photos, curator)

    assert (choice.state, choice.reasons) == ("live", [])
    assert (choice.validated, choice.right_before, choice.right_after) == (18, 18, 18)
    assert choice.found_again == 5
    assert choice.live_at is not None
    assert found(view(99)) == "arcade"
    assert list(ReferenceIndex.objects.values_list("pk", flat=True)) == versions
    assert Prototype.objects.get(landmark=place).references == 5
    logged = AuditEntry.objects.filter(subject_type="catalogue.photo", action="changed")
    assert {entry.by_name for entry in logged} == {"curator"}
    assert logged.count() == 5


def test_what_is_small_blurred_or_there_twice_is_left_out(place, curator):
    good = [add(place, view(seed)) for seed in range(5)]
    small = add(place, view(10).resize((240, 180)))
    blurred = add(place, view(11).filter(ImageFilter.GaussianBlur(6)))
    twice = add(place, view(0).resize((640, 480)))

    choice = choose(place, [*good, small, blurred, twice], curator)

    faults = {each.photo: each.fault for each in choice.photos.all()}
    assert faults == dict.fromkeys(good, "") | {
        small: "small",
        blurred: "blurred",
        twice: "twice",
    }
    assert choice.state == "live"
    assert set(place.photos.filter(reference=True)) == set(good)


def test_too_few_good_photos_wait_for_a_decision(place, curator):
    choice = choose(place, [add(place, view(seed)) for seed in range(3)], curator)

    assert (choice.state, choice.reasons) == ("held", ["few"])
    assert not place.photos.filter(reference=True).exists()

    choosing.take_all_the_same(choice, by=curator, at=timezone.now())

    assert found(view(99)) == "arcade"
    with pytest.raises(choosing.AlreadyDecided):
        choosing.drop(choice, at=timezone.now())


def test_pictures_of_another_landmark_are_a_conflict_and_their_cost_is_shown(
    place, curator, known_places
):
    rival = LandmarkFactory(slug="rival", names={"ko": "경쟁자"})
    first = [add(place, view(seed)) for seed in range(6)]
    choose(place, first, curator)

    choice = choose(rival, [add(rival, view(20 + seed)) for seed in range(8)], curator)

    assert choice.state == "held"
    assert {"conflict", "cost"} <= set(choice.reasons)
    assert choice.right_after < choice.right_before
    nearest = choice.photos.first()
    assert nearest.nearest.landmark == place
    assert nearest.nearest_similarity > choosing.CONFLICT_FROM


def test_photos_whose_license_forbids_training_cannot_be_chosen(place, curator):
    closed = LicenseFactory(code="KOGL-3")
    assert not closed.may_train
    photo = add(place, view(1), license=closed)

    with pytest.raises(choosing.NothingChosen):
        choosing.choose_references(place, [photo.pk], by=curator, at=timezone.now())


def test_the_prediction_of_the_check_is_what_the_index_says_afterwards(place, curator):
    """The evidence that the check works with equals that of the index once they joined."""
    import numpy as np

    photos = [add(place, view(seed)) for seed in range(5)]
    index = reference_index.active_index()
    vectors = choosing._projected(index, photos)
    query = np.asarray(
        ReferenceEmbedding.objects.filter(index=index).first().embedding, dtype=np.float32
    )
    newcomer = validation.Newcomer(place.pk, vectors, vectors.sum(axis=0), 5)
    foretold = validation.joined(reference_index.gather_evidence(index, query), query, newcomer)

    choose(place, photos, curator)

    happened = reference_index.gather_evidence(index, query)
    assert sorted(happened.reference_labels) == sorted(foretold.reference_labels)
    assert happened.reference_similarities == pytest.approx(
        foretold.reference_similarities, abs=2e-3
    )
    told = dict(zip(foretold.prototype_labels, foretold.prototype_similarities, strict=True))
    for label, similarity in zip(
        happened.prototype_labels, happened.prototype_similarities, strict=True
    ):
        assert similarity == pytest.approx(told[label], abs=2e-3)


def test_a_reference_set_anywhere_joins_by_itself_and_leaves_by_itself(place, known_places):
    photos = [add(place, view(seed)) for seed in range(5)]
    Photo.objects.filter(pk__in=[photo.pk for photo in photos]).update(reference=True)
    assert joining.ask_now()
    assert not joining.ask_now()  # somebody has it already

    follow_catalogue(job=Job.objects.get(task=joining.TASK).pk)

    assert found(view(99)) == "arcade"
    Photo.objects.filter(pk__in=[photo.pk for photo in photos]).update(reference=False)
    assert joining.ask_now()
    follow_catalogue(job=Job.objects.filter(task=joining.TASK).latest("pk").pk)
    assert not Prototype.objects.filter(landmark=place).exists()
    assert not joining.ask_now()


def test_one_photo_without_its_file_keeps_no_other_back(place):
    lost, *others = [add(place, view(seed)) for seed in range(4)]
    lost.file.delete(save=False)
    Photo.objects.filter(landmark=place).update(reference=True)
    joining.ask_now()

    follow_catalogue(job=Job.objects.get(task=joining.TASK).pk)

    joined = ReferenceEmbedding.objects.filter(landmark=place).values_list("photo", flat=True)
    assert set(joined) == {photo.pk for photo in others}


def test_the_pages_let_a_curator_choose_and_decide(client, place, curator, in_english):
    client.force_login(curator)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    photos = [add(place, view(seed)) for seed in range(3)]
    address = f"/admin/recognition/referencechoice/landmark/{place.pk}/"
    assert address in client.get(f"/admin/catalogue/landmark/{place.pk}/change/").content.decode()

    nothing = client.post(address, {"photo": ["not a key"]})
    posted = client.post(address, {"photo": [str(photo.pk) for photo in photos]})

    assert "Please choose some photos." in nothing.content.decode()
    choice = ReferenceChoice.objects.get()
    page = f"/admin/recognition/referencechoice/{choice.pk}/change/"
    assert posted["Location"] == page
    assert 'http-equiv="refresh"' in client.get(page).content.decode()
    check_choice(job=Job.objects.get(task=choosing.TASK).pk)
    held = client.get(page).content.decode()
    assert "Fewer than five good photos" in held
    assert "18 / 18" in held
    client.post(f"/admin/recognition/referencechoice/{choice.pk}/decide/", {"decision": "take"})
    choice.refresh_from_db()
    assert choice.state == "live"
    assert "Use them all the same" not in client.get(page).content.decode()
    assert RecognitionRequest.objects.count() == 0


def test_somebody_who_may_not_change_photos_decides_nothing(client, place):
    engineer = User.objects.create_user("engineer", is_staff=True)
    engineer.groups.add(ensure_roles()[Role.ML_ENGINEER])
    client.force_login(engineer)
    choice = ReferenceChoice.objects.create(landmark=place, state="held", chosen_at=timezone.now())
    address = f"/admin/recognition/referencechoice/landmark/{place.pk}/"

    assert client.get(address).status_code == 403
    decide = f"/admin/recognition/referencechoice/{choice.pk}/decide/"
    assert client.post(decide, {"decision": "take"}).status_code == 403
    choice.refresh_from_db()
    assert choice.state == "held"
