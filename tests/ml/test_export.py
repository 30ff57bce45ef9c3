import subprocess
import sys

import pytest

from ml import export
from ml.contract import CHECKSUMS_FILE, UnknownProfile, profile_named, read_labels
from ml.export import ExportFailed, ensure_exported, newest_export
from ml.export_folder import IncompleteExport, checked_labels, version_folders, write_checksums
from tests.environment import ROOT, TEST_DATA

TINY = profile_named("tiny")


@pytest.fixture(scope="session")
def exported():
    return ensure_exported(TEST_DATA / "models", "tiny")


@pytest.fixture
def copied(exported, tmp_path):
    """A folder of models with one tiny version of its own."""
    target = tmp_path / TINY.model_name / "1"
    target.parent.mkdir()
    subprocess.run(["cp", "-r", exported, target], check=True)
    return target


def test_an_export_is_whole_and_says_what_it_is(exported):
    labels = checked_labels(exported)

    assert (labels.model, labels.profile, labels.embedding_size) == ("landmarks-tiny", "tiny", 64)
    assert labels.input_sizes == TINY.input_sizes
    assert (exported / "saved_model.pb").is_file()


def test_a_whole_export_is_kept(copied, tmp_path, monkeypatch):
    monkeypatch.setattr(export.subprocess, "run", pytest.fail)

    assert ensure_exported(tmp_path, "tiny") == copied


@pytest.mark.parametrize("damage", ["model.onnx", "saved_model.pb", CHECKSUMS_FILE, "labels.json"])
def test_a_damaged_export_is_not_taken(copied, tmp_path, damage):
    (copied / damage).write_bytes(b"something else")

    assert newest_export(tmp_path, TINY) is None


def test_an_export_that_lacks_a_file_is_not_taken(copied, tmp_path):
    (copied / "model.onnx").unlink()

    with pytest.raises(IncompleteExport, match=r"model\.onnx"):
        checked_labels(copied)


def test_an_older_recipe_is_not_taken(copied, tmp_path):
    labels = (copied / "labels.json").read_text()
    (copied / "labels.json").write_text(labels.replace('"recipe": 1', '"recipe": 99'))
    write_checksums(copied)

    assert newest_export(tmp_path, TINY) is None


def test_checksums_are_those_of_sha256sum(exported):
    subprocess.run(["sha256sum", "--check", "--quiet", CHECKSUMS_FILE], cwd=exported, check=True)


def test_versions_are_sorted_by_number(tmp_path):
    for name in ("2", "10", "1", "x", ".building-1"):
        (tmp_path / "m" / name).mkdir(parents=True)

    assert [folder.name for folder in version_folders(tmp_path, "m")] == ["10", "2", "1"]


@pytest.mark.slow
def test_an_export_never_overwrites(copied, tmp_path):
    before = (copied / "labels.json").stat().st_mtime_ns

    process = subprocess.run(
        [sys.executable, "-m", "ml.export"]
        + ["--profile", "tiny", "--output", str(tmp_path), "--version", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert process.returncode == 1
    assert "never overwrites" in process.stderr
    assert (copied / "labels.json").stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_damaged_export_is_left_alone_and_the_next_version_made(copied, tmp_path):
    (copied / "model.onnx").write_bytes(b"")

    made = ensure_exported(tmp_path, "tiny")

    assert made.name == "2"
    assert read_labels(made).version == 2
    assert sorted(entry.name for entry in made.parent.iterdir()) == ["1", "2"]


def test_a_failed_export_says_why(tmp_path):
    (tmp_path / TINY.model_name).write_text("a file where the folder should be")

    with pytest.raises(ExportFailed, match="landmarks-tiny"):
        ensure_exported(tmp_path, "tiny")


def test_an_unknown_profile_is_refused(tmp_path):
    with pytest.raises(UnknownProfile):
        ensure_exported(tmp_path, "resnet101")
