"""Suggest the box of the landmark in pictures, from where the exported model looks.

    python -m ml.suggest_boxes --models .gilnun/models < files.txt
    python -m ml.suggest_boxes --export MODELS/NAME/VERSION < files.txt

Reads one file name a line, answers one JSON object a line, in the same order and at once:
`{"file": …, "box": [x, y, width, height]}` in pixels of the upright picture, box null where the
file cannot be read. --models takes the version that models.config calls stable.
"""

import argparse
import json
import sys
from pathlib import Path

import onnx
import onnxruntime
from PIL import Image, ImageOps

from ml.contract import IMAGE, ONNX_FILE, InvalidLabels, read_labels
from ml.inference.activation import activation_map, box_of, in_pixels
from ml.inference.preparing import fit_to_model_size
from ml.model_config import BadModelConfig, stable_folder

POOLING = ("GlobalAveragePool", "ReduceMean")


class NoFeatureMap(ValueError):
    """The graph pools no map whose places could be looked at."""


class Looker:
    """An exported network with its last feature maps laid open."""

    def __init__(self, folder: Path) -> None:
        """Raises NoFeatureMap or InvalidLabels."""
        self._sizes = read_labels(folder).input_sizes
        graph = onnx.load(folder / ONNX_FILE)
        self._maps = _pooled_maps(graph)
        for name in self._maps:
            graph.graph.output.append(onnx.ValueInfoProto(name=name))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def box(self, image: Image.Image) -> list[int]:
        """The box of what the network sees in an upright picture, [x, y, width, height]."""
        pixels = fit_to_model_size(image, self._sizes)
        features = [found[0] for found in self._session.run(self._maps, {IMAGE: pixels})]
        return in_pixels(box_of(activation_map(features)), *image.size)


def _pooled_maps(graph: onnx.ModelProto) -> list[str]:
    """Names of the maps [N, channels, h, w] that are pooled into the embedding."""
    inferred = onnx.shape_inference.infer_shapes(graph).graph
    sides = {
        value.name: len(value.type.tensor_type.shape.dim)
        for value in [*inferred.value_info, *inferred.input]
    }
    names = [
        node.input[0]
        for node in graph.graph.node
        if node.op_type in POOLING and sides.get(node.input[0], 4) == 4
    ]
    if not names:
        raise NoFeatureMap("this model has no feature map to look at")
    return list(dict.fromkeys(names))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ml.suggest_boxes", description=__doc__.split(",")[0]
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--models", type=Path, metavar="DIR")
    where.add_argument("--export", type=Path, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        looker = Looker(options.export or stable_folder(options.models))
    except (NoFeatureMap, InvalidLabels, BadModelConfig, OSError) as error:
        print(f"ml.suggest_boxes: {error}", file=sys.stderr)
        return 2
    for line in sys.stdin:
        file = line.rstrip("\n")
        print(json.dumps({"file": file, "box": _box(looker, file)}), flush=True)
    return 0


def _box(looker: Looker, file: str) -> list[int] | None:
    try:
        with Image.open(file) as image:
            return looker.box(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, ValueError):
        return None


if __name__ == "__main__":
    sys.exit(main())
