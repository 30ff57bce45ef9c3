"""Local features as a model of their own: backbone, attention, pyramid and PCA in one graph.

Imports TensorFlow; `ml.export` is the face that does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx
from PIL import Image, ImageOps

from ml.checkpoints import load_checkpoint
from ml.contract import (
    IMAGE,
    LABELS_FILE,
    LOCAL_OUTPUTS,
    LOCAL_PROFILE,
    LOCAL_SIGNATURE,
    ONNX_FILE,
    PHOTO_SIZES,
    ImageSize,
    Labels,
)
from ml.export_folder import ExportDiffers, write_checksums
from ml.inference.preparing import fit_to_model_size
from ml.models import efficientnet_lite
from ml.models.delf import DESCRIPTOR_SIZE, Pyramid, feature_strength, fitted_reduction
from ml.models.network import LOCAL_LAYER
from ml.pictures import DRAWN_PICTURES, pictures_below
from ml.training import load_trained

BACKBONE = "lite2"
ONNX_OPSET = 17
# Without DELF's two largest: of a picture of 448 pixels they show nothing that is in it.
SCALES = (0.5, 0.7071, 1.0, 1.4142)
MOST_FEATURES = 700
DESCRIPTORS_A_PICTURE = 200
PICTURES_FOR_REDUCTION = 120
ONNX_TOLERANCE = 1e-3
# Measured by `ml.verify`; docs/models.md has the figures.
CALIBRATION = {"least_inliers": 49}
# Of equally strong places some are the last that come along in one graph, others in the other.
LEAST_SAME = 0.98


class LocalExportable(NamedTuple):
    """A pyramid and all that labels.json says about it."""

    model_name: str
    profile: str
    recipe: int
    pyramid: Pyramid
    calibration: dict[str, float] | None

    def write_files(self, version: int, folder: Path) -> None:
        """Write SavedModel, ONNX, labels and checksums. Raises ExportDiffers."""
        serve = self.pyramid.local_features
        tf.saved_model.save(self.pyramid, str(folder), signatures={LOCAL_SIGNATURE: serve})
        tf2onnx.convert.from_function(
            serve,
            input_signature=serve.input_signature,
            opset=ONNX_OPSET,
            output_path=str(folder / ONNX_FILE),
        )
        labels = Labels(
            model=self.model_name,
            version=version,
            profile=self.profile,
            recipe=self.recipe,
            input_sizes=PHOTO_SIZES,
            embedding_size=DESCRIPTOR_SIZE,
            calibration=self.calibration,
            signature=LOCAL_SIGNATURE,
        )
        _compare(self.pyramid, folder / ONNX_FILE, PHOTO_SIZES[:2])
        (folder / LABELS_FILE).write_text(labels.to_json(), encoding="utf-8")
        write_checksums(folder)


def local_profile_to_export(pictures: Path | None = None) -> LocalExportable:
    """The local features that need no training: ImageNet's map at stride 16, and where it is
    strongest. pictures: what the PCA is fitted on, instead of the drawn landmarks."""
    backbone = efficientnet_lite.feature_model(BACKBONE)
    efficientnet_lite.load_weights(backbone, load_checkpoint(BACKBONE))
    features = feature_strength(backbone, LOCAL_LAYER[BACKBONE])
    return LocalExportable(
        LOCAL_PROFILE.model_name,
        LOCAL_PROFILE.name,
        LOCAL_PROFILE.recipe,
        pyramid_of(features, pictures or DRAWN_PICTURES),
        CALIBRATION,
    )


def local_run_to_export(folder: Path, pictures: Path | None = None) -> LocalExportable:
    """The trained attention of a run with the task "local" or "both", on its backbone.

    Raises NothingTrained. Its calibration is for `ml.verify` to measure.
    """
    trained = load_trained(folder)
    name = f"{trained.config.name.replace('_', '-')}-local"
    features = attended_features(trained.network, trained.config.backbone)
    pyramid = pyramid_of(features, pictures or DRAWN_PICTURES)
    return LocalExportable(name, trained.config.name, 1, pyramid, None)


def attended_features(network: keras.Model, backbone: str) -> keras.Model:
    """Of a trained network: float32 [N, H, W, 3] of 0–255 → (map, attention), as Pyramid asks."""
    branch = network.get_layer("local")
    both = next(
        layer
        for layer in network.layers
        if isinstance(layer, keras.Model) and len(layer.outputs) == 2
    )
    pixels = keras.Input((None, None, 3), dtype="float32", name="pixels")
    _, at_stride_16 = both(pixels)
    _, attention = branch(at_stride_16)
    return keras.Model(pixels, [at_stride_16, attention], name=backbone)


def pyramid_of(features: keras.Model, pictures: Path) -> Pyramid:
    """The graph to export, its PCA fitted on the strongest features of some of the pictures."""
    files = pictures_below(pictures)
    chosen = files[:: max(1, len(files) // PICTURES_FOR_REDUCTION)]
    reduction = fitted_reduction(_strongest_descriptors(features, chosen, PHOTO_SIZES))
    return Pyramid(features, reduction, scales=SCALES, most=MOST_FEATURES)


def _strongest_descriptors(
    features: keras.Model, files: Sequence[Path], sizes: Sequence[ImageSize]
) -> np.ndarray:
    """Unit features float32 [n, C] of pictures at scale 1."""
    run = tf.function(lambda pixels: features(pixels, training=False), reduce_retracing=True)
    found = []
    for file in files:
        with Image.open(file) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
        pixels = fit_to_model_size(image, sizes).astype(np.float32)
        maps, attention = (output.numpy()[0] for output in run(tf.constant(pixels)))
        flat = maps.reshape(-1, maps.shape[-1])
        best = np.argsort(-attention.reshape(-1))[:DESCRIPTORS_A_PICTURE]
        lengths = np.linalg.norm(flat[best], axis=1, keepdims=True)
        found.append(flat[best] / np.maximum(lengths, 1e-6))
    return np.concatenate(found)


def _places(features: Mapping[str, np.ndarray]) -> set[tuple[float, ...]]:
    """Where features lie, and at which scale: of equally strong ones the order is chance."""
    rows = np.column_stack([features["locations"], features["scales"]]).round(3)
    return set(map(tuple, rows.tolist()))


def _compare(pyramid: Pyramid, onnx_file: Path, sizes: Sequence[ImageSize]) -> None:
    """Raise ExportDiffers unless both graphs find the same places with the same attention."""
    session = onnxruntime.InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0)
    for size in sizes:
        image = noise.integers(0, 256, (1, size.height, size.width, 3), dtype=np.uint8)
        expected = {
            name: value.numpy()
            for name, value in pyramid.local_features(tf.constant(image)).items()
        }
        found = dict(
            zip(LOCAL_OUTPUTS, session.run(list(LOCAL_OUTPUTS), {IMAGE: image}), strict=True)
        )
        shapes = {name: (expected[name].shape, found[name].shape) for name in LOCAL_OUTPUTS}
        if any(one != other for one, other in shapes.values()):
            raise ExportDiffers(f"{size}: shapes differ: {shapes}")
        strongest = np.abs(expected["attention"]).max()
        difference = np.abs(found["attention"] - expected["attention"]).max() / strongest
        same = len(_places(found) & _places(expected)) / len(_places(expected))
        if difference > ONNX_TOLERANCE or same < LEAST_SAME:
            raise ExportDiffers(
                f"{size}: ONNX's attention differs by {difference:.1e}, {same:.1%} of the places "
                "are the same"
            )
