"""What was sent goes after the days that were said."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from apps.catalogue.models import Photo
from apps.recognition.feedback import confirm_answer
from apps.recognition.models import RecognitionRequest
from apps.recognition.retention import delete_old_requests
from tests.factories.catalogue import LandmarkFactory
from tests.factories.recognition import (
    CandidateFactory,
    RecognitionPhotoFactory,
    RecognitionRequestFactory,
)
from tests.pictures import encoded, picture

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def sent(days_ago: int) -> RecognitionRequest:
    question = RecognitionRequestFactory(submitted_at=NOW - timedelta(days=days_ago))
    RecognitionPhotoFactory(
        request=question, file=ContentFile(encoded(picture()), name="photo.jpg")
    )
    CandidateFactory(request=question, landmark=LandmarkFactory())
    return question


@pytest.mark.S16
def test_a_photo_and_its_answer_go_after_thirty_days(client, django_capture_on_commit_callbacks):
    old, young = sent(31), sent(29)
    gone, stays = (each.photos.get().file.name for each in (old, young))

    with django_capture_on_commit_callbacks(execute=True):
        assert delete_old_requests(at=NOW) == 1

    assert not default_storage.exists(gone)
    assert default_storage.exists(stays)
    assert not old.candidates.exists()
    assert client.get(reverse("guide:recognition", args=[old.receipt])).status_code == 410
    assert delete_old_requests(at=NOW) == 0


def test_the_days_are_a_setting(settings):
    settings.VISITOR_PHOTOS_KEPT_DAYS = 3
    sent(4)

    assert delete_old_requests(at=NOW) == 1


def test_what_was_left_with_us_stays_and_can_be_taken_back(client):
    question = sent(31)
    confirm_answer(question, consent=True, at=NOW)

    assert delete_old_requests(at=NOW) == 0
    client.post(reverse("guide:recognition_delete", args=[question.receipt]))

    assert not Photo.objects.exists()
