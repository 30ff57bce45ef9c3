"""Which model versions are served, and running one: ONNX Runtime on exported folders.

ONNX Runtime rather than OpenVINO, measured in turns at equal tolerance (f32,
below 1e-6 from TensorFlow), default profile, 336 × 448, median ms with one
thread, and with two on a busy machine: ONNX Runtime 38 and 38; OpenVINO 41 and
69 with free sizes, 37 and 34 with a compiled network for each size and number
of pictures, which costs eleven times the memory for less than a tenth of the
time. OpenVINO in bf16 takes half, and is off by 1e-2: it runs the models that ask
for it (`ml.variants`). TensorFlow's SavedModel takes twice as long as ONNX Runtime
(`python -m bench model_server`).
"""

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ml.contract import ONNX_FILE, Labels
from ml.export_folder import IncompleteExport, checked_labels, version_folders
from ml.serving.runtimes import open_graph

# Two at a time: the second's start fills the cores at the first's end. More
# would only make each of them slower.
RUNS_AT_ONCE = 2


class ModelMissing(Exception):
    """No such model, version or label is served."""


class UnknownLabel(Exception):
    """The model has no version label of this name."""


class WantedModel(NamedTuple):
    """One model to serve. versions None: all; an empty tuple: the newest only."""

    name: str
    folder: Path
    versions: tuple[int, ...] | None
    labels: Mapping[str, int]


class LoadedModel:
    """One exported version in memory."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Load and warm up; raises IncompleteExport."""
        self.version = int(folder.name)
        self.labels: Labels = checked_labels(folder)
        self._runs = threading.Semaphore(RUNS_AT_ONCE)
        try:
            self._graph = open_graph(
                folder, self.labels.precision, threads=threads, at_once=RUNS_AT_ONCE
            )
            for size in self.labels.input_sizes:
                self.run(np.zeros((1, size.height, size.width, 3), dtype=np.uint8))
        except Exception as error:  # the runtimes' errors have no common class
            raise IncompleteExport(f"{folder / ONNX_FILE} does not run: {error}") from error

    def run(self, image: np.ndarray, outputs: Iterable[str] = ()) -> dict[str, np.ndarray]:
        """The named outputs, or all of them, of uint8 [N, H, W, 3]."""
        names = list(outputs) or self.output_names()
        with self._runs:
            arrays = self._graph.run(names, image)
        return dict(zip(names, arrays, strict=True))

    def output_names(self) -> list[str]:
        return sorted(self._graph.shapes)

    def head_size(self, name: str) -> int:
        """The second side of an output."""
        return self._graph.shapes[name][1]


class VersionState(NamedTuple):
    """A version and its model, or the reason why it could not be loaded."""

    version: int
    loaded: LoadedModel | None
    error: str


class ServedModel(NamedTuple):
    """A model's versions by number, and its labels."""

    versions: dict[int, VersionState]
    labels: dict[str, int]


class LoadedModels:
    """All served models; replaced as a whole, so that readers need no lock."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._served: dict[str, ServedModel] = {}
        self._reloading = threading.Lock()

    def serve(self, wanted: Iterable[WantedModel]) -> None:
        """Load what is wanted and not yet loaded, drop what is no longer wanted.

        A version that cannot be loaded is served as an error and hides nothing
        else.
        """
        with self._reloading:
            served = {}
            for model in wanted:
                known = self._served.get(model.name, ServedModel({}, {})).versions
                versions = {
                    int(folder.name): self._state(folder, known)
                    for folder in _wanted_folders(model)
                }
                served[model.name] = ServedModel(versions, dict(model.labels))
            self._served = served

    def states(self, name: str) -> dict[int, VersionState]:
        """All versions of a model by number; raises ModelMissing."""
        if name not in self._served or not self._served[name].versions:
            raise ModelMissing(name)
        return self._served[name].versions

    def latest(self, name: str) -> LoadedModel:
        """The newest version that runs; raises ModelMissing."""
        running = [state for state in self.states(name).values() if state.loaded is not None]
        if not running:
            raise ModelMissing(name)
        return max(running, key=lambda state: state.version).loaded

    def version(self, name: str, version: int) -> LoadedModel:
        """One version; raises ModelMissing."""
        state = self.states(name).get(version)
        if state is None or state.loaded is None:
            raise ModelMissing(f"{name}, {version}")
        return state.loaded

    def labelled(self, name: str, label: str) -> LoadedModel:
        """The version that a label stands for; raises UnknownLabel or ModelMissing."""
        self.states(name)
        if label not in self._served[name].labels:
            raise UnknownLabel(label)
        return self.version(name, self._served[name].labels[label])

    def names(self) -> list[str]:
        return sorted(self._served)

    def _state(self, folder: Path, known: Mapping[int, VersionState]) -> VersionState:
        version = int(folder.name)
        if version in known and known[version].loaded is not None:
            return known[version]
        try:
            return VersionState(version, LoadedModel(folder, self._threads), "")
        except IncompleteExport as error:
            return VersionState(version, None, str(error))


def all_models(models: Path) -> list[WantedModel]:
    """Every model folder with at least one version, all versions."""
    return [
        WantedModel(folder.name, folder, None, {})
        for folder in sorted(Path(models).iterdir())
        if folder.is_dir() and version_folders(folder.parent, folder.name)
    ]


def _wanted_folders(model: WantedModel) -> list[Path]:
    folders = version_folders(model.folder.parent, model.folder.name)
    if model.versions is None:
        return folders
    if not model.versions:
        return folders[:1]
    return [folder for folder in folders if int(folder.name) in model.versions]
