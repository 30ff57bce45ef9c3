"""What a run learned is what its export answers, by both graphs."""

import json

import numpy as np
import onnxruntime
import pytest

tf = pytest.importorskip("tensorflow")

from ml import exporting, training  # noqa: E402
from ml.contract import PHOTO_SIZES, read_labels  # noqa: E402
from ml.data.shards import write_shards  # noqa: E402
from ml.export import main  # noqa: E402
from ml.training_config import Augmentation, Stage, TrainingConfig  # noqa: E402
from tests.ml.training.test_training import REFERENCES  # noqa: E402

CONFIG = TrainingConfig(
    name="export_test",
    backbone="tiny",
    embedding_size=16,
    stages=(Stage(side=64, epochs=1, batch=8),),
    steps=4,
    augmentation=Augmentation(smallest_crop=0.5),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_shards(REFERENCES, str(folder / "shards"), side=64)
    training.train(CONFIG, str(folder / "shards"), folder / "run")
    return folder / "run"


@pytest.mark.slow
def test_an_exported_run_answers_as_the_trained_network(run, tmp_path, capsys):
    code = main(["--run", str(run), "--output", str(tmp_path)])

    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    folder = tmp_path / "export-test" / "1"
    labels = read_labels(folder)
    assert code == 0
    assert (said["model"], said["version"], labels.embedding_size) == ("export-test", 1, 16)
    assert len(labels.classes) == 12
    size = labels.input_sizes[1]
    picture = np.random.default_rng(2).integers(0, 256, (1, *size, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    embedding, scores, class_ids = session.run(
        ["embedding", "scores", "class_ids"], {"image": picture}
    )
    trained = training.load_trained(run)
    expected = trained.network(picture, training=False)["embedding"]
    cosines = trained.heads["embedding"].cosines(expected).numpy()[0]
    assert embedding == pytest.approx(expected.numpy(), abs=1e-5)
    assert scores[0] == pytest.approx(np.sort(cosines)[::-1], abs=1e-5)
    assert cosines[class_ids[0]] == pytest.approx(scores[0], abs=1e-5)


@pytest.mark.slow
def test_version_numbers_only_grow(run, tmp_path, capsys):
    main(["--run", str(run), "--output", str(tmp_path)])
    main(["--run", str(run), "--output", str(tmp_path)])

    assert json.loads(capsys.readouterr().out.splitlines()[-1])["version"] == 2
    with pytest.raises(SystemExit, match="never overwrites"):
        main(["--run", str(run), "--output", str(tmp_path), "--version", "1"])


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(SystemExit, match="holds no training run"):
        main(["--run", str(tmp_path), "--output", str(tmp_path)])


def test_sizes_follow_the_side():
    assert exporting.photo_sizes(448) == PHOTO_SIZES
    assert exporting.photo_sizes(64)[:3] == ((64, 64), (48, 64), (64, 48))
