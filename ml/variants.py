"""An exported model with smaller numbers, as a model of its own beside it.

int8: weights and what flows between the convolutions as one byte each, by ONNX Runtime's static
quantization, calibrated on pictures. bf16: the same graph, which the embedded server multiplies in
bfloat16 where the processor can. What a variant sees differs a little from what its original sees,
so it has a name, references and a calibration of its own, and is measured and promoted like any
other model. Only the embedded server serves it: there is no SavedModel.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from ml.contract import (
    BFLOAT16,
    IMAGE,
    INT8,
    LABELS_FILE,
    ONNX_FILE,
    SIGNATURE_NAME,
    Labels,
)
from ml.export_folder import checked_labels, write_checksums
from ml.pictures import pictures_below, read_pixels

VARIANTS = {"int8": INT8, "bf16": BFLOAT16}
# The range of a number is that of all pictures: more of them change little.
CALIBRATED_ON = 100
# What comes before the first convolution and after the pooling stays as it is: there a byte is
# too coarse, and nothing is saved. Clip and Relu cut what a convolution gives: without them its
# range is a multiple, and cosines fall to 0.90 instead of 0.99.
IN_BYTES = ("Conv", "Clip", "Relu")


class NoVariant(ValueError):
    """This export cannot be made smaller; the message says why."""


class Variant:
    """What `ml.export_folder.write_export` writes: a smaller copy of an exported version."""

    def __init__(self, of: Path, variant: str, pictures: Path) -> None:
        """pictures: a folder to calibrate on. Raises IncompleteExport, NoVariant, NoPictures."""
        self._of = Path(of)
        self._labels = checked_labels(self._of)
        self._precision = VARIANTS[variant]
        if self._labels.signature != SIGNATURE_NAME:
            raise NoVariant(f"{of} describes details of pictures; only embeddings have variants")
        if self._labels.precision in VARIANTS.values():
            raise NoVariant(f"{of} is a variant itself")
        self.model_name = f"{self._labels.model}-{variant}"
        self._pictures = some_of(pictures_below(pictures)) if variant == "int8" else []

    def write_files(self, version: int, folder: Path) -> None:
        """Write ONNX, labels and checksums."""
        if self._precision == INT8:
            _quantize(self._of / ONNX_FILE, folder / ONNX_FILE, self._labels, self._pictures)
        else:
            shutil.copy(self._of / ONNX_FILE, folder / ONNX_FILE)
        labels = dataclasses.replace(
            self._labels, model=self.model_name, version=version, precision=self._precision
        )
        (folder / LABELS_FILE).write_text(labels.to_json(), encoding="utf-8")
        write_checksums(folder)


def some_of(files: Sequence[Path]) -> list[Path]:
    """At most a hundred, from everywhere in the list."""
    return list(files[:: max(1, len(files) // CALIBRATED_ON)][:CALIBRATED_ON])


def _quantize(file: Path, target: Path, labels: Labels, pictures: Sequence[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder, ONNX_FILE)
        # Joins each convolution with the scaling behind it.
        quant_pre_process(file, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            target,
            _Pixels(pictures, labels),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            op_types_to_quantize=list(IN_BYTES),
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )


class _Pixels(CalibrationDataReader):
    """Pictures as the model takes them, one after another."""

    def __init__(self, files: Sequence[Path], labels: Labels) -> None:
        self._rest = ({IMAGE: read_pixels(file, labels)} for file in files)

    def get_next(self) -> dict | None:
        return next(self._rest, None)
