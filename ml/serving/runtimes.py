"""What runs an exported graph: ONNX Runtime, or OpenVINO where a model asks for bfloat16."""

from __future__ import annotations

import queue
import sys
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime

from ml.contract import BFLOAT16, IMAGE, ONNX_FILE


class Runtime(Protocol):
    """A loaded graph. Output shapes by name; None where a side may vary."""

    shapes: dict[str, tuple[int | None, ...]]

    def run(self, names: list[str], image: np.ndarray) -> list[np.ndarray]:
        """The named outputs of uint8 [N, H, W, 3]; several threads may ask at once."""


def open_graph(folder: Path, precision: str, *, threads: int, at_once: int) -> Runtime:
    """Load the graph of an export; raises what the runtimes raise."""
    if precision == BFLOAT16 and has_bfloat16():
        return OpenVino(folder / ONNX_FILE, threads, at_once)
    return OnnxRuntime(folder / ONNX_FILE, threads)


class OnnxRuntime:
    """float32, and int8 where the file holds such weights."""

    def __init__(self, file: Path, threads: int) -> None:
        self._session = onnxruntime.InferenceSession(
            file, _options(threads), providers=["CPUExecutionProvider"]
        )
        self.shapes = {
            output.name: tuple(side if isinstance(side, int) else None for side in output.shape)
            for output in self._session.get_outputs()
        }

    def run(self, names: list[str], image: np.ndarray) -> list[np.ndarray]:
        return self._session.run(names, {IMAGE: image})


class OpenVino:
    """bfloat16: half the bits of a float32, which processors that know it multiply in half the
    time or less."""

    def __init__(self, file: Path, threads: int, at_once: int) -> None:
        openvino = _openvino()
        core = openvino.Core()
        self._compiled = core.compile_model(
            core.read_model(file),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "bf16",
                "INFERENCE_NUM_THREADS": threads,
                "PERFORMANCE_HINT": "LATENCY",
            },
        )
        self.shapes = {
            output.any_name: tuple(
                side.get_length() if side.is_static else None for side in output.partial_shape
            )
            for output in self._compiled.outputs
        }
        # One cannot be used by two threads.
        self._requests = queue.SimpleQueue()
        for _ in range(at_once):
            self._requests.put(self._compiled.create_infer_request())

    def run(self, names: list[str], image: np.ndarray) -> list[np.ndarray]:
        request = self._requests.get()
        try:
            request.infer({IMAGE: image})
            # The request's own memory is written again by the next.
            return [request.get_tensor(name).data.copy() for name in names]
        finally:
            self._requests.put(request)


def has_bfloat16() -> bool:
    """Say whether this processor multiplies bfloat16 itself."""
    return "BF16" in _openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _openvino():
    # It would look up a host that counts its users.
    sys.modules.setdefault("openvino_telemetry", None)
    # Here and not above: most servers need only ONNX Runtime.
    import openvino

    return openvino


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin between two pictures take the cores from the web
    # processes beside them: on a busy machine a picture takes 38 ms instead of 78.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
