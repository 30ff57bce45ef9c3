"""What stops a training run is said and kept, and its page shows how far and how well it did."""

import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.recognition.models import TrainingRun
from apps.recognition.plots import HEIGHT, plot
from tests.factories.annotation import DatasetFactory

pytestmark = [pytest.mark.django_db]
LOG = [
    {
        "step": step,
        "of": 60,
        "training_loss": 4 - step / 20,
        "held_out_loss": 3 - step / 30,
        "held_out_top1": step / 60,
        "learning_rate": 0.001,
    }
    for step in (30, 60)
]
FIGURES = {"top1": 0.914, "ece": 0.046, "n": 444}
INTERVALS = {"top1": [0.89, 0.941], "ece": [0.033, 0.071]}


@pytest.fixture
def run() -> TrainingRun:
    """A run that is measured, and not yet registered."""
    measured = {
        "new": FIGURES | {"intervals": INTERVALS},
        "present": FIGURES | {"top1": 0.905, "intervals": INTERVALS},
        "compared": {"only_first": 3, "only_second": 7, "p": 0.344},
    }
    stages = {name: {"seconds": 1.5} for name in ("annotations", "shards", "train", "export")}
    return TrainingRun.objects.create(
        name="autumn",
        config="smoke",
        datasets=[1],
        stages=stages | {"evaluate": measured},
        log=LOG,
        started_at=timezone.now(),
    )


@pytest.fixture
def engineer(client):
    client.force_login(create_user(name="engineer", roles=[Role.ML_ENGINEER]).user)
    return client


def train(capsys, *words: str) -> tuple[int, dict]:
    code = 0
    try:
        call_command("train_model", *words)
    except SystemExit as exit:
        code = exit.code
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def page_of(client, run: TrainingRun):
    address = reverse("admin:recognition_trainingrun_change", args=[run.pk])
    return client.get(address, headers={"accept-language": "en"})


@pytest.mark.slow
def test_without_completed_annotations_a_run_stops_and_says_why(capsys, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    dataset = DatasetFactory()

    code, said = train(capsys, "autumn", "--dataset", str(dataset.pk), "--config", "smoke")
    other, refused = train(capsys, "autumn", "--dataset", str(dataset.pk), "--config", "delf")

    assert (code, other) == (2, 2)
    assert "no completed annotation" in said["error"]
    assert "another name" in refused["error"]
    run = TrainingRun.objects.get()
    assert (run.state, run.stages) == ("failed", {})
    assert "no completed annotation" in run.error


@pytest.mark.slow
def test_the_page_shows_progress_plots_and_the_present_model(engineer, run):
    page = page_of(engineer, run)

    text = page.content.decode()
    assert page.status_code == 200
    assert page.context["finished"] == 5
    assert text.count("<polyline") == 3
    assert "91.4%" in text and "90.5%" in text
    assert "444 pictures kept out" in text
    assert "Right in the new one only: 7" in text
    assert 'http-equiv="refresh"' in text  # it is under way


@pytest.mark.slow
def test_a_stopped_run_says_what_stopped_it(engineer, run):
    run.state, run.error = "failed", "The model server does not answer."
    run.save()

    text = page_of(engineer, run).content.decode()

    assert "The model server does not answer." in text
    assert 'http-equiv="refresh"' not in text


def test_lines_lie_between_the_lowest_and_the_highest_value():
    drawn = plot(LOG, ["training_loss", "held_out_loss"])

    assert (drawn.low, drawn.high, drawn.steps) == (0, 2.5, 60)
    assert drawn.lines[0].points == f"320.0,0.0 640.0,{HEIGHT * (1 - 1 / 2.5):.1f}"
    assert plot(LOG[:1], ["training_loss"]) is None
