"""The command on folders of coloured pictures, through the embedded server."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from ml import pictures
from ml.client import ServingReply
from ml.contract import profile_named, read_labels
from ml.export import ensure_exported
from ml.pictures import Describer, NoPictures, UnreadablePicture, in_class_folders, pictures_below
from tests.environment import ROOT, TEST_DATA

COLOURS = {
    "red-gate": (220, 30, 30),
    "green-park": (30, 200, 30),
    "blue-tower": (30, 40, 220),
    "yellow-house": (220, 210, 40),
}
KEYS = {
    "top1",
    "top5",
    "gap",
    "ece",
    "auroc_nonlandmark",
    "auroc_unknown",
    "new_top1",
    "new_top5",
    "n",
}


def paint(file, colour, seed):
    random = np.random.default_rng(seed)
    pixels = np.clip(random.normal(colour, 25, (48, 64, 3)), 0, 255).astype(np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file, quality=90)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures with a space")
    for number, (name, colour) in enumerate(COLOURS.items()):
        for index in range(10):
            kind = "references" if index < 7 else "queries"
            paint(folder / kind / name / f"{index}.jpg", colour, 100 * number + index)
    for index in range(12):
        paint(folder / "other" / f"{index:02}.png", (128, 128, 128), 1000 + index)
    return folder


def evaluate(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "ml.evaluate", *map(str, arguments)]
        + ["--profile", "tiny", "--models", str(TEST_DATA / "models"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_the_command_prints_and_writes_one_object(folders, tmp_path):
    process = evaluate(
        *("--references", folders / "references", "--queries", folders / "queries"),
        *("--nonlandmark", folders / "other", "--json", tmp_path / "report.json"),
    )

    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout.splitlines()[-1])
    assert result == json.loads((tmp_path / "report.json").read_text())
    assert result.keys() >= KEYS
    assert all(isinstance(result[key], (int, float)) for key in KEYS)
    assert all(len(result["intervals"][key]) == 2 for key in KEYS - {"n"})
    assert (result["n"], result["top1"]) == (12, 1.0)
    assert (result["model"], result["profile"]) == ("landmarks-tiny", "tiny")


@pytest.mark.slow
def test_the_least_it_needs_is_references_and_queries(folders, tiny_model_server):
    process = evaluate(
        *("--references", folders / "references", "--queries", folders / "queries"),
        *("--address", tiny_model_server),
    )

    result = json.loads(process.stdout.splitlines()[-1])
    assert result["auroc_nonlandmark"] == 0.5
    assert any("auroc_nonlandmark" in note for note in result["notes"])


@pytest.mark.slow
def test_a_wrong_folder_is_named(folders, tmp_path):
    process = evaluate("--references", tmp_path / "absent", "--queries", folders / "queries")

    assert process.returncode == 2
    assert "absent is no folder" in process.stderr


@pytest.mark.slow
def test_half_of_the_new_landmarks_is_refused(folders):
    process = evaluate(
        *("--references", folders / "references", "--queries", folders / "queries"),
        *("--new-queries", folders / "queries"),
    )

    assert process.returncode == 2
    assert "go together" in process.stderr


def test_class_folders_are_read_in_name_order(folders):
    found = in_class_folders(folders / "queries")

    assert found.classes == [name for name in sorted(COLOURS) for _ in range(3)]
    assert found.files == sorted(found.files)


def test_pictures_outside_class_folders_are_no_references(folders):
    with pytest.raises(NoPictures, match="CLASS"):
        in_class_folders(folders / "other")
    assert len(pictures_below(folders / "other")) == 12


class CountingClient:
    """Answers with ones and counts."""

    def __init__(self):
        self.asked = 0

    def predict(self, image, *, embedding_size, **_):
        self.asked += 1
        nothing = np.zeros((1, 0))
        return ServingReply(np.ones((1, embedding_size), np.float32), nothing, nothing, 1)


@pytest.fixture
def labels():
    return read_labels(ensure_exported(TEST_DATA / "models", profile_named("tiny").name))


def test_a_picture_is_embedded_once_for_each_model(folders, tmp_path, labels):
    files = pictures_below(folders / "other")
    clients = [CountingClient() for _ in range(3)]

    for client, checksum in zip(clients, ("a", "a", "b"), strict=True):
        describer = Describer(client, labels, checksum=checksum, cache=tmp_path)
        assert describer.embeddings(files).shape == (12, 64)
        describer.save()

    assert [client.asked for client in clients] == [12, 0, 12]


def test_a_damaged_cache_is_made_again(folders, tmp_path, labels):
    files = pictures_below(folders / "other")[:2]
    describer = Describer(CountingClient(), labels, checksum="a", cache=tmp_path)
    describer.embeddings(files)
    describer.save()
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"PK\x03\x04 broken")
    client = CountingClient()

    Describer(client, labels, checksum="a", cache=tmp_path).embeddings(files)

    assert client.asked == 2


def test_a_file_that_is_no_picture_is_named(tmp_path, labels):
    (tmp_path / "text.jpg").write_text("no picture")

    with pytest.raises(UnreadablePicture, match=r"text\.jpg"):
        pictures.read_pixels(tmp_path / "text.jpg", labels)


def test_the_report_is_one_file_with_plot_and_pictures(folders, tmp_path):
    swapped = tmp_path / "queries"
    for name in COLOURS:
        (swapped / name).mkdir(parents=True)
    # A picture of one place under the name of another: it must show as taken for the other.
    for file in (folders / "queries").rglob("*.jpg"):
        (swapped / file.parent.name / file.name).write_bytes(file.read_bytes())
    (swapped / "red-gate" / "x.jpg").write_bytes(
        (folders / "queries" / "blue-tower" / "7.jpg").read_bytes()
    )
    page, details = tmp_path / "report.html", tmp_path / "details.json"

    done = evaluate(
        *("--references", folders / "references", "--queries", swapped),
        *("--nonlandmark", folders / "other", "--html", page, "--details", details),
    )

    assert done.returncode == 0, done.stderr
    queries = json.loads(details.read_text())["queries"]
    wrong = [query for query in queries if query["place"] != 0]
    assert [(query["file"], query["first"]) for query in wrong] == [
        ("red-gate/x.jpg", "blue-tower")
    ]
    text = page.read_text()
    assert "<svg" in text and "1 of 4" in text
    assert (
        text.count("data:image/jpeg;base64,") == 2
    )  # the picture, and one of what it was taken for
    assert "http://" not in text and "https://" not in text and "<script" not in text
