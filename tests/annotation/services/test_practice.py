from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from apps.annotation.models import AnnotationTask, Dataset
from apps.annotation.services.practice import (
    add_practice_dataset,
    read_answers,
    remove_practice_dataset,
)
from apps.annotation.services.preparing import assign
from apps.catalogue.models import License
from tests.factories.annotation import DatasetFactory
from tests.factories.catalogue import LandmarkFactory

pytestmark = pytest.mark.django_db
FOLDER = settings.DEMO_PICTURES_DIR


def added() -> int:
    return add_practice_dataset(
        FOLDER,
        split="sample",
        license=License.objects.get(code="CC0-1.0"),
        source="gilnun-demo",
        at=timezone.now(),
    )


def test_the_practice_dataset_holds_every_sample_once():
    tower = LandmarkFactory(slug="n-seoul-tower")

    first, second = added(), added()

    dataset = Dataset.objects.get()
    assert (first, second, dataset.images.count()) == (48, 0, 48)
    assert dataset.practice and dataset.open_to_all
    assert dataset.images.filter(landmark=tower).count() == 4
    image = dataset.images.order_by("name").first()
    answer = next(a for a in read_answers(FOLDER, split="sample") if a.file == image.name)
    assert image.truth == answer.truth
    with image.file.open() as file, Image.open(file) as stored:
        assert stored.size == (image.width, image.height)


def test_known_answers_lie_inside_their_pictures():
    for answer in read_answers(FOLDER, split="sample"):
        with Image.open(Path(FOLDER, answer.file)) as picture:
            x, y, width, height = answer.truth["bbox"]
            assert x >= 0 and y >= 0
            assert x + width <= picture.width and y + height <= picture.height


def test_a_new_annotator_practises_at_once_and_hears_how_near_it_was(person, signed_in):
    added()
    client = signed_in(person("annotator"))

    task = client.post(reverse("annotation:claim"), {}, content_type="application/json").json()
    task = task["task"]
    truth = AnnotationTask.objects.get(pk=task["id"]).image.truth
    answer = client.post(
        reverse("annotation:submit", args=[task["id"]]),
        {"token": task["token"], **truth},
        content_type="application/json",
    ).json()

    assert answer["feedback"]["overlap"] == 1
    assert answer["feedback"]["tags_right"]
    assert answer["next"]["task"]["id"] != task["id"]


def test_taking_the_demo_away_takes_practice_with_what_was_drawn(
    person, signed_in, django_capture_on_commit_callbacks
):
    added()
    client = signed_in(person("annotator"))
    client.post(reverse("annotation:claim"), {}, content_type="application/json")

    with django_capture_on_commit_callbacks(execute=True):
        removed = remove_practice_dataset(source="gilnun-demo")

    assert removed == 48
    assert not Dataset.objects.exists()
    assert not list((settings.MEDIA_ROOT / "annotation").rglob("*.jpg"))


def test_practice_does_not_come_by_itself_after_assigned_work(person, signed_in):
    added()
    mina = person("annotator")
    assign(DatasetFactory(), [mina])
    client = signed_in(mina)
    practice = Dataset.objects.get(practice=True)

    unasked = client.post(reverse("annotation:claim"), {}, content_type="application/json")
    asked = client.post(
        reverse("annotation:claim"), {"dataset": practice.pk}, content_type="application/json"
    )

    assert unasked.status_code == 204
    assert asked.json()["task"]["dataset"]["id"] == practice.pk
