import factory
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.recognition.models import Candidate, RecognitionPhoto, RecognitionRequest
from tests.factories.catalogue import LandmarkFactory


class RecognitionRequestFactory(factory.django.DjangoModelFactory):
    """An answered question; `pending=True` for one that still waits."""

    class Meta:
        model = RecognitionRequest

    class Params:
        pending = factory.Trait(
            state="pending", certainty="", unknown_probability=None, finished_at=None
        )
        failed = factory.Trait(
            state="failed",
            certainty="",
            unknown_probability=None,
            error_code="recognition_failed",
        )

    state = "done"
    certainty = "sure"
    unknown_probability = 0.04
    timings = factory.LazyFunction(lambda: {"decode": 8.0, "model": 40.5})
    submitted_at = factory.LazyFunction(timezone.now)
    finished_at = factory.LazyFunction(timezone.now)


class RecognitionPhotoFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RecognitionPhoto

    request = factory.SubFactory(RecognitionRequestFactory)
    position = 1
    file = factory.LazyFunction(lambda: ContentFile(b"the photo", name="photo.jpg"))
    width = 320
    height = 240


class CandidateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Candidate

    request = factory.SubFactory(RecognitionRequestFactory)
    landmark = factory.SubFactory(LandmarkFactory)
    rank = 1
    probability = 0.9
    similarity = 0.8
    source = "reference"
