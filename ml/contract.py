"""The promise between an exported model and everything that uses it.

Signature names, tensor shapes, the layout of an export and the schema of
`labels.json`. Nothing here loads a model, so the portal may import it.

Layout of an export, TensorFlow Serving's own, with our files beside the graph:

    MODELS/<model name>/<version>/saved_model.pb, variables/   TensorFlow Serving reads these
    MODELS/<model name>/<version>/model.onnx                   the embedded server reads this
    MODELS/<model name>/<version>/labels.json                  what the numbers mean
    MODELS/<model name>/<version>/SHA256SUMS                   what a complete export holds
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

SIGNATURE_NAME = "serving_default"
IMAGE = "image"  # uint8 [N, H, W, 3], RGB, at one of the sizes of labels.json
EMBEDDING = "embedding"  # float32 [N, D], L2-normalized
SCORES = "scores"  # float32 [N, K], cosine scores of the trained head, falling
CLASS_IDS = "class_ids"  # int64 [N, K], indices into `classes` of labels.json

# Local features of one picture: uint8 [1, H, W, 3] → locations float32 [M, 2], (y, x) in its
# pixels, descriptors float32 [M, 40], L2-normalized, attention float32 [M], scales float32 [M].
LOCAL_SIGNATURE = "local_features"
LOCAL_OUTPUTS = ("locations", "descriptors", "attention", "scales")

LABELS_FILE = "labels.json"
ONNX_FILE = "model.onnx"
CHECKSUMS_FILE = "SHA256SUMS"

# What the embedded server multiplies with.
FLOAT32, BFLOAT16, INT8 = "float32", "bfloat16", "int8"
PRECISIONS = (FLOAT32, BFLOAT16, INT8)

PROJECTED_SIZE = 512  # the width of every stored reference embedding
LABELS_SCHEMA = 1


class ImageSize(NamedTuple):
    """Height and width of a model input in pixels."""

    height: int
    width: int


def sizes_up_to(longest_side: int, shorter_sides: tuple[int, ...]) -> tuple[ImageSize, ...]:
    """Every landscape and portrait size with these sides, square first."""
    sizes = [ImageSize(longest_side, longest_side)]
    for shorter in shorter_sides:
        sizes += [ImageSize(shorter, longest_side), ImageSize(longest_side, shorter)]
    return tuple(sizes)


# 1:1, 5:4, 4:3, 3:2, 16:9 and 2:1, rounded to the 16 pixels that keep the
# convolutions' borders even. A longest side of 448 instead of 320 takes twice
# the time and gives 1 point of top-1, 2 points on new landmarks and 0.02 of
# AUROC against unknown landmarks, even for pictures of 320 pixels.
PHOTO_SIZES = sizes_up_to(448, (352, 336, 304, 256, 224))


class Profile(NamedTuple):
    """A network that can be exported without training.

    recipe counts changes of its graph: an export of an older recipe is not
    taken for this one.
    """

    name: str
    model_name: str
    embedding_size: int
    input_sizes: tuple[ImageSize, ...]
    recipe: int = 1


DEFAULT_PROFILE = "lite2+lite0"
PROFILES = {
    "lite2+lite0": Profile("lite2+lite0", "landmarks-small", 2560, PHOTO_SIZES, recipe=2),
    "lite2": Profile("lite2", "landmarks-smaller", 1280, PHOTO_SIZES, recipe=2),
    # Colours on a grid: recognizes nothing, starts in a second, answers in the
    # same shapes. For tests.
    "tiny": Profile("tiny", "landmarks-tiny", 64, sizes_up_to(64, (48, 32))),
}


# Local features, a model of its own beside the one that answers: nothing is trained for it.
LOCAL_PROFILE = Profile("local", "landmarks-local", 40, PHOTO_SIZES)
EXPORTED_PROFILES = {**PROFILES, LOCAL_PROFILE.name: LOCAL_PROFILE}


class InvalidLabels(ValueError):
    """labels.json does not say what the contract asks for."""


class UnknownProfile(ValueError):
    """No profile of this name can be exported."""


def profile_named(name: str) -> Profile:
    """The profile of this name; UnknownProfile names those there are."""
    if name not in EXPORTED_PROFILES:
        raise UnknownProfile(f"no profile {name!r}; there are {', '.join(EXPORTED_PROFILES)}")
    return EXPORTED_PROFILES[name]


@dataclass(frozen=True)
class ModelClass:
    """One class of a trained head: its landmark's slug and its ids elsewhere."""

    slug: str
    external_ids: dict[str, str]


@dataclass(frozen=True)
class Labels:
    """What labels.json says about one model version.

    classes is empty where the model has no head; class_ids index into it.
    calibration is None where the portal fits it on its own references; of local features it says
    from how many agreeing places on a match counts as verified (`least_inliers`).
    """

    model: str
    version: int
    profile: str
    recipe: int
    input_sizes: tuple[ImageSize, ...]
    embedding_size: int
    classes: tuple[ModelClass, ...] = ()
    calibration: dict[str, float] | None = None
    signature: str = SIGNATURE_NAME
    precision: str = FLOAT32

    def to_json(self) -> str:
        return json.dumps(
            {
                "schema": LABELS_SCHEMA,
                "model": self.model,
                "version": self.version,
                "profile": self.profile,
                "recipe": self.recipe,
                "input_sizes": [list(size) for size in self.input_sizes],
                "embedding_size": self.embedding_size,
                "classes": [
                    {"slug": entry.slug, "external_ids": entry.external_ids}
                    for entry in self.classes
                ],
                "calibration": self.calibration,
                "signature": self.signature,
                "precision": self.precision,
            },
            indent=2,
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "Labels":
        """Read labels.json; raises InvalidLabels naming the first wrong field."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise InvalidLabels(f"labels.json is not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise InvalidLabels("labels.json must hold an object")
        if fields.get("schema") != LABELS_SCHEMA:
            raise InvalidLabels(f"schema must be {LABELS_SCHEMA}, is {fields.get('schema')!r}")
        calibration = fields.get("calibration")
        if calibration is not None and not isinstance(calibration, dict):
            raise InvalidLabels("calibration must be null or an object")
        signature = fields.get("signature", SIGNATURE_NAME)
        if signature not in (SIGNATURE_NAME, LOCAL_SIGNATURE):
            raise InvalidLabels(f"signature is {signature!r}")
        precision = fields.get("precision", FLOAT32)
        if precision not in PRECISIONS:
            raise InvalidLabels(f"precision must be one of {PRECISIONS}, is {precision!r}")
        return cls(
            model=_text(fields, "model"),
            version=_positive(fields.get("version"), "version"),
            profile=_text(fields, "profile"),
            recipe=_positive(fields.get("recipe"), "recipe"),
            input_sizes=_sizes(fields.get("input_sizes")),
            embedding_size=_positive(fields.get("embedding_size"), "embedding_size"),
            classes=_classes(fields.get("classes")),
            calibration=calibration,
            signature=signature,
            precision=precision,
        )


def read_labels(version_folder: Path) -> Labels:
    """The labels of one exported version; raises InvalidLabels, also when absent."""
    path = Path(version_folder) / LABELS_FILE
    try:
        return Labels.from_json(path.read_bytes())
    except OSError as error:
        raise InvalidLabels(f"cannot read {path}: {error}") from error


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidLabels(f"{name} must be a text, is {value!r}")
    return value


def _positive(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidLabels(f"{name} must be a number from 1, is {value!r}")
    return value


def _sizes(value: Any) -> tuple[ImageSize, ...]:
    if not isinstance(value, list) or not value:
        raise InvalidLabels("input_sizes must list at least one [height, width]")
    sizes = []
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2:
            raise InvalidLabels(f"input_sizes holds {entry!r}, not [height, width]")
        sizes.append(ImageSize(*(_positive(side, "input_sizes") for side in entry)))
    return tuple(sizes)


def _classes(value: Any) -> tuple[ModelClass, ...]:
    if not isinstance(value, list):
        raise InvalidLabels("classes must be a list")
    classes = []
    for index, entry in enumerate(value):
        if not isinstance(entry, dict) or not isinstance(entry.get("slug"), str):
            raise InvalidLabels(f"class {index} has no slug")
        external_ids = entry.get("external_ids", {})
        if not isinstance(external_ids, dict):
            raise InvalidLabels(f"external_ids of class {index} must be an object")
        classes.append(ModelClass(entry["slug"], external_ids))
    return tuple(classes)
