"""From a visitor's word to a task in the workbench, and back when they take the photo back."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from apps.annotation.models import AnnotationImage, AnnotationTask
from apps.annotation.services.claiming import claim_next_task
from apps.annotation.services.preparing import assign
from apps.annotation.services.visitors import DATASET
from apps.annotation.tasks import add_visitor_photo
from apps.catalogue.models import Photo
from apps.operations.models import Job
from apps.recognition.feedback import NothingToConfirm, confirm_answer, correct_answer
from apps.recognition.models import (
    Feedback,
    RecognitionRequest,
    ServedModel,
    ShadowAnswer,
)
from apps.recognition.services import delete_request
from tests.factories.annotation import UserFactory
from tests.factories.catalogue import LandmarkFactory
from tests.factories.recognition import (
    CandidateFactory,
    RecognitionPhotoFactory,
    RecognitionRequestFactory,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def jpeg(colour: str = "teal") -> ContentFile:
    content = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(content, "JPEG")
    return ContentFile(content.getvalue(), name="photo.jpg")


@pytest.fixture
def gate():
    return LandmarkFactory(slug="gate")


@pytest.fixture
def question(gate) -> RecognitionRequest:
    question = RecognitionRequestFactory()
    RecognitionPhotoFactory(request=question, file=jpeg())
    CandidateFactory(request=question, landmark=gate)
    return question


def do_jobs() -> None:
    for job in Job.objects.unfinished().filter(task__contains="annotation"):
        add_visitor_photo(job=job.pk)


def test_a_confirmed_answer_with_consent_becomes_a_photo_that_is_never_shown(question, gate):
    confirm_answer(question, consent=True, at=NOW)

    photo = Photo.objects.get()
    assert (photo.landmark, photo.source, photo.reference) == (gate, "tourist", False)
    assert (photo.license.may_train, photo.license.may_show) == (True, False)
    assert photo.license.needs_credit is False
    assert not Photo.objects.shown().exists()


def test_without_consent_only_the_word_is_kept(question, gate):
    feedback = confirm_answer(question, consent=False, at=NOW)

    assert (feedback.correct, feedback.landmark) == (True, gate)
    assert not Photo.objects.exists()
    assert not Job.objects.exists()


def test_another_place_is_kept_as_what_the_sender_says(question):
    bridge = LandmarkFactory(slug="bridge")

    feedback = correct_answer(question, landmark=bridge, consent=True, at=NOW)

    assert feedback.correct is False
    assert Photo.objects.get().landmark == bridge


def test_not_knowing_the_place_does_not_teach_that_there_is_none(question):
    correct_answer(question, landmark=None, consent=True, at=NOW)

    photo = Photo.objects.get()
    assert (photo.landmark, photo.shows_no_landmark) == (None, False)
    assert not Photo.objects.nonlandmarks().exists()


def test_confirming_that_nothing_is_known_names_no_place(question):
    RecognitionRequest.objects.update(certainty="unknown")
    question.refresh_from_db()

    assert confirm_answer(question, consent=False, at=NOW).landmark is None


def test_there_is_nothing_to_confirm_before_the_answer():
    question = RecognitionRequestFactory(pending=True)

    with pytest.raises(NothingToConfirm):
        confirm_answer(question, consent=True, at=NOW)


def test_a_second_word_replaces_the_first_and_its_photo(question, gate):
    bridge = LandmarkFactory(slug="bridge")
    confirm_answer(question, consent=True, at=NOW)

    correct_answer(question, landmark=bridge, consent=True, at=NOW)

    assert Photo.objects.get().landmark == bridge
    assert Feedback.objects.get().landmark == bridge
    correct_answer(question, landmark=bridge, consent=False, at=NOW)
    assert not Photo.objects.exists()


def test_a_kept_photo_becomes_a_task_of_the_visitors_dataset(question, gate):
    confirm_answer(question, consent=True, at=NOW)

    do_jobs()
    do_jobs()

    image = AnnotationImage.objects.get()
    assert (image.dataset.name, image.landmark) == (DATASET, gate)
    assert (image.width, image.height) == (320, 240)
    assert image.file.name == Photo.objects.get().file.name
    mina = UserFactory()
    assign(image.dataset, [mina])
    assert claim_next_task(by=mina, at=NOW).image == image
    assert not Job.objects.unfinished().exists()


@pytest.mark.parametrize("made", [False, True], ids=["before its task", "after its task"])
def test_deleting_the_photo_removes_it_everywhere(
    question, made, django_capture_on_commit_callbacks
):
    confirm_answer(question, consent=True, at=NOW)
    name = Photo.objects.get().file.name
    if made:
        do_jobs()

    with django_capture_on_commit_callbacks(execute=True):
        delete_request(question, at=NOW)
    do_jobs()

    assert not Photo.objects.exists()
    assert not AnnotationImage.objects.exists()
    assert not AnnotationTask.objects.exists()
    assert not Feedback.objects.exists()
    assert not default_storage.exists(name)


def test_the_same_picture_of_another_source_stays(question, gate):
    content = jpeg()
    first = RecognitionRequestFactory()
    RecognitionPhotoFactory(request=first, file=content)
    correct_answer(first, landmark=gate, consent=True, at=NOW)
    own = Photo.objects.get()
    own.source = "staff"
    own.save()
    confirm_answer(question, consent=True, at=NOW)
    assert Photo.objects.get() == own

    delete_request(question, at=NOW)

    assert Photo.objects.get() == own


def test_one_picture_sent_twice_goes_when_both_are_taken_back(question, gate):
    other = RecognitionRequestFactory()
    RecognitionPhotoFactory(request=other, file=jpeg())
    CandidateFactory(request=other, landmark=gate)
    confirm_answer(question, consent=True, at=NOW)
    confirm_answer(other, consent=True, at=NOW)

    delete_request(question, at=NOW)
    assert Photo.objects.count() == 1
    delete_request(other, at=NOW)

    assert not Photo.objects.exists()


def test_a_photo_whose_file_is_gone_leaves_the_word(question):
    stored = question.photos.get()
    stored.file.storage.delete(stored.file.name)

    confirm_answer(question, consent=True, at=NOW)

    assert Feedback.objects.exists()
    assert not Photo.objects.exists()


def test_photos_that_were_hard_are_annotated_first(gate):
    def sent(colour: str, first: float, second: float, *, agrees: bool = True) -> Photo:
        question = RecognitionRequestFactory(certainty="unsure")
        RecognitionPhotoFactory(request=question, file=jpeg(colour))
        CandidateFactory(request=question, landmark=gate, probability=first)
        CandidateFactory(request=question, rank=2, probability=second)
        ShadowAnswer.objects.create(
            request=question,
            model=canary,
            certainty="unsure",
            probability=first,
            agrees=agrees,
            model_milliseconds=1,
            stable_milliseconds=1,
            asked_at=NOW,
        )
        confirm_answer(question, consent=True, at=NOW)
        return Photo.objects.get(sent_as__request=question)

    canary = ServedModel.objects.create(
        name="canary", version=1, embedding_size=64, input_sizes=[], created_at=NOW
    )
    clear = sent("red", 0.9, 0.05)
    disputed = sent("green", 0.7, 0.1, agrees=False)
    close = sent("blue", 0.45, 0.4)
    do_jobs()
    annotator = UserFactory()
    dataset = AnnotationTask.objects.first().dataset
    assign(dataset, [annotator])

    order = []
    for number in range(3):
        task = claim_next_task(by=annotator, at=NOW + number * timedelta(hours=1))
        order.append((task.image.photo, task.ease))
        AnnotationTask.objects.filter(pk=task.pk).delete()

    assert order == [(close, 5), (disputed, 30), (clear, 85)]
