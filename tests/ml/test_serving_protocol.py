"""The messages without TensorFlow, and arrays on the wire."""

import subprocess
import sys

import numpy as np
import pytest

from ml.serving_protocol import BadTensor, array_to_tensor, tensor_pb2, tensor_to_array, types_pb2
from tests.environment import ROOT

LIMIT = 1 << 20


@pytest.mark.parametrize("numpy_type", ["f4", "f8", "u1", "i4", "i8"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (4, 0)])
def test_arrays_survive_the_wire(numpy_type, shape):
    array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) - 0).astype(numpy_type)

    received = tensor_pb2.TensorProto.FromString(array_to_tensor(array).SerializeToString())

    read = tensor_to_array(received, largest_bytes=LIMIT)
    assert read.dtype == array.dtype
    assert read.shape == array.shape
    assert (read == array).all()


def test_rows_that_are_not_contiguous_keep_their_order():
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T[::2]

    assert (tensor_to_array(array_to_tensor(array), largest_bytes=LIMIT) == array).all()


def message(dtype, shape, **values):
    tensor = tensor_pb2.TensorProto(dtype=dtype, **values)
    for side in shape:
        tensor.tensor_shape.dim.add(size=side)
    return tensor


def test_single_values_are_read_and_the_last_repeats():
    tensor = message(types_pb2.DT_FLOAT, [2, 2], float_val=[1.5, 2.5])

    assert tensor_to_array(tensor, largest_bytes=LIMIT).tolist() == [[1.5, 2.5], [2.5, 2.5]]


def test_no_values_are_zeros():
    tensor = message(types_pb2.DT_INT64, [2])

    assert tensor_to_array(tensor, largest_bytes=LIMIT).tolist() == [0, 0]


@pytest.mark.parametrize(
    "tensor",
    [
        message(types_pb2.DT_FLOAT, [1 << 30], float_val=[1.0]),
        message(types_pb2.DT_FLOAT, [1 << 40, 1 << 40]),
        message(types_pb2.DT_FLOAT, [-1], float_val=[1.0]),
        message(types_pb2.DT_FLOAT, [3], tensor_content=b"\0" * 8),
        message(types_pb2.DT_FLOAT, [1], float_val=[1.0, 2.0]),
        message(types_pb2.DT_UINT8, [1], int_val=[300]),
        message(types_pb2.DT_STRING, [1], string_val=[b"x"]),
        message(types_pb2.DT_INVALID, []),
    ],
)
def test_what_is_no_array_is_refused(tensor):
    with pytest.raises(BadTensor):
        tensor_to_array(tensor, largest_bytes=LIMIT)


def test_an_array_without_a_wire_type_is_refused():
    with pytest.raises(BadTensor):
        array_to_tensor(np.array(["x"]))


# The highest memory since the process began; getrusage would count what the
# parent held before exec.
PEAK = "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024"


def run(code):
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return process.stdout.split()


@pytest.mark.slow
def test_client_and_server_never_import_tensorflow():
    loaded, megabytes = run(
        "import sys, ml.client, ml.serving.service, ml.evaluate, ml.export\n"
        "names = ('tensorflow', 'tensorflow.python', 'keras', 'tf2onnx', 'torch')\n"
        f"print(sum(name in sys.modules for name in names), {PEAK})"
    )

    assert loaded == "0"
    assert int(megabytes) < 130


@pytest.mark.slow
def test_the_client_alone_is_small():
    (megabytes,) = run(f"import ml.client; print({PEAK})")

    assert int(megabytes) < 80


@pytest.mark.slow
@pytest.mark.parametrize(
    "imports",
    [
        "import ml.serving_protocol as ours; import tensorflow as tf",
        "import tensorflow as tf; import ml.serving_protocol as ours",
    ],
)
def test_tensorflow_may_be_imported_before_or_after(imports):
    same, value = run(
        f"{imports}\n"
        "tensor = tf.make_tensor_proto([3.0])\n"
        "print(type(tensor) is ours.tensor_pb2.TensorProto,"
        " ours.tensor_to_array(tensor, largest_bytes=9)[0])"
    )

    assert (same, value) == ("True", "3.0")
