"""What a run learned is what its export answers, by both graphs."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest

tf = pytest.importorskip("tensorflow")

from ml import exporting, training  # noqa: E402
from ml.contract import PHOTO_SIZES, read_labels  # noqa: E402
from ml.data.shards import write_shards  # noqa: E402
from ml.export import main  # noqa: E402
from ml.export_folder import checked_labels, version_folders  # noqa: E402
from ml.pictures import DRAWN_PICTURES, pictures_below, read_pixels  # noqa: E402
from ml.serving import runtimes  # noqa: E402
from ml.serving.loaded_models import LoadedModel  # noqa: E402
from ml.serving.runtimes import has_bfloat16  # noqa: E402
from ml.training_config import Augmentation, Stage, TrainingConfig  # noqa: E402
from tests.environment import ROOT  # noqa: E402
from tests.ml.training.test_training import REFERENCES  # noqa: E402

SAMPLES = DRAWN_PICTURES / "samples"

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


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    models = tmp_path_factory.mktemp("models")
    main(["--run", str(run), "--output", str(models)])
    return models / "export-test" / "1"


@pytest.fixture(scope="module")
def pixels(exported):
    labels = read_labels(exported)
    return [read_pixels(file, labels) for file in pictures_below(SAMPLES)[::8]]


def variant_of(exported, variant):
    """Make a variant beside an export, by the command."""
    models = exported.parent.parent
    main(["--of", str(exported), "--variant", variant, "--output", str(models)])
    return version_folders(models, f"export-test-{variant}")[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "precision", "least"), [("int8", "int8", 0.98), ("bf16", "bfloat16", 0.999)]
)
def test_a_variant_sees_nearly_what_its_original_sees(
    exported, pixels, capsys, variant, precision, least
):
    folder = variant_of(exported, variant)

    labels = checked_labels(folder)
    original, smaller = LoadedModel(exported, threads=1), LoadedModel(folder, threads=1)
    answers = [(original.run(image), smaller.run(image)) for image in pixels]
    cosines = [float((a["embedding"] * b["embedding"]).sum()) for a, b in answers]
    assert (labels.model, labels.precision) == (f"export-test-{variant}", precision)
    assert labels.classes == read_labels(exported).classes
    assert min(cosines) > least
    # Smaller numbers were really used.
    if variant == "int8" or has_bfloat16():
        assert max(cosines) < 1 - 1e-7
    for exact, rounded in answers:
        best = exact["scores"][0, 0]
        again = rounded["scores"][0][rounded["class_ids"][0] == exact["class_ids"][0, 0]]
        assert again == pytest.approx([best], abs=0.05)


@pytest.mark.slow
def test_pictures_at_the_same_time_get_their_own_answers(exported, pixels, capsys):
    model = LoadedModel(variant_of(exported, "bf16"), threads=1)
    alone = [model.run(image)["embedding"] for image in pixels]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda image: model.run(image)["embedding"], pixels * 4))

    for number, embedding in enumerate(together):
        assert embedding == pytest.approx(alone[number % len(pixels)], abs=1e-6)


@pytest.mark.slow
def test_without_bfloat16_the_variant_answers_as_its_original(
    exported, pixels, capsys, monkeypatch
):
    monkeypatch.setattr(runtimes, "has_bfloat16", lambda: False)

    variant = LoadedModel(variant_of(exported, "bf16"), threads=1)

    expected = LoadedModel(exported, threads=1).run(pixels[0])
    assert variant.run(pixels[0])["embedding"] == pytest.approx(expected["embedding"], abs=1e-6)


@pytest.mark.slow
def test_a_variant_has_no_variants(exported, capsys):
    folder = variant_of(exported, "bf16")

    with pytest.raises(SystemExit, match="is a variant itself"):
        main(["--of", str(folder), "--variant", "int8", "--output", str(folder.parent.parent)])
    with pytest.raises(SystemExit, match="2"):
        main(["--of", str(folder), "--output", str(folder.parent.parent)])
    assert "--of and --variant go together" in capsys.readouterr().err


def test_openvino_asks_no_host():
    program = (
        "import socket\n"
        "asked = []\n"
        "socket.getaddrinfo = lambda *rest, **more: asked.append(rest) or []\n"
        "from ml.serving.runtimes import has_bfloat16\n"
        "has_bfloat16()\n"
        "print(asked)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "CI"}

    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, check=True
    )

    assert said.stdout.decode().strip() == "[]"


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
