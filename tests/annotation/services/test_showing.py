import hashlib
import shutil

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.annotation.models import AnnotationImage, AnnotationTask, Draft
from apps.annotation.services.preparing import assign
from apps.operations.models import AuditEntry
from tests.annotation.test_pictures import encoded, turned
from tests.factories.annotation import (
    AnnotationFactory,
    DatasetFactory,
    ImageFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "[원천]서울" / "1.jpg"
    path.parent.mkdir()
    path.write_bytes(turned(6))
    return path


@pytest.fixture
def image(original):
    return ImageFactory(original=str(original), sha256="", width=300, height=400)


@pytest.fixture
def client(person, signed_in, image):
    annotator = person("annotator", username="mina")
    assign(image.dataset, [annotator])
    return signed_in(annotator)


def status(client, image) -> int:
    """Ask for a picture, read it to its end, and return the status."""
    answer = client.get(image.url)
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    return answer.status_code


def post(client, address: str, body: dict | None = None):
    return client.post(address, body or {}, content_type="application/json")


def test_a_noted_picture_is_taken_over_when_it_is_first_shown(client, image, original):
    first = client.get(image.url)
    shown = b"".join(first.streaming_content)
    original.unlink()
    again = b"".join(client.get(image.url).streaming_content)

    assert shown == again
    assert b"a camera" not in shown
    image.refresh_from_db()
    assert image.sha256 == hashlib.sha256(turned(6)).hexdigest()
    assert image.file_sha256 == hashlib.sha256(shown).hexdigest()


def test_the_same_picture_under_two_numbers_is_shown_twice(client, image):
    other = ImageFactory(
        dataset=image.dataset, original=image.original, sha256="", width=300, height=400
    )

    assert [status(client, each) for each in (image, other)] == [200, 200]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda path: path.unlink(), "file_missing"),
        (lambda path: path.write_bytes(b"\xff\xd8\xff nothing"), "corrupt_image"),
        (lambda path: path.write_bytes(encoded(size=(640, 480))), "size_differs"),
    ],
    ids=["gone", "corrupt", "another size"],
)
def test_a_broken_picture_is_set_aside_and_the_next_one_comes(
    client, image, original, fault, reason
):
    task = TaskFactory(image=image, dataset=image.dataset)
    following = TaskFactory(dataset=image.dataset)
    fault(original)
    held = post(client, reverse("annotation:claim")).json()["task"]
    assert held["id"] == task.pk
    draft = reverse("annotation:draft", args=[task.pk])
    drawn = {"token": held["token"], "bbox": [1, 2, 30, 40]}
    client.put(draft, drawn, content_type="application/json")

    answer = client.get(image.url)
    late = post(client, reverse("annotation:submit", args=[task.pk]), drawn)
    after = post(client, reverse("annotation:claim")).json()["task"]

    assert (answer.status_code, answer.json()["code"]) == (410, "picture_broken")
    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")
    assert after["id"] == following.pk
    task.refresh_from_db()
    assert task.state == "unusable"
    assert f"({reason})" in task.closed_reason
    assert Draft.objects.get(task=task).content["bbox"] == [1, 2, 30, 40]
    assert AuditEntry.objects.about(task).get().note == reason


def test_a_repaired_picture_opens_its_tasks_again(client, image, original):
    task = TaskFactory(image=image, dataset=image.dataset)
    content = original.read_bytes()
    original.unlink()
    status(client, image)
    original.write_bytes(content)

    assert status(client, image) == 200

    task.refresh_from_db()
    image.refresh_from_db()
    assert (task.state, task.closed_reason, image.broken) == ("open", "", "")


def test_a_task_that_a_supervisor_closed_stays_closed(client, image, original):
    task = TaskFactory(
        image=image, dataset=image.dataset, state="unusable", closed_reason="too dark"
    )
    AnnotationImage.objects.filter(pk=image.pk).update(broken="file_missing")

    status(client, image)

    task.refresh_from_db()
    assert task.state == "unusable"


def test_finished_work_on_a_broken_picture_stays(client, image, original):
    at = timezone.now()
    done = AnnotationFactory(
        task=TaskFactory(
            image=image,
            dataset=image.dataset,
            state="accepted",
            submitted_at=at,
            completed_at=at,
        )
    )
    original.unlink()

    assert status(client, image) == 410

    done.task.refresh_from_db()
    assert done.task.state == "accepted"
    image.refresh_from_db()
    assert image.broken == "file_missing"


def test_a_disk_that_is_away_sets_nothing_aside(client, image, original):
    task = TaskFactory(image=image, dataset=image.dataset)
    shutil.rmtree(original.parent)

    answer = client.get(image.url)

    assert (answer.status_code, answer.json()["code"]) == (503, "picture_away")
    task.refresh_from_db()
    assert task.state == "open"


def test_an_image_without_a_picture_is_not_found(client, image):
    bare = ImageFactory(dataset=image.dataset)

    assert status(client, bare) == 404


def test_a_broken_known_answer_is_passed_over(person, signed_in, image, original):
    practice = DatasetFactory(practice=True, open_to_all=True)
    truth = {"bbox": [1, 2, 30, 40], "none_of_these": True}
    truth |= dict.fromkeys(("truncated", "occluded", "reflection"), False)
    AnnotationImage.objects.filter(pk=image.pk).update(dataset=practice, truth=truth)
    client = signed_in(person("annotator"))
    held = post(client, reverse("annotation:claim")).json()["task"]
    original.unlink()

    assert client.get(held["image"]["url"]).status_code == 410
    assert post(client, reverse("annotation:claim")).status_code == 204
    assert AnnotationTask.objects.get().state == "skipped"
