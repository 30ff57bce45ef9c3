"""The index that was built before a merge answers as the catalogue is now."""

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.catalogue.merging import merge_landmarks
from apps.catalogue.models import Landmark, LandmarkRedirect, Photo
from apps.catalogue.unmerging import undo_merge
from apps.recognition import services
from apps.recognition.models import Prototype
from tests.factories.catalogue import LandmarkFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def by() -> User:
    return User.objects.create_superuser("editor", password="long enough to be one")


@pytest.fixture
def first_of(photo_of):
    """Ask with a new view of a kind of scene; return the first candidate's landmark."""

    def ask(kind: str) -> Landmark:
        return services.answer_photos([photo_of(kind, 100)]).candidates.get(rank=1).landmark

    return ask


def merge(gone: Landmark, kept: Landmark, by: User) -> LandmarkRedirect:
    merge_landmarks(gone, into=kept, by=by, at=timezone.now())
    return LandmarkRedirect.objects.get(old_slug=gone.slug)


def test_references_of_a_merged_landmark_answer_for_the_remaining_one(known_places, first_of, by):
    kept = LandmarkFactory(slug="kept")
    done = merge(known_places["tower"], kept, by)

    assert first_of("tower") == kept

    undo_merge(done, by=by, at=timezone.now())
    assert first_of("tower") == known_places["tower"]


def test_so_do_those_that_stayed_with_the_withdrawn_entry(known_places, first_of, by):
    kept = LandmarkFactory(slug="kept")
    # The same files again, and not known to recognition: these photos cannot move.
    for photo in Photo.objects.filter(landmark=known_places["gate"]):
        photo.pk, photo.landmark, photo.reference = None, kept, False
        photo._state.adding = True
        photo.save()
    merge(known_places["gate"], kept, by)

    assert known_places["gate"].photos.filter(reference=True).exists()
    assert first_of("gate") == kept


def test_two_landmarks_that_both_had_references_become_one_answer(known_places, first_of, by):
    merge(known_places["bridge"], known_places["tower"], by)

    assert first_of("bridge") == first_of("tower") == known_places["tower"]


def test_a_reference_that_is_moved_by_hand_answers_for_its_new_landmark(known_places, first_of):
    new = LandmarkFactory(slug="new")
    Photo.objects.filter(landmark=known_places["tower"]).update(landmark=new)

    assert first_of("tower") == new
    assert Prototype.objects.filter(landmark=known_places["tower"]).exists()
