"""After the answer: candidates whose details lie where a reference has them are verified."""

import json
import shutil
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.catalogue.models import License, Photo
from apps.operations.models import Job
from apps.recognition import matching, services, verifying
from apps.recognition.model_server import registered_model, write_config
from apps.recognition.models import PhotoLocalFeatures, PhotoMatch, RecognitionRequest
from apps.recognition.tasks import match_photos, verify_candidates
from ml.contract import LOCAL_PROFILE
from ml.model_config import CONFIG_FILE
from ml.serving.process import ModelServerProcess
from tests.ml.tiny_local import LEAST_INLIERS, exported
from tests.recognition.exports import add_export
from tests.recognition.places import learn_places

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def places(settings, tmp_path, db, photo_of):
    """The known places, and a model server that knows local features too."""
    settings.MODELS_DIR = tmp_path / "models"
    settings.RECOGNITION_PROFILE = "tiny"
    settings.EMBEDDED_MODEL_SERVER = False
    settings.VERIFY_MATCHES = True
    settings.SHADOW_PERCENT = 0
    add_export(settings.MODELS_DIR, "landmarks-tiny", 1)
    shutil.copytree(exported(), settings.MODELS_DIR / LOCAL_PROFILE.model_name / "1")
    write_config(registered_model())
    config = str(settings.MODELS_DIR / CONFIG_FILE)
    with ModelServerProcess(settings.MODELS_DIR, "--model-config", config) as running:
        settings.TF_SERVING_ADDRESS = running.address
        yield learn_places(photo_of)


def verify(request: RecognitionRequest) -> RecognitionRequest:
    job = Job.objects.get(task=verifying.TASK, subject=str(request.pk))
    verify_candidates(job=job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    return request


def test_a_photo_like_a_reference_is_verified_and_drawn_beside_it(places, photo_of, client):
    answered = verify(services.answer_photos([photo_of("gate", 0)]))

    first = answered.candidates.get(rank=1)
    assert first.landmark == places["gate"]
    assert first.inliers >= LEAST_INLIERS
    assert first.match_photo.landmark == places["gate"]
    assert all(0 <= share <= 1 for line in first.match_lines for share in line)
    page = client.get(f"/en/recognize/{answered.receipt}/").content.decode()
    assert page.count('<details class="match">') == 1
    assert page.count('<path d="M') >= len(first.match_lines)
    assert str(first.match_photo_id) in page

    License.objects.update(may_show=False)
    hidden = client.get(f"/en/recognize/{answered.receipt}/").content.decode()
    assert 'class="match"' not in hidden
    assert "of your photo match" in hidden


def test_references_are_described_once_and_what_confirms_nothing_is_told_so(places, photo_of):
    answered = verify(services.answer_photos([photo_of("gate", 0)]))
    described = set(PhotoLocalFeatures.objects.values_list("pk", flat=True))
    verify(services.answer_photos([photo_of("gate", 0)]))

    others = answered.candidates.exclude(rank=1)
    assert set(others.values_list("inliers", "match_photo")) <= {(0, None)}
    assert set(PhotoLocalFeatures.objects.values_list("pk", flat=True)) == described


def test_one_place_of_an_answer_is_verified_at_most(places, photo_of, client):
    gate, tower = photo_of("gate", 0), photo_of("tower", 0)
    answered = verify(services.answer_photos([gate, tower]))

    assert answered.candidates.filter(inliers__gt=0).count() == 1


def test_nothing_is_written_for_deleted_or_long_answered_requests(places, photo_of):
    deleted = services.answer_photos([photo_of("gate", 0)])
    services.delete_request(deleted, at=timezone.now())
    late = services.answer_photos([photo_of("gate", 0)])
    RecognitionRequest.objects.filter(pk=late.pk).update(
        finished_at=timezone.now() - timedelta(minutes=5)
    )

    verify(deleted)
    verify(late)

    assert late.candidates.get(rank=1).inliers is None


def test_local_features_are_no_model_to_promote(places, capsys):
    with pytest.raises(SystemExit):
        call_command("serve_model", "canary", LOCAL_PROFILE.model_name)
    refused = json.loads(capsys.readouterr().out.splitlines()[-1])
    call_command("serve_model", "list")
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert "cannot name landmarks" in refused["error"]
    assert listed["exports"] == []


def test_without_the_setting_there_is_no_job(known_places, photo_of):
    services.answer_photos([photo_of("gate", 0)])

    assert not Job.objects.filter(task=verifying.TASK).exists()


def test_photos_that_look_alike_are_verified_once_and_drawn(places, photo_of, client, settings):
    one, *others = Photo.objects.filter(landmark=places["gate"], reference=True).order_by("pk")
    for photo in [one, *others]:
        # The same picture under every name: details lie where they lay.
        with one.file.open("rb") as content:
            photo.file.save("a.jpg", ContentFile(content.read()))
    address = reverse("guide:similar", args=[one.pk])
    first = client.get(address).content.decode()
    client.get(address)

    job = Job.objects.get(task=matching.TASK, subject=str(one.pk))
    match_photos(job=job.pk)

    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    assert "data-inliers" not in first
    page = client.get(address).content.decode()
    confirmed = PhotoMatch.objects.filter(photo=one, inliers__gte=LEAST_INLIERS)
    assert 0 < confirmed.count() <= matching.COMPARED
    assert page.count("data-inliers") == page.count('<details class="match">') == confirmed.count()
    assert {match.other.landmark for match in confirmed} == {places["gate"]}
    settings.VERIFY_MATCHES = False
    assert "data-inliers" not in client.get(address).content.decode()
