"""What one training run is made of. Each file in `ml/configs` returns one of these.

Fields are checked when the configuration is made: an unknown one or a wrong value raises
InvalidConfig and names it.
"""

import importlib
import json
import pkgutil
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ml import configs

BACKBONES = ("resnet50", "resnet101", "lite0", "lite2", "lite2+lite0", "tiny")  # last: for tests
# "dense": pooling → dense → batch norm → L2. "joined": mean pooling → square root → L2 of each
# backbone, joined: the embedding of the profile that needs no training.
EMBEDDINGS = ("dense", "joined")
POOLINGS = ("gem", "mean")
NORMALIZATIONS = ("caffe", "half", "lite")
STRATEGIES = ("one_device", "mirrored", "multi_worker")
OPTIMIZERS = ("adamw", "sgd")
# What a run trains: an embedding with ArcFace, DELF's attention, or both at once (DELG).
TASKS = ("embedding", "local", "both")


class InvalidConfig(ValueError):
    """A configuration has an unknown field or a value that cannot be."""


@dataclass(frozen=True)
class Stage:
    """A part of a run at one picture side (pixels), for progressive sizes."""

    side: int
    epochs: int
    batch: int

    def __post_init__(self) -> None:
        if min(self.side, self.epochs, self.batch) < 1:
            raise InvalidConfig(f"a stage needs side, epochs and batch from 1, not {self}")


@dataclass(frozen=True)
class Augmentation:
    """How pictures vary from epoch to epoch; the defaults are NIA's random crops."""

    smallest_crop: float = 0.08  # share of the picture's area
    aspect: float = 4 / 3  # crops from 1/aspect to aspect
    flip: bool = False  # a mirrored landmark is another place to its letters and its sides
    brightness: float = 0.0  # ± share of the full range
    contrast: float = 0.0  # ± share
    cutout: float = 0.0  # share of the side that a grey square covers


@dataclass(frozen=True)
class TrainingConfig:
    """One run from pictures to a checkpoint."""

    name: str
    backbone: str
    stages: tuple[Stage, ...]
    task: str = "embedding"
    weights: str | None = None  # "imagenet", a file, or None for random ones
    weights_sha256: str = ""
    normalization: str = "caffe"
    pooling: str = "gem"
    gem_start: float = 3.0
    embedding: str = "dense"
    embedding_size: int = 512  # of "dense"
    dropout: float = 0.0
    # The names of layers at which training starts; what lies before them stays as it was.
    train_from: str = ""
    # How strongly trained weights are drawn back to where they began (L2-SP, Li et al. 2018).
    anchor: float = 0.0
    # Head
    # Begin with each class's mean embedding as its center, seen from the mean of all classes
    # (weight imprinting, Qi et al. 2018).
    imprinted: bool = False
    serve_head: bool = True
    scale: float = 30.0
    margin: float = 0.3
    subcenters: int = 1
    dynamic_margins: tuple[float, float, float] | None = None  # largest, smallest, power
    sampled_negatives: int = 0  # 0: all classes in every step
    served_side: int = 0  # longest side of a served picture; 0: the last stage's
    # Optimization
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    head_learning_rate: float = 0.0  # 0: as the rest
    warmup_steps: int = 0
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    label_smoothing: float = 0.0
    mixed_precision: bool = False
    strategy: str = "one_device"
    class_balanced: bool = True
    augmentation: Augmentation = field(default_factory=Augmentation)
    # When to stop and what to keep
    steps: int = 0  # 0: as many as the stages' epochs take
    checkpoint_every: int = 200
    evaluate_every: int = 200
    patience: int = 0  # evaluations without progress; 0: never stops early
    seed: int = 1

    def __post_init__(self) -> None:
        _one_of("backbone", self.backbone, BACKBONES)
        _one_of("task", self.task, TASKS)
        _one_of("embedding", self.embedding, EMBEDDINGS)
        _one_of("pooling", self.pooling, POOLINGS)
        _one_of("normalization", self.normalization, NORMALIZATIONS)
        _one_of("strategy", self.strategy, STRATEGIES)
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        if not self.stages:
            raise InvalidConfig("stages must hold at least one stage")
        for name in ("embedding_size", "subcenters", "checkpoint_every", "evaluate_every"):
            if getattr(self, name) < 1:
                raise InvalidConfig(f"{name} must be at least 1, is {getattr(self, name)}")

    def with_values(self, values: dict[str, Any]) -> "TrainingConfig":
        """The same run with some fields changed; raises InvalidConfig for unknown ones."""
        known = {one.name for one in fields(self)}
        if unknown := sorted(set(values) - known):
            raise InvalidConfig(f"no field {', '.join(unknown)}; there are {', '.join(known)}")
        return replace(self, **values)

    @classmethod
    def from_json(cls, text: str | bytes) -> "TrainingConfig":
        """What to_json wrote; raises InvalidConfig."""
        values = json.loads(text)
        values["stages"] = tuple(Stage(**stage) for stage in values["stages"])
        values["augmentation"] = Augmentation(**values["augmentation"])
        if values.get("dynamic_margins"):
            values["dynamic_margins"] = tuple(values["dynamic_margins"])
        try:
            return cls(**values)
        except TypeError as error:
            raise InvalidConfig(f"not a configuration of this version: {error}") from error

    def to_json(self) -> str:
        """What is kept beside a checkpoint, to see later what it was trained with."""
        return json.dumps(asdict(self), indent=2)


def config_named(name: str) -> TrainingConfig:
    """The configuration of `ml/configs/<name>.py`; raises InvalidConfig naming those there are."""
    names = sorted(module.name for module in pkgutil.iter_modules(configs.__path__))
    if name not in names:
        raise InvalidConfig(f"no configuration {name!r}; there are {', '.join(names)}")
    return importlib.import_module(f"ml.configs.{name}").config()


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidConfig(f"{name} must be one of {', '.join(allowed)}, is {value!r}")
