"""From a profile to a version folder: SavedModel, ONNX, labels, checksums.

Imports TensorFlow; `ml.export` is the face that does not.
"""

import os
import shutil
import tempfile
from pathlib import Path

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
    Labels,
    Profile,
)
from ml.export_folder import write_checksums
from ml.models import colour_histogram, efficientnet_lite

ONNX_OPSET = 17
ONNX_TOLERANCE = 1e-5


class VersionExists(Exception):
    """An export never replaces another."""


class ExportDiffers(Exception):
    """The ONNX file does not answer as the SavedModel does."""


def write_export(profile: Profile, output: Path, version: int) -> Path:
    """Export a profile to OUTPUT/<model name>/<version>, whole or not at all.

    Raises VersionExists, ExportDiffers and what ml.checkpoints raises.
    """
    target = Path(output) / profile.model_name / str(version)
    if target.exists():
        raise VersionExists(f"{target} exists; an export never overwrites")
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=target.parent))
    try:
        _write_files(profile, version, building)
        building.chmod(0o755)
        _rename(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target


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

    def __init__(self, network: keras.Model) -> None:
        super().__init__()
        self.network = network

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, name=IMAGE)])
    def serve(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """A profile without a trained head: K = 0."""
        pictures = tf.shape(image)[0]
        return {
            EMBEDDING: self.network(image, training=False),
            SCORES: tf.zeros((pictures, 0), tf.float32),
            CLASS_IDS: tf.zeros((pictures, 0), tf.int64),
        }


def _write_files(profile: Profile, version: int, folder: Path) -> None:
    served = ServedNetwork(embedding_model(profile))
    tf.saved_model.save(served, str(folder), signatures={SIGNATURE_NAME: served.serve})
    tf2onnx.convert.from_function(
        served.serve,
        input_signature=served.serve.input_signature,
        opset=ONNX_OPSET,
        output_path=str(folder / ONNX_FILE),
    )
    _compare(served, folder / ONNX_FILE, profile)
    labels = Labels(
        model=profile.model_name,
        version=version,
        profile=profile.name,
        recipe=profile.recipe,
        input_sizes=profile.input_sizes,
        embedding_size=profile.embedding_size,
    )
    (folder / LABELS_FILE).write_text(labels.to_json(), encoding="utf-8")
    write_checksums(folder)


def _compare(served: ServedNetwork, onnx_file: Path, profile: Profile) -> None:
    """Raise ExportDiffers unless both graphs agree at every size, two pictures at once."""
    session = onnxruntime.InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0)
    for size in profile.input_sizes:
        image = noise.integers(0, 256, (2, size.height, size.width, 3), dtype=np.uint8)
        expected = served.serve(tf.constant(image))[EMBEDDING].numpy()
        (embedding,) = session.run([EMBEDDING], {IMAGE: image})
        if expected.shape != (2, profile.embedding_size) or embedding.shape != expected.shape:
            raise ExportDiffers(f"{size}: shapes {expected.shape} and {embedding.shape}")
        difference = float(np.abs(embedding - expected).max())
        if not difference <= ONNX_TOLERANCE:
            raise ExportDiffers(f"{size}: ONNX differs by {difference:.1e}")


def _rename(building: Path, target: Path) -> None:
    try:
        os.rename(building, target)
    except OSError as error:
        if target.exists():  # another export was faster
            raise VersionExists(f"{target} exists; an export never overwrites") from error
        raise
