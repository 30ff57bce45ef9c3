"""What stops a training run is said and kept, and its page shows how far and how well it did."""

import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.operations.models import AuditEntry, Job
from apps.recognition import tasks, training_jobs, training_runs
from apps.recognition.models import TrainingRun
from apps.recognition.plots import HEIGHT, plot
from ml.report import html_report
from tests.factories.annotation import AnnotationFactory, DatasetFactory, TaskFactory
from tests.factories.catalogue import LicenseFactory

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


def learnable(*, may_train: bool = True) -> int:
    """The number of a dataset with one completed annotation."""
    task = TaskFactory(
        image__license=LicenseFactory(code=f"T{may_train:d}", may_train=may_train),
        state="submitted",
        submitted_at=timezone.now(),
        completed_at=timezone.now(),
    )
    AnnotationFactory(task=task)
    return task.dataset_id


def start(client, **values):
    asked = {"name": "autumn", "config": "smoke"} | values
    return client.post(
        reverse("admin:recognition_trainingrun_add"), asked, headers={"accept-language": "en"}
    )


def work(run: TrainingRun) -> Job:
    """Do what a worker does with the run's last job."""
    job = Job.objects.filter(task=training_jobs.TASK, subject=str(run.pk)).latest("pk")
    tasks.train(job=job.pk)
    job.refresh_from_db()
    return job


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


@pytest.mark.slow
def test_a_run_is_started_on_the_page_stops_with_its_reason_and_goes_on(
    engineer, monkeypatch, settings, tmp_path
):
    settings.DATA_DIR = tmp_path
    dataset, server_is_there, exported = learnable(), [], []

    def canary(run, folder, progress):
        if not server_is_there:
            raise training_runs.StageFailed("The model server does not answer.")
        return {}

    def export(run, folder, progress):
        exported.append(run.name)
        return {}

    steps = dict.fromkeys(training_runs.STAGES, lambda run, folder, progress: {})
    monkeypatch.setattr(training_runs, "_STEPS", steps | {"export": export, "canary": canary})

    answer = start(engineer, datasets=[dataset])

    run = TrainingRun.objects.get()
    assert answer["Location"] == reverse("admin:recognition_trainingrun_change", args=[run.pk])
    assert (run.name, run.config, run.datasets) == ("autumn", "smoke", [dataset])
    assert AuditEntry.objects.about(run).get().by_name == "engineer"
    assert "as soon as a worker is free" in page_of(engineer, run).content.decode()
    assert work(run).state == Job.State.DONE
    stopped = page_of(engineer, run)
    assert stopped.context["finished"] == 5
    assert "The model server does not answer." in stopped.content.decode()
    assert "Go on from here" in stopped.content.decode()

    server_is_there.append(True)
    go_on = reverse("admin:recognition_trainingrun_go_on", args=[run.pk])
    engineer.post(go_on)
    engineer.post(go_on)

    assert Job.objects.filter(task=training_jobs.TASK).count() == 2
    assert work(run).state == Job.State.DONE
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")
    assert exported == ["autumn"]


@pytest.mark.slow
def test_a_run_that_nobody_can_end_says_so(engineer, run):
    training_jobs.leave_unfinished(str(run.pk), "The worker stopped while working on this.")

    assert "The worker stopped" in page_of(engineer, run).content.decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "values, says",
    [
        ({"name": "Autumn 1"}, "small letters, digits and hyphens only"),
        ({"name": "taken"}, "There is a run of this name"),
        ({"datasets": []}, "choose at least one dataset"),
        ({"config": "delf"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_learned_is_said_and_starts_nothing(engineer, run, values, says):
    TrainingRun.objects.update(name="taken")

    answer = start(engineer, **({"datasets": [learnable()]} | values))

    assert says in answer.content.decode()
    assert TrainingRun.objects.count() == 1
    assert not Job.objects.filter(task=training_jobs.TASK).exists()


@pytest.mark.slow
def test_datasets_whose_licenses_forbid_training_are_not_offered(engineer):
    address = reverse("admin:recognition_trainingrun_add")
    learnable(may_train=False)
    without = engineer.get(address, headers={"accept-language": "en"}).content.decode()
    dataset = learnable()
    offered = engineer.get(address, headers={"accept-language": "en"}).context["form"]

    assert "where the license of the picture allows training" in without
    assert 'name="datasets"' not in without
    assert [key for key, _name in offered.fields["datasets"].choices] == [dataset]


@pytest.mark.slow
def test_the_report_opens_as_a_page_that_runs_and_loads_nothing(engineer, run, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    address = reverse("admin:recognition_trainingrun_report", args=[run.pk, "new"])
    assert engineer.get(address).status_code == 404
    assert "data-reports" not in page_of(engineer, run).content.decode()
    folder = tmp_path / "training" / run.name
    folder.mkdir(parents=True)
    (folder / "new.html").write_text(html_report("smoke 3", {"top1": 0.9}, {}, [], [], {}))

    answer = engineer.get(address)

    assert address in page_of(engineer, run).content.decode()
    assert "smoke 3" in answer.content.decode()
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "sandbox" in policy
    assert "unsafe" not in policy and "sha256-" in policy
    assert engineer.get(address.replace("/new/", "/secrets/")).status_code == 404


@pytest.mark.slow
def test_the_empty_list_says_what_a_run_is_and_offers_to_start_one(engineer):
    address = reverse("admin:recognition_trainingrun_changelist")

    empty = engineer.get(address, headers={"accept-language": "en"}).content.decode()
    filtered = engineer.get(address, {"state__exact": "done"}, headers={"accept-language": "en"})

    assert "Nothing was trained yet" in empty
    assert reverse("admin:recognition_trainingrun_add") in empty
    assert "reset your filters" not in empty
    assert "reset your filters" in filtered.content.decode()
