import io

import numpy as np
import pytest
from PIL import Image

tf = pytest.importorskip("tensorflow")

from ml.data import shards  # noqa: E402
from ml.data.input_pipeline import (  # noqa: E402
    NoShards,
    evaluation_batches,
    read_classes,
    repeats,
    training_batches,
)
from ml.data.manifest import Box, Example  # noqa: E402
from ml.training_config import Augmentation  # noqa: E402
from tests.ml.drawn import drawn_picture  # noqa: E402

COLOURS = {"blue": (0, 0, 200), "green": (0, 200, 0), "red": (200, 0, 0)}


@pytest.fixture
def folder(tmp_path):
    """Twelve red, six green and two blue pictures, each with its own drawing."""
    for label, count in (("red", 12), ("green", 6), ("blue", 2)):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(count):
            pixels = np.roll(drawn_picture(80, 60), number * 17 + len(label), axis=(0, 1)) // 4
            colour = np.array(COLOURS[label], np.uint8)
            Image.fromarray((pixels + colour // 2).astype(np.uint8)).save(
                tmp_path / "pictures" / label / f"{number}.png"
            )
    return tmp_path / "pictures"


@pytest.fixture
def written(folder, tmp_path) -> str:
    shards.write_shards(folder, str(tmp_path / "shards"), side=48)
    return str(tmp_path / "shards")


def first(batches, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(images.numpy(), labels.numpy()) for images, labels in batches.take(count)]


def test_shards_hold_every_picture_once_and_say_what_they_hold(folder, tmp_path):
    (folder / "red" / "broken.jpg").write_bytes(b"not a picture")

    written = shards.write_shards(folder, str(tmp_path / "out"), side=48, held_out_share=0.25)

    assert written.classes == ["blue", "green", "red"]
    assert sum(written.counts.values()) == 20
    assert [refused["file"] for refused in written.refused] == [str(folder / "red" / "broken.jpg")]
    assert (tmp_path / "out" / "counts.csv").read_text().splitlines()[0] == "label,train,held_out"
    with Image.open(tmp_path / "out" / "contact_sheet.jpg") as sheet:
        assert sheet.width == 12 * 96
    seen = [
        label
        for split in shards.SPLITS
        for _, labels in evaluation_batches(str(tmp_path / "out"), split, side=32, batch=4)
        for label in labels.numpy()
    ]
    assert sorted(seen) == [0] * 2 + [1] * 6 + [2] * 12


def test_the_same_split_is_written_as_class_folders(folder, tmp_path):
    written = shards.write_shards(
        [folder], str(tmp_path / "out"), side=48, held_out_share=0.25, folders=tmp_path / "folders"
    )

    found = {
        name: len(list((tmp_path / "folders" / name).rglob("*.jpg")))
        for name in ("references", "queries")
    }
    assert found == {
        "references": written.counts["train"],
        "queries": written.counts["held_out"],
    }
    assert sorted(one.name for one in (tmp_path / "folders" / "references").iterdir()) == [
        *("blue", "green", "red")
    ]


def test_dealt_anew_the_labels_are_the_same_and_the_pictures_others(folder, tmp_path):
    as_they_are = shards.write_shards(folder, str(tmp_path / "one"), side=48, held_out_share=0.0)
    dealt = shards.write_shards(
        folder, str(tmp_path / "two"), side=48, held_out_share=0.0, shuffle_labels=True
    )

    def pictures_of(written: str) -> dict[bytes, int]:
        batches = evaluation_batches(written, "train", side=48, batch=4)
        return {
            image.tobytes(): int(label)
            for images, labels in batches
            for image, label in zip(images.numpy(), labels.numpy(), strict=True)
        }

    before, after = pictures_of(str(tmp_path / "one")), pictures_of(str(tmp_path / "two"))
    assert (dealt.classes, dealt.counts) == (as_they_are.classes, as_they_are.counts)
    assert before.keys() == after.keys()
    assert sorted(before.values()) == sorted(after.values())
    assert before != after


def test_a_box_is_cut_out_with_a_margin(tmp_path):
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[40:60, 100:140] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    example = Example(tmp_path / "a.png", "a", Box(100, 40, 40, 20))

    cut = Image.open(io.BytesIO(shards.prepared(example, "box", 512).jpeg))

    assert cut.size == (48, 28)  # a tenth of 40 on each side
    assert np.asarray(cut)[14, 24].min() > 240
    with pytest.raises(ValueError, match="outside"):
        shards.prepared(example._replace(box=Box(500, 0, 9, 9)), "box", 512)


def test_rare_classes_come_as_often_as_frequent_ones(written):
    batches = training_batches(written, side=16, batch=30, augmentation=Augmentation(), seed=3)

    labels = np.concatenate([labels for _, labels in first(batches, 30)])

    assert np.bincount(labels) / len(labels) == pytest.approx([1 / 3] * 3, abs=0.08)
    assert repeats(np.array([1, 1000])).tolist() == pytest.approx([10.0, 0.5005])
    assert read_classes(written).labels == ["blue", "green", "red"]


def test_batches_repeat_and_can_be_taken_up_anywhere(written):
    def batches(**options):
        return training_batches(
            written,
            side=24,
            batch=4,
            augmentation=Augmentation(flip=True, brightness=0.2, contrast=0.2, cutout=0.4),
            seed=5,
            **options,
        )

    whole = first(batches(), 9)
    rest = first(batches(skip_batches=6), 3)

    for (images, labels), (again, labels_again) in zip(whole[6:], rest, strict=True):
        assert np.array_equal(images, again)
        assert np.array_equal(labels, labels_again)
    assert not np.array_equal(whole[0][0], whole[1][0])


def test_variation_keeps_the_colour_of_a_class(written):
    """A crop, a shift of contrast or a flip must not turn a red picture into a green one."""
    batches = training_batches(
        written, side=24, batch=8, augmentation=Augmentation(flip=True, contrast=0.2), seed=1
    )

    for images, labels in first(batches, 5):
        strongest = images.mean(axis=(1, 2)).argmax(axis=1)
        assert np.array_equal(strongest, np.array([2, 1, 0])[labels])


def test_a_folder_without_shards_is_named(tmp_path):
    with pytest.raises(NoShards, match="held_out"):
        evaluation_batches(str(tmp_path), "held_out", side=8, batch=1)
    with pytest.raises(NoShards, match=r"classes\.json"):
        read_classes(str(tmp_path))
