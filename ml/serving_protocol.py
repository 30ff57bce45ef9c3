"""TensorFlow Serving's protobuf classes, loaded without TensorFlow.

`from tensorflow_serving.apis import predict_pb2` imports all of TensorFlow:
7.6 s and 666 MB in every process. The messages need only the generated files
tensorflow/core/**/*_pb2.py, so while they load, the name `tensorflow` stands
for an empty package whose path is the installed folder: 0.15 s, 42 MB.
Afterwards the name is free again, so that a process may still import the real
TensorFlow before or after this module.
"""

import importlib.util
import math
import sys
from types import ModuleType

import numpy as np


class ServingProtocolMissing(ImportError):
    """tensorflow-serving-api or the files of tensorflow it needs are not installed."""


def _empty_tensorflow() -> ModuleType:
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise ServingProtocolMissing("tensorflow is not installed; see requirements.txt")
    package = ModuleType("tensorflow")
    package.__path__ = list(spec.submodule_search_locations)
    return package


_stands_in = "tensorflow" not in sys.modules
if _stands_in:
    sys.modules["tensorflow"] = _empty_tensorflow()
try:
    from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
    from tensorflow.core.protobuf import error_codes_pb2, meta_graph_pb2
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_management_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )
    from tensorflow_serving.config import model_server_config_pb2
finally:
    if _stands_in:
        del sys.modules["tensorflow"]

__all__ = [
    "BadTensor",
    "ServingProtocolMissing",
    "array_to_tensor",
    "error_codes_pb2",
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "meta_graph_pb2",
    "model_management_pb2",
    "model_server_config_pb2",
    "model_service_pb2_grpc",
    "predict_pb2",
    "prediction_service_pb2_grpc",
    "tensor_pb2",
    "tensor_shape_pb2",
    "tensor_to_array",
    "types_pb2",
]

# (TensorFlow's name of the type, numpy's, the field that holds single values)
_TYPES = (
    (types_pb2.DT_FLOAT, np.dtype("<f4"), "float_val"),
    (types_pb2.DT_DOUBLE, np.dtype("<f8"), "double_val"),
    (types_pb2.DT_UINT8, np.dtype("u1"), "int_val"),
    (types_pb2.DT_INT32, np.dtype("<i4"), "int_val"),
    (types_pb2.DT_INT64, np.dtype("<i8"), "int64_val"),
)
_TYPE_OF_ARRAY = {numpy_type: wire_type for wire_type, numpy_type, _ in _TYPES}
_ARRAY_OF_TYPE = {wire_type: (numpy_type, field) for wire_type, numpy_type, field in _TYPES}


class BadTensor(ValueError):
    """A tensor message that cannot be read as an array, or the reverse."""


def array_to_tensor(array: np.ndarray) -> "tensor_pb2.TensorProto":
    """The message of an array: float32, float64, uint8, int32 or int64, any shape."""
    wire_type = _TYPE_OF_ARRAY.get(array.dtype.newbyteorder("<"))
    if wire_type is None:
        raise BadTensor(f"no tensor type for {array.dtype}")
    tensor = tensor_pb2.TensorProto(dtype=wire_type, tensor_content=array.tobytes())
    for side in array.shape:
        tensor.tensor_shape.dim.add(size=side)
    return tensor


def tensor_to_array(tensor: "tensor_pb2.TensorProto", *, largest_bytes: int) -> np.ndarray:
    """The array of a message, sent as raw content or as single values.

    Fewer single values than elements repeat the last one, as TensorFlow
    defines it; so a message of ten bytes may ask for any amount of memory, and
    largest_bytes bounds it. Raises BadTensor.
    """
    if tensor.dtype not in _ARRAY_OF_TYPE:
        raise BadTensor(f"unsupported tensor type {tensor.dtype}")
    numpy_type, field = _ARRAY_OF_TYPE[tensor.dtype]
    shape = tuple(dimension.size for dimension in tensor.tensor_shape.dim)
    if tensor.tensor_shape.unknown_rank or any(side < 0 for side in shape):
        raise BadTensor("the shape is not fully known")
    expected = math.prod(shape) * numpy_type.itemsize
    if expected > largest_bytes:
        raise BadTensor(f"shape {list(shape)} is over {largest_bytes} bytes")
    content = tensor.tensor_content  # each look at it copies all of it
    if content:
        if len(content) != expected:
            raise BadTensor(f"shape {list(shape)} does not fit its content")
        return np.frombuffer(content, dtype=numpy_type).reshape(shape)
    return _repeat_last(getattr(tensor, field), numpy_type, shape)


def _repeat_last(values, numpy_type: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    array = np.zeros(math.prod(shape), dtype=numpy_type)
    if len(values) > array.size:
        raise BadTensor(f"shape {list(shape)} has fewer elements than values")
    if values:
        given = np.array(values)
        array[: len(given)] = given
        if array.dtype.kind in "iu" and (array[: len(given)] != given).any():
            raise BadTensor(f"a value does not fit {numpy_type}")
        array[len(given) :] = array[len(given) - 1]
    return array.reshape(shape)
