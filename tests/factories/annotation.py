import factory
from django.utils import timezone

from apps.accounts.models import User
from apps.annotation.models import (
    Annotation,
    AnnotationImage,
    AnnotationTask,
    Assignment,
    Dataset,
)
from tests.factories.catalogue import LicenseFactory


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"person-{number}")


class DatasetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Dataset

    name = factory.Sequence(lambda number: f"dataset {number}")
    year = 2020
    source = "test"
    created_at = factory.LazyFunction(timezone.now)


class AssignmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Assignment

    dataset = factory.SubFactory(DatasetFactory)
    annotator = factory.SubFactory(UserFactory)


class ImageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AnnotationImage

    dataset = factory.SubFactory(DatasetFactory)
    name = factory.Sequence(lambda number: f"{number}.jpg")
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    width = 3000
    height = 2000
    license = factory.SubFactory(LicenseFactory)
    created_at = factory.LazyFunction(timezone.now)


class TaskFactory(factory.django.DjangoModelFactory):
    """An open task in a dataset of its own, or in `dataset`."""

    class Meta:
        model = AnnotationTask

    dataset = factory.SubFactory(DatasetFactory)
    image = factory.SubFactory(ImageFactory, dataset=factory.SelfAttribute("..dataset"))


class AnnotationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Annotation

    task = factory.SubFactory(TaskFactory)
    by = factory.SubFactory(UserFactory)
    x = 10
    y = 20
    width = 300
    height = 400
    none_of_these = True
    created_at = factory.LazyFunction(timezone.now)
