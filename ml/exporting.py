"""From a profile to a version folder: SavedModel, ONNX, labels, checksums.

Imports TensorFlow; `ml.export` is the face that does not.
"""

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

from ml.checkpoints import load_checkpoint
from ml.contract import (
    CLASS_IDS,
    EMBEDDING,
    IMAGE,
    LABELS_FILE,
    ONNX_FILE,
    SCORES,
    SIGNATURE_NAME,
    ImageSize,
    Labels,
    ModelClass,
    Profile,
    sizes_up_to,
)
from ml.export_folder import ExportDiffers, write_checksums
from ml.models import colour_histogram, efficientnet_lite
from ml.models.arcface_head import ArcFaceHead
from ml.training import load_trained

ONNX_OPSET = 17
ONNX_TOLERANCE = 1e-5
# How many classes of a head an answer lists.
LISTED_CLASSES = 20
SHORTER_SIDES = (4 / 5, 3 / 4, 2 / 3, 9 / 16, 1 / 2)  # of the longest
SIDE_STEP = 16


class Exportable(NamedTuple):
    """A network and all that labels.json says about it.

    network: uint8 [N, H, W, 3] → float32 [N, embedding_size]; head: None, or what turns
    embeddings into cosines of `classes`.
    """

    model_name: str
    profile: str
    recipe: int
    input_sizes: tuple[ImageSize, ...]
    network: keras.Model
    head: ArcFaceHead | None = None
    classes: tuple[ModelClass, ...] = ()

    def write_files(self, version: int, folder: Path) -> None:
        """Write SavedModel, ONNX, labels and checksums. Raises ExportDiffers."""
        _write_files(self, version, folder)


def profile_to_export(profile: Profile) -> Exportable:
    """A profile without training, weights loaded; raises what ml.checkpoints raises."""
    return Exportable(
        profile.model_name,
        profile.name,
        profile.recipe,
        profile.input_sizes,
        embedding_model(profile),
    )


def run_to_export(folder: Path) -> Exportable:
    """What a training run has learned, from its last checkpoint; raises NothingTrained.

    Its class names stand in labels.json as slugs where the head is served.
    """
    trained = load_trained(folder)
    config = trained.config
    side = config.served_side or config.stages[-1].side
    served = trained.heads["embedding"] if config.serve_head else None
    network = trained.network
    return Exportable(
        config.name.replace("_", "-"),
        config.name,
        1,
        photo_sizes(side),
        keras.Model(network.input, network.output["embedding"]),
        served,
        tuple(ModelClass(label, {}) for label in trained.labels) if served else (),
    )


def photo_sizes(side: int) -> tuple[ImageSize, ...]:
    """The usual shapes of photos with this longest side, rounded to 16 pixels."""
    longest = round(side / SIDE_STEP) * SIDE_STEP
    shorter = (round(longest * share / SIDE_STEP) * SIDE_STEP for share in SHORTER_SIDES)
    return sizes_up_to(longest, tuple(shorter))


def embedding_model(profile: Profile) -> keras.Model:
    """The network of a profile, weights loaded: uint8 [N, H, W, 3] → float32 [N, D]."""
    if profile.name == "tiny":
        return colour_histogram.embedding_model()
    backbones = []
    for variant in profile.name.split("+"):
        backbone = efficientnet_lite.feature_model(variant)
        efficientnet_lite.load_weights(backbone, load_checkpoint(variant))
        backbones.append(backbone)
    return efficientnet_lite.embedding_model(backbones)


class ServedNetwork(tf.Module):
    """The network behind the contract's signature, with nothing to train."""

    def __init__(self, source: Exportable) -> None:
        super().__init__()
        self.network = source.network
        self.head = source.head
        self.listed = min(LISTED_CLASSES, len(source.classes))

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, name=IMAGE)])
    def serve(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """The embedding, and the best classes of the head; K = 0 without one."""
        embedding = self.network(image, training=False)
        pictures = tf.shape(image)[0]
        if self.head is None:
            scores = tf.zeros((pictures, 0), tf.float32)
            class_ids = tf.zeros((pictures, 0), tf.int64)
        else:
            scores, class_ids = tf.math.top_k(self.head.cosines(embedding), self.listed)
            class_ids = tf.cast(class_ids, tf.int64)
        return {EMBEDDING: embedding, SCORES: scores, CLASS_IDS: class_ids}


def _write_files(source: Exportable, version: int, folder: Path) -> None:
    served = ServedNetwork(source)
    tf.saved_model.save(served, str(folder), signatures={SIGNATURE_NAME: served.serve})
    tf2onnx.convert.from_function(
        served.serve,
        input_signature=served.serve.input_signature,
        opset=ONNX_OPSET,
        output_path=str(folder / ONNX_FILE),
    )
    labels = Labels(
        model=source.model_name,
        version=version,
        profile=source.profile,
        recipe=source.recipe,
        input_sizes=source.input_sizes,
        embedding_size=source.network.output.shape[-1],
        classes=source.classes,
    )
    _compare(served, folder / ONNX_FILE, labels)
    (folder / LABELS_FILE).write_text(labels.to_json(), encoding="utf-8")
    write_checksums(folder)


def _compare(served: ServedNetwork, onnx_file: Path, labels: Labels) -> None:
    """Raise ExportDiffers unless both graphs agree at every size, two pictures at once."""
    session = onnxruntime.InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0)
    for size in labels.input_sizes:
        image = noise.integers(0, 256, (2, size.height, size.width, 3), dtype=np.uint8)
        answer = served.serve(tf.constant(image))
        for name, width in ((EMBEDDING, labels.embedding_size), (SCORES, served.listed)):
            expected = answer[name].numpy()
            (found,) = session.run([name], {IMAGE: image})
            if expected.shape != (2, width) or found.shape != expected.shape:
                raise ExportDiffers(f"{size}: {name} is {expected.shape} and {found.shape}")
            difference = float(np.abs(found - expected).max(initial=0.0))
            if not difference <= ONNX_TOLERANCE:
                raise ExportDiffers(f"{size}: ONNX's {name} differs by {difference:.1e}")
