"""Shards on object storage: the same batches as from a folder, and breaks in the line."""

import io

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from ml.data import shard_files, shards
from ml.data.input_pipeline import (
    NoShards,
    evaluation_batches,
    read_classes,
    training_batches,
)
from ml.training_config import Augmentation
from tests.ml.data.test_shards import folder  # noqa: F401
from tests.object_storage import BUCKET, KEYS

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket(s3_address, monkeypatch) -> str:
    """Return a place on object storage, as one would set it up: by the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["access_key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["secret_key"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", KEYS["region_name"])
    return f"s3://{BUCKET}/shards"


def test_shards_on_object_storage_give_the_batches_that_a_folder_gives(folder, bucket, tmp_path):  # noqa: F811
    options = {"side": 48, "held_out_share": 0.25}
    here = shards.write_shards(folder, str(tmp_path / "here"), **options)
    there = shards.write_shards(folder, bucket, **options)

    assert there == here
    assert read_classes(bucket).labels == ["blue", "green", "red"]
    names = [name.rpartition("/")[2] for name in shard_files.names(bucket, "")]
    assert names == [
        *("classes.json", "contact_sheet.jpg", "counts.csv"),
        *("held_out-00000.tfrecord", "train-00000.tfrecord"),
    ]
    for place in (bucket, str(tmp_path / "here")):
        wanted = {"side": 32, "batch": 4, "augmentation": Augmentation(), "seed": 7}
        drawn = list(training_batches(place, **wanted).take(6))
        kept = list(evaluation_batches(place, "held_out", side=32, batch=4))
        if place == bucket:
            remote = drawn + kept
    for (image, label), (other, same) in zip(remote, drawn + kept, strict=True):
        assert np.array_equal(image, other)
        assert np.array_equal(label, same)


def test_a_set_that_is_not_there_says_so(bucket):
    with pytest.raises(NoShards, match=r"classes\.json"):
        read_classes(f"{bucket}-elsewhere")
    with pytest.raises(NoShards, match="held_out"):
        evaluation_batches(f"{bucket}-elsewhere", "held_out", side=32, batch=4)


class Breaking:
    """A client whose objects end after so many bytes of each answer."""

    def __init__(self, content: bytes, most: int):
        self.content, self.most, self.asked = content, most, []

    def head_object(self, **_):
        return {"ContentLength": len(self.content)}

    def get_object(self, *, Range: str, **_):
        start = int(Range.removeprefix("bytes=").removesuffix("-"))
        self.asked.append(start)
        return {"Body": io.BytesIO(self.content[start : start + self.most])}


@pytest.mark.parametrize(("most", "whole"), [(1000, True), (100, False)])
def test_an_object_that_breaks_off_is_taken_up_at_its_next_record(monkeypatch, most, whole):
    wanted = [bytes([number]) * (200 + number) for number in range(20)]
    content = b"".join(
        shard_files.LENGTH.pack(len(record)) + record + bytes(shard_files.CHECKSUM_BYTES)
        for record in wanted
    )
    client = Breaking(content, most)
    monkeypatch.setattr(shard_files.boto3, "client", lambda _: client)

    if whole:
        assert list(shard_files.records_of_object("s3://bucket/train-00000.tfrecord")) == wanted
        assert client.asked == sorted(set(client.asked))
    else:
        with pytest.raises(OSError, match="early"):
            list(shard_files.records_of_object("s3://bucket/train-00000.tfrecord"))
        assert client.asked == [0] * shard_files.ATTEMPTS
