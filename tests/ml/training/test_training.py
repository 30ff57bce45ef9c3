"""Whole runs on few small pictures: they learn, end, and go on exactly where they stopped."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from ml import training  # noqa: E402
from ml.data.input_pipeline import read_classes  # noqa: E402
from ml.data.shards import write_shards  # noqa: E402
from ml.train import changed, main  # noqa: E402
from ml.training_config import (  # noqa: E402
    Augmentation,
    InvalidConfig,
    Stage,
    TrainingConfig,
    config_named,
)
from tests.environment import ROOT  # noqa: E402
from tests.running import free_port  # noqa: E402

REFERENCES = ROOT / "ml" / "demo" / "pictures" / "references"
PLACES = ("dabotap", "n-seoul-tower", "sungnyemun")
CONFIG = TrainingConfig(
    name="test",
    backbone="lite0",
    weights="imagenet",
    normalization="lite",
    train_from="blocks.14._expand_conv",
    embedding_size=32,
    scale=16.0,
    margin=0.2,
    learning_rate=2e-3,
    stages=(Stage(side=64, epochs=1, batch=12),),
    steps=12,
    checkpoint_every=6,
    evaluate_every=6,
    augmentation=Augmentation(smallest_crop=0.5),
)
# The same run on three convolutions, where it is the loop that is tested.
LOOP = CONFIG.with_values({"backbone": "tiny", "weights": None, "train_from": ""})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for place in PLACES:
        shutil.copytree(REFERENCES / place, folder / place)
    return folder


@pytest.fixture(scope="module")
def shards(pictures, tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("shards"))
    write_shards(pictures, folder, side=96, held_out_share=0.25)
    return folder


def log_of(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / training.LOG_FILE).read_text().splitlines()]


@pytest.mark.slow
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(shards, tmp_path, monkeypatch):
    training.train(LOOP, shards, tmp_path / "whole")
    original = training.Run._set_learning_rates

    def stop_at_nine(run) -> None:
        if run.step == 9:
            raise KeyboardInterrupt
        original(run)

    with monkeypatch.context() as stopped, pytest.raises(KeyboardInterrupt):
        stopped.setattr(training.Run, "_set_learning_rates", stop_at_nine)
        training.train(LOOP, shards, tmp_path / "stopped")
    assert training.checkpoints(tmp_path / "stopped")[-1].name == "checkpoint-00000006.npz"
    training.train(LOOP, shards, tmp_path / "stopped")

    (whole,) = training.checkpoints(tmp_path / "whole")[-1:]
    with np.load(whole) as one, np.load(tmp_path / "stopped" / whole.name) as other:
        assert one.files == other.files
        for name in one.files:
            assert np.array_equal(one[name], other[name]), name


@pytest.mark.slow
def test_it_learns_from_right_labels_and_not_from_shuffled_ones(pictures, shards, tmp_path):
    shuffled = tmp_path / "shuffled"
    files = sorted(file for file in pictures.rglob("*.jpg"))
    order = np.random.default_rng(3).permutation(len(files))
    for place in PLACES:
        (shuffled / place).mkdir(parents=True)
    for number, index in enumerate(order):
        place = PLACES[number % len(PLACES)]
        shutil.copy(files[index], shuffled / place / f"{number}.jpg")
    write_shards(shuffled, str(tmp_path / "shards"), side=96, held_out_share=0.25)
    config = CONFIG.with_values({"steps": 36})

    right = training.train(config, shards, tmp_path / "right")
    wrong = training.train(config, str(tmp_path / "shards"), tmp_path / "wrong")

    first, last = log_of(tmp_path / "right")[0], log_of(tmp_path / "right")[-1]
    assert last["training_loss"] < first["training_loss"]
    assert right.held_out.top1 > 0.8 > wrong.held_out.top1
    assert right.held_out.loss < 1.0 < wrong.held_out.loss


@pytest.mark.slow
def test_a_small_set_is_learned_by_heart(pictures, tmp_path):
    write_shards(pictures, str(tmp_path / "shards"), side=96, held_out_share=0.0)
    config = CONFIG.with_values({"steps": 72, "augmentation": Augmentation(smallest_crop=0.9)})

    result = training.train(config, str(tmp_path / "shards"), tmp_path / "run")

    assert result.held_out.top1 == 1.0  # nothing is kept out: these are the training pictures


@pytest.mark.slow
def test_patience_ends_a_run_that_makes_no_progress(shards, tmp_path):
    config = LOOP.with_values({"learning_rate": 5.0, "evaluate_every": 1, "patience": 2})

    result = training.train(config, shards, tmp_path)

    assert result.stopped_early
    assert result.step < config.steps


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [
        {
            "strategy": "mirrored",
            "mixed_precision": True,
            "subcenters": 2,
            "dynamic_margins": (0.4, 0.1, 0.25),
        },
        {
            "sampled_negatives": 1,
            "optimizer": "sgd",
            "learning_rate": 0.05,
            "clip_norm": 5.0,
            "head_learning_rate": 0.2,
            "patience": 9,
        },
        {"task": "both"},
    ],
    ids=["mirrored", "sampled", "both"],
)
def test_every_way_to_train_takes_steps_that_learn(shards, tmp_path, values):
    result = training.train(LOOP.with_values({"steps": 18, **values}), shards, tmp_path)

    first, *_, last = log_of(tmp_path)
    assert result.step == 18
    assert last["training_loss"] < first["training_loss"]


@pytest.mark.slow
def test_two_workers_train_one_network_and_one_of_them_writes(shards, tmp_path):
    ports = [free_port(), free_port()]
    command = [sys.executable, "-m", "ml.train", "--config", "smoke", "--shards", shards]
    command += ["--output", str(tmp_path)]
    changes = {"strategy": "multi_worker", "backbone": "tiny", "steps": 8, "evaluate_every": 4}
    for name, value in changes.items():
        command += ["--set", f"{name}={value}"]
    command += ["--set", "weights=null", "--set", 'train_from=""']
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    workers = []
    for number in range(2):
        task = {"cluster": cluster, "task": {"type": "worker", "index": number}}
        workers.append(
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | {"TF_CONFIG": json.dumps(task)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    said = []
    for worker in workers:
        with worker:
            said.append(worker.communicate(timeout=300)[0])

    assert [worker.returncode for worker in workers] == [0, 0], said
    ends = [json.loads(text.splitlines()[-1]) for text in said]
    assert ends[0] == ends[1]
    assert [line["step"] for line in log_of(tmp_path)] == [4, 8]
    assert len(training.checkpoints(tmp_path)) == 1


@pytest.mark.slow
def test_sizes_grow_from_stage_to_stage(shards, tmp_path, monkeypatch):
    sides = []
    original = training.training_batches
    monkeypatch.setattr(
        training,
        "training_batches",
        lambda *arguments, **options: (
            sides.append(options["side"]) or original(*arguments, **options)
        ),
    )
    stages = (Stage(side=32, epochs=1, batch=6), Stage(side=64, epochs=1, batch=9))

    result = training.train(LOOP.with_values({"stages": stages, "steps": 0}), shards, tmp_path)

    assert sides == [32, 64]
    assert result.step == 18 // 6 + 18 // 9


def test_a_folder_of_another_run_is_not_taken(shards, tmp_path):
    (tmp_path / training.CONFIG_FILE).write_text("{}")

    with pytest.raises(training.OtherRun, match=r"config\.json is of another run"):
        training.Run(LOOP, read_classes(shards), tmp_path)


def test_frozen_layers_stay_and_the_rest_is_trained(shards, tmp_path):
    run = training.Run(CONFIG, read_classes(shards), tmp_path)
    backbone = run.network.get_layer("lite0")

    names = {variable.path.split("/")[-2] for variable in run.network.trainable_variables}

    assert not backbone.get_layer("conv_stem").trainable
    assert {"conv_head", "reduce", "gem"} <= names


def test_the_learning_rate_warms_up_and_falls_like_a_cosine():
    rates = [training.learning_rate(1.0, step, 110, 10) for step in range(111)]

    assert rates[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert rates[10] == 1.0
    assert rates[60] == pytest.approx(0.5)
    assert rates[110] == pytest.approx(0.0)


@pytest.mark.parametrize(
    "name",
    ["smoke", "nia_resnet101_arcface", "resnet101_arcface", "small_arcface", "delf", "delg"],
)
def test_configurations_are_whole(name):
    assert config_named(name).name == name


def test_the_data_sets_own_configuration_is_kept():
    config = config_named("nia_resnet101_arcface")

    assert (config.backbone, config.embedding_size, config.margin) == ("resnet101", 2048, 0.1)
    assert config.scale == pytest.approx(45.2548)
    assert config.stages == (Stage(side=224, epochs=40, batch=64),)
    assert (config.augmentation.smallest_crop, config.augmentation.aspect) == (0.08, 4 / 3)


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("learning=1", "no field learning"),
        ("backbone=vgg", "backbone must be one of"),
        ("subcenters=0", "subcenters must be at least 1"),
    ],
)
def test_a_wrong_field_is_named(assignment, said):
    with pytest.raises(InvalidConfig, match=said):
        changed(config_named("smoke"), [assignment])


def test_missing_shards_end_the_command_with_a_message(tmp_path, capsys):
    code = main(["--config", "smoke", "--shards", str(tmp_path), "--output", str(tmp_path / "run")])

    assert code == 2
    assert "holds no classes.json" in capsys.readouterr().err
