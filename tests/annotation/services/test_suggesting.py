import io
import json

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from PIL import Image, ImageDraw

from apps.accounts.models import User
from apps.annotation.services import suggesting
from apps.annotation.tasks import suggest_boxes
from apps.operations.models import Job
from ml.contract import read_labels
from ml.model_config import CONFIG_FILE, ConfiguredModel, config_text
from tests.environment import TEST_DATA
from tests.factories.annotation import DatasetFactory, ImageFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def looking(settings, exported_model):
    """The default profile as the model that answers."""
    settings.MODELS_DIR = TEST_DATA / "models"
    labels = read_labels(exported_model)
    answering = ConfiguredModel(labels.model, "", (labels.version,), {"stable": labels.version})
    (settings.MODELS_DIR / CONFIG_FILE).write_text(config_text([answering]))
    yield
    (settings.MODELS_DIR / CONFIG_FILE).unlink()


def picture() -> bytes:
    image = Image.new("RGB", (640, 480), "lightblue")
    ImageDraw.Draw(image).rectangle((200, 120, 420, 460), fill="firebrick", outline="black")
    content = io.BytesIO()
    image.save(content, "JPEG")
    return content.getvalue()


@pytest.fixture
def dataset():
    return DatasetFactory()


def image_of(dataset, **values):
    image = ImageFactory(dataset=dataset, width=640, height=480, **values)
    image.file.save("picture.jpg", ContentFile(picture()))
    return image


def test_a_job_suggests_boxes_and_leaves_those_that_are_there(looking, dataset):
    empty = image_of(dataset)
    brought = image_of(dataset, suggestion=[1, 2, 30, 40])
    practice = image_of(dataset, truth={"bbox": [0, 0, 10, 10]})
    user = User.objects.create_superuser("engineer")
    suggesting.suggest_later(dataset, at=user.date_joined)

    suggest_boxes(job=Job.objects.get().pk)

    for image in (empty, brought, practice):
        image.refresh_from_db()
    x, y, width, height = empty.suggestion
    assert x >= 0 and y >= 0 and x + width <= 640 and y + height <= 480
    assert (brought.suggestion, practice.suggestion) == ([1, 2, 30, 40], None)


def test_the_command_says_what_it_did_and_repeats_nothing(looking, dataset, capsys):
    image_of(dataset)

    call_command("suggest_boxes", dataset=dataset.pk)
    first = json.loads(capsys.readouterr().out)
    call_command("suggest_boxes", dataset=dataset.pk)

    assert first == {"suggested": 1, "without": 0}
    assert json.loads(capsys.readouterr().out) == {"suggested": 0, "without": 0}


def test_without_a_model_the_command_says_why(settings, tmp_path, dataset, capsys):
    settings.MODELS_DIR = tmp_path
    image_of(dataset)

    with pytest.raises(SystemExit) as ended:
        call_command("suggest_boxes", dataset=dataset.pk)

    assert ended.value.code == 2
    assert "models.config" in json.loads(capsys.readouterr().out)["error"]


def test_the_admin_asks_for_suggestions(client, dataset):
    client.force_login(User.objects.create_superuser("engineer"))

    client.post(
        "/admin/annotation/dataset/",
        {"action": "suggest_boxes", "_selected_action": [dataset.pk]},
    )

    assert Job.objects.get(task=suggesting.TASK).subject == str(dataset.pk)
